"""Stages for rescues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import rescue_stage


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., rescue_stage.Stage]:
    """Copy a case, such as "2026.7.1/dead-compact-400-chat", where it may be rescued."""
    return lambda name, **more: rescue_stage.stage(tmp_path, name, **more)
