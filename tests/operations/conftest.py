"""A state directory, its world, and what stands there."""

from __future__ import annotations

from pathlib import Path

import mutation_stage
import pytest

from clawmedic.settings import Settings


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A directory with `state` (a small real store) in it; clawmedic's own files go to `own`."""
    mutation_stage.build(tmp_path / "state")
    return tmp_path


@pytest.fixture
def settings(base: Path) -> Settings:
    return mutation_stage.settings_for(base)
