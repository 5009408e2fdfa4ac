"""A verified copy under a name of its own beside a living file: whole or absent, never over anything."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.digest import Digest
from clawmedic.disk.files import describe
from clawmedic.disk.private import copy_verified
from clawmedic.disk.replace import rename_new
from clawmedic.errors import RefusedError


def publish_copy(source: Path, target: Path, *, temporary: Path, owner: tuple[int, int]) -> Digest:
    """Copy `source` to `target`, mode 0600, for `owner` (uid, gid); fsynced and read back before it has its name.

    Raises:
        RefusedError: the target exists, the disk refuses, or the source is being written.
    """
    try:
        temporary.unlink(missing_ok=True)
        digest = copy_verified(source, temporary)
        mine = temporary.stat()
        if (mine.st_uid, mine.st_gid) != owner:
            os.chown(temporary, *owner)
        rename_new(temporary, target)
        temporary.unlink(missing_ok=True)
        fsync_directory(target.parent)
    except OSError as error:
        raise RefusedError(f"cannot write {target}: {describe(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return digest
