"""Whether there is room to work: a full or read-only disk is answered before anything is touched."""

from __future__ import annotations

import os
from pathlib import Path

from clawmedic.disk.files import describe
from clawmedic.errors import RefusedError

MARGIN_BYTES = 4 * 1024 * 1024


def require_room(directory: Path, needed_bytes: int) -> None:
    """Refuse a directory that cannot take `needed_bytes` and a margin.

    A directory that is yet to be made is judged by the nearest one above it.

    Raises:
        RefusedError: the file system is read-only or too full, or we may not write there.
    """
    nearest = next((one for one in (directory, *directory.parents) if one.is_dir()), Path("/"))
    try:
        found = os.statvfs(nearest)
    except OSError as error:
        raise RefusedError(f"{nearest} {describe(error)}", hint="nothing was changed") from error
    if found.f_flag & os.ST_RDONLY:
        raise RefusedError(f"the file system of {nearest} is read-only", hint="nothing was changed")
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise RefusedError(
            f"no permission to write in {nearest}", hint="run as the user that OpenClaw runs as"
        )
    free, wanted = found.f_bavail * found.f_frsize, needed_bytes + MARGIN_BYTES
    if free < wanted:
        raise RefusedError(
            f"too little room in {nearest}: {free} bytes are free, {wanted} are needed",
            hint="make room first: `clawmedic backups prune --dry-run` says what could go",
        )
    if found.f_files and not found.f_favail:
        raise RefusedError(f"the file system of {nearest} has no inodes left", hint="nothing was changed")
