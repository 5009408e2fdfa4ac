"""Fixtures of the triage tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawmedic.settings import World
from triage_cases import Examiner


@pytest.fixture
def world(tmp_path: Path) -> World:
    home = tmp_path / "home"
    home.mkdir()
    return World(env={}, home=home, cwd=tmp_path, tmp=tmp_path / "tmp", uid=0)


@pytest.fixture
def examiner(world: World) -> Examiner:
    return Examiner(world)
