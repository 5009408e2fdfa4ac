"""Putting files aside instead of deleting them: moved within a file system, else copied, verified, removed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

import orjson
from msgspec import Struct

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.digest import digest_file
from clawmedic.disk.files import describe, free_bytes, lstat, open_regular, pread_all
from clawmedic.errors import RefusedError

MANIFEST = "manifest.jsonl"
_BLOCK = 1024 * 1024
_SPARE_BYTES = 64 * 1024 * 1024


class Aside(Struct, frozen=True):
    """A file that was put aside: where it was, where it is, what it is."""

    source: Path
    target: Path
    size_bytes: int
    sha256: str


def open_quarantine(folder: Path) -> Path:
    """A new folder of mode 0700 for one run.

    Raises:
        RefusedError: it cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise RefusedError(f"cannot make {folder}: {describe(error)}") from error
    return folder


def put_aside(source: Path, folder: Path, *, expected: tuple[int, int, int]) -> Aside:
    """Move one regular file into a quarantine folder; the manifest there is written first.

    Args:
        source: the file.
        folder: what `open_quarantine` made.
        expected: size, time of change (ns) and inode when the decision was made: another file is refused.

    Raises:
        RefusedError: it is another file by now, a link, or there is no room. The source is then untouched.
    """
    seen = lstat(source)
    if seen is None or (seen.st_size, seen.st_mtime_ns, seen.st_ino) != expected:
        raise RefusedError(f"{source} has changed since it was looked at", hint="look again")
    target = folder / f"{secrets.token_hex(4)}-{source.name}"
    try:
        digest = digest_file(source)
        aside = Aside(source, target, digest.size_bytes, digest.sha256)
        _note(folder, aside)
        _move(source, target, aside)
    except OSError as error:
        raise RefusedError(f"cannot put {source} aside: {describe(error)}") from error
    return aside


def _note(folder: Path, aside: Aside) -> None:
    row = {
        "source": os.fsencode(aside.source).decode("utf-8", "replace"),
        "target": aside.target.name,
        "size_bytes": aside.size_bytes,
        "sha256": aside.sha256,
    }
    descriptor = os.open(
        folder / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    with os.fdopen(descriptor, "ab") as file:
        file.write(orjson.dumps(row) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _move(source: Path, target: Path, aside: Aside) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        _copy(source, target, aside)
    fsync_directory(target.parent)
    source.unlink()
    fsync_directory(source.parent)


def _copy(source: Path, target: Path, aside: Aside) -> None:
    room = free_bytes(target.parent)
    if room is not None and room < aside.size_bytes + _SPARE_BYTES:
        raise RefusedError(f"no room in {target.parent} for {source} ({aside.size_bytes} bytes)")
    try:
        descriptor = os.open(
            target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "wb") as writing, open_regular(source) as reading:
            offset = 0
            while block := pread_all(reading, offset, _BLOCK):
                writing.write(block)
                offset += len(block)
            writing.flush()
            os.fsync(writing.fileno())
        _require_same(target, aside)
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def _require_same(target: Path, aside: Aside) -> None:
    if digest_file(target).sha256 != aside.sha256:
        raise RefusedError(f"the copy of {aside.source} differs from it", hint="nothing was removed")
