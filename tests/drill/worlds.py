from __future__ import annotations

import time
from pathlib import Path

from clawmedic.settings import World

NOW = time.time_ns() // 1_000_000


def world_in(directory: Path) -> World:
    """A world without the user's environment; only the process table is real."""
    return World(env={}, home=directory / "home", cwd=directory, tmp=directory, uid=0)
