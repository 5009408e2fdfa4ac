"""Files of ours among those of a scheduler: written whole, taken away, and never over somebody else's."""

from __future__ import annotations

import hashlib
from pathlib import Path

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import describe, read_bounded
from clawmedic.disk.replace import remove_file
from clawmedic.errors import RefusedError
from clawmedic.schedule.job import MARK, Placed

READABLE = 0o644
_LARGEST = 1024 * 1024


def place(path: Path, text: str) -> Placed:
    """Make a file say this.

    Raises:
        RefusedError: another file stands there, or the disk refuses.
    """
    data = text.encode("utf-8", "surrogateescape")
    found = ours(path)
    if found == data:
        return Placed(path, text, "unchanged")
    write_atomically(path, data, mode=READABLE)
    return Placed(path, text, "written")


def take_away(path: Path) -> Placed:
    """Remove a file of ours.

    Raises:
        RefusedError: another file stands there, or the disk refuses.
    """
    found = ours(path)
    if found is None:
        return Placed(path, "", "absent")
    remove_file(path, expected=hashlib.sha256(found).hexdigest(), before_removal=lambda: None)
    return Placed(path, found.decode("utf-8", "replace"), "removed")


def ours(path: Path) -> bytes | None:
    """What stands there; None for nothing.

    Raises:
        RefusedError: it was not made by us, or it cannot be read.
    """
    try:
        if path.is_symlink() or not path.exists():
            if path.is_symlink():
                raise RefusedError(
                    f"{path} is a symbolic link; it was not touched", hint="take it away yourself"
                )
            return None
        data = read_bounded(path, _LARGEST).data
    except OSError as error:
        raise RefusedError(f"{path} {describe(error)}", hint="nothing was changed") from error
    if MARK.encode() not in data:
        raise RefusedError(f"{path} was not made by clawmedic; it was not touched", hint="move it away first")
    return data
