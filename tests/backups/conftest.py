"""A stage for the archive's tests."""

from pathlib import Path

import pytest

from backup_stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An empty state directory of the file generation."""
    return Stage(tmp_path).begin()
