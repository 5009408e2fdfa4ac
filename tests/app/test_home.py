"""The home of whoever runs the tests is out of reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawmedic.errors import NotFoundError
from clawmedic.settings import World, resolve_state_dir


def test_resolving_the_default_state_directory_raises():
    with pytest.raises(NotFoundError):
        resolve_state_dir(World.from_process(), None)


def test_nothing_can_be_made_there():
    with pytest.raises(OSError, match="Not a directory"):
        Path.home().mkdir(parents=True)
    with pytest.raises(OSError, match="Not a directory"):
        World.from_process().data_home.mkdir(parents=True)


def test_the_command_line_without_a_state_directory_says_what_to_do(run):
    ran = run("scan").expect(5)
    assert "no OpenClaw state directory" in ran.stderr
    assert "--state-dir" in ran.stderr
