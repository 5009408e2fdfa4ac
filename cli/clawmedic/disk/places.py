"""Where clawmedic keeps what it must remember: one folder for each state directory."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from clawmedic.settings import World


def state_folder(world: World, state_dir: Path) -> Path:
    """The folder of one state directory below `World.data_home`; it need not exist.

    The name holds the directory's own name for people and a digest of its resolved path, so that two
    directories never share a folder.
    """
    try:
        resolved = state_dir.resolve()
    except (OSError, RuntimeError):  # a loop of links: the path as given is as good a name
        resolved = state_dir.absolute()
    digest = hashlib.sha256(str(resolved).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    name = re.sub(r"[^A-Za-z0-9_-]+", "", resolved.name.lstrip("."))[:32] or "state"
    return world.data_home / f"{name}-{digest}"
