"""A state directory, its world, and what stands there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
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


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A temporary directory in memory where there is one: hundreds of runs need not wait for a disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="clawmedic-tests-", dir=memory))
    yield made
    shutil.rmtree(made)
