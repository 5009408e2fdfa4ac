"""clawmedic's own files: private directories, new files that are whole or absent, bytes that are read back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.digest import Digest, digest_file
from clawmedic.disk.files import describe, open_regular, pread_all
from clawmedic.errors import RefusedError

_BLOCK = 1024 * 1024


def private_directory(path: Path) -> Path:
    """Make a directory and what is missing above it, mode 0700, each made to last.

    Raises:
        RefusedError: the disk refuses, or something else stands there.
    """
    missing = [path, *path.parents]
    missing = missing[: next((at for at, one in enumerate(missing) if one.is_dir()), len(missing))]
    for directory in reversed(missing):
        try:
            directory.mkdir(mode=0o700)
            fsync_directory(directory.parent)
        except FileExistsError:
            if not directory.is_dir():
                raise RefusedError(f"not a directory: {directory}") from None
        except OSError as error:
            raise RefusedError(f"cannot create {directory}: {describe(error)}") from error
    return path


def write_all(descriptor: int, data: bytes) -> None:
    """Every byte, however few one call takes.

    Raises:
        OSError: the disk refuses.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view[:_BLOCK]) :]


def blocks_of(path: Path) -> Iterator[bytes]:
    """A regular file in blocks.

    Raises:
        OSError: it cannot be read.
    """
    offset = 0
    with open_regular(path) as descriptor:
        while block := pread_all(descriptor, offset, _BLOCK):
            offset += len(block)
            yield block


def copy_verified(source: Path, target: Path) -> Digest:
    """Copy a file to a new one of mode 0600, fsync it, and read it back.

    Returns:
        The digest of both, which are equal.

    Raises:
        RefusedError: the target exists, the disk refuses, or what was read back differs; no target is left.
    """
    try:
        descriptor = os.open(
            target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise RefusedError(f"cannot write {target}: {describe(error)}") from error
    try:
        try:
            for block in blocks_of(source):
                write_all(descriptor, block)
            os.fchmod(descriptor, 0o600)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fsync_directory(target.parent)
        wanted, found = digest_file(source), digest_file(target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise RefusedError(f"cannot copy {source} to {target}: {describe(error)}") from error
    if wanted != found:
        target.unlink(missing_ok=True)
        raise RefusedError(
            f"the copy of {source} differs from it", hint="it is being written; try again in a moment"
        )
    return found
