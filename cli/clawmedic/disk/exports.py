"""Backups that cannot stand beside their source, kept in the operation's own folder."""

from __future__ import annotations

from pathlib import Path

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.digest import digest_file
from clawmedic.disk.private import private_directory
from clawmedic.errors import RefusedError

FOLDER = "exports"


def write_export(operation: Path, name: str, data: bytes) -> Path:
    """Write a new file of mode 0600 to an operation's folder; made to last, and read back.

    Raises:
        RefusedError: there is one of that name, the name is none, or the disk refuses.
    """
    if not name or "/" in name or name.startswith("."):
        raise RefusedError(f"not a name for an export: {name!r}")
    path = private_directory(operation / FOLDER) / name
    if path.exists():
        raise RefusedError(f"already there: {path}")
    write_atomically(path, data)
    if digest_file(path).size_bytes != len(data):
        raise RefusedError(f"the export {path} differs from what was written")
    return path
