from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from guard_stage import Guarded, guarded


@pytest.fixture
def guard(tmp_path: Path) -> Callable[..., Guarded]:
    """Make a guarded copy of a corpus case."""
    return lambda *args, **more: guarded(tmp_path, *args, **more)
