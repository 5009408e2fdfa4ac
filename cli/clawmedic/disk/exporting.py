"""Writing a file of the operator's: never over another, never among OpenClaw's own, private, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.digest import Digest, digest_file
from clawmedic.disk.files import describe, free_bytes
from clawmedic.errors import NotFoundError, RefusedError, UsageError

_SPARE_BYTES = 16 * 1024 * 1024


def write_export(target: Path, chunks: Iterable[bytes], *, state_dir: Path) -> Digest:
    """Write a new file, mode 0600, and return what stands on the disk then.

    Args:
        target: the file to make; its directory must exist.
        chunks: its content, taken one after the other.
        state_dir: OpenClaw's state directory: nothing is written into it.

    Raises:
        RefusedError: the target exists, or lies in the state directory, or the disk refuses. Nothing is left behind.
        NotFoundError: the target's directory does not exist.
        UsageError: a name that cannot be one.
    """
    directory = _checked(target, state_dir)
    try:
        descriptor = os.open(
            target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except FileExistsError as error:
        raise RefusedError(
            f"already there: {target}", hint="nothing is ever overwritten; name another file"
        ) from error
    except OSError as error:
        raise RefusedError(f"cannot write {target}: {describe(error)}") from error
    try:
        _fill(descriptor, chunks, directory)
        fsync_directory(directory)
        return digest_file(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            target.unlink()
        if isinstance(error, OSError):
            raise RefusedError(f"cannot write {target}: {describe(error)}") from error
        raise


def _checked(target: Path, state_dir: Path) -> Path:
    """The directory of the target, which must be there and none of OpenClaw's."""
    if not target.name or "\0" in str(target):
        raise UsageError(f"not a file name: {str(target)!r}")
    try:
        directory = target.parent.resolve(strict=True)
        inside = directory.is_relative_to(state_dir.resolve())
    except (OSError, RuntimeError) as error:
        raise NotFoundError(
            f"no such directory: {target.parent}", hint="make it first, or name another one"
        ) from error
    if not directory.is_dir():
        raise NotFoundError(f"not a directory: {target.parent}")
    if inside:
        hint = "OpenClaw reads and prunes what is there; name a file elsewhere"
        raise RefusedError(f"inside OpenClaw's state directory: {target}", hint=hint)
    return directory


def _fill(descriptor: int, chunks: Iterable[bytes], directory: Path) -> None:
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        for chunk in chunks:
            file.write(chunk)
            if len(chunk) > _SPARE_BYTES:
                _require_room(directory)
        file.flush()
        os.fsync(file.fileno())


def _require_room(directory: Path) -> None:
    room = free_bytes(directory)
    if room is not None and room < _SPARE_BYTES:
        raise RefusedError(f"no room in {directory}")
