"""Safe reading: regular files only, never blocking, bounded, and a vanished file is an answer, not a crash."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

_TYPES = (
    (stat.S_ISDIR, "is a directory"),
    (stat.S_ISFIFO, "is a FIFO"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)
_WORDS = {
    errno.ENOENT: "missing",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "is a loop of symbolic links",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.EISDIR: "is a directory",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ENXIO: "is a FIFO or socket without a partner",
}

_LEAST_BYTES = 64 * 1024


class NotRegularError(OSError):
    """The path leads to something that is no regular file; `strerror` says to what."""


class Content(Struct, frozen=True):
    """The bytes of a file. `truncated`: it is larger than the bound, `data` is its beginning."""

    data: bytes
    size_bytes: int
    mtime_ms: int
    truncated: bool


class Listed(Struct, frozen=True):
    """One name in a directory, with what lstat said; size 0 and no time when it vanished meanwhile."""

    name: str
    path: str
    size_bytes: int
    mtime_ms: int | None
    is_regular: bool
    is_directory: bool


def describe(error: OSError) -> str:
    """Why a file could not be read, in words without its path."""
    if isinstance(error, NotRegularError):
        return str(error.strerror)
    return _WORDS.get(error.errno or 0) or error.strerror or "cannot be read"


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[int]:
    """A read-only descriptor of a regular file. Symbolic links are followed; a FIFO never blocks.

    Raises:
        OSError: missing, no permission, a loop of links, a name with a NUL byte.
        NotRegularError: a directory, FIFO, socket or device.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a NUL byte in the name
        raise OSError(errno.EINVAL, "is not a possible file name") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            words = next((text for test, text in _TYPES if test(mode)), "is not a regular file")
            raise NotRegularError(errno.EINVAL, words)
        yield descriptor
    finally:
        os.close(descriptor)


def read_bounded(path: str | os.PathLike[str], limit: int) -> Content:
    """At most `limit` bytes of a regular file.

    Raises:
        OSError: as `open_regular`, or an error of the disk.
    """
    with open_regular(path) as descriptor:
        found = os.fstat(descriptor)
        # Files of /proc say that they are empty; others may have grown since.
        data = pread_all(descriptor, 0, min(limit, max(found.st_size, _LEAST_BYTES)) + 1)
    return Content(
        data[:limit], max(found.st_size, len(data)), found.st_mtime_ns // 1_000_000, len(data) > limit
    )


def pread_all(descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes from `offset`, fewer only at the end of the file (which may have shrunk meanwhile)."""
    data = os.pread(descriptor, length, offset)
    if len(data) == length or not data:
        return data
    parts = [data]
    got = len(data)
    while got < length and (more := os.pread(descriptor, length - got, offset + got)):
        parts.append(more)
        got += len(more)
    return b"".join(parts)


def lstat(path: str | os.PathLike[str]) -> os.stat_result | None:
    """What stands at a path itself, None when nothing does or it may not be asked."""
    try:
        return os.lstat(path)
    except (OSError, ValueError):
        return None


def is_regular(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a regular file (links followed); never raises."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - one call, no Path object: used for each row
    except (OSError, ValueError):
        return False


def list_directory(path: str | os.PathLike[str]) -> list[Listed]:
    """Every name of a directory with lstat, sorted by name; one pass.

    Raises:
        OSError: missing, no permission, not a directory.
    """
    with os.scandir(path) as entries:
        found = [_listed(entry) for entry in entries]
    found.sort(key=lambda listed: listed.name)
    return found


def _listed(entry: os.DirEntry[str]) -> Listed:
    try:
        seen = entry.stat(follow_symlinks=False)
    except OSError:
        return Listed(entry.name, entry.path, 0, None, is_regular=False, is_directory=False)
    mode = seen.st_mode
    return Listed(
        entry.name,
        entry.path,
        seen.st_size,
        seen.st_mtime_ns // 1_000_000,
        is_regular=stat.S_ISREG(mode),
        is_directory=stat.S_ISDIR(mode),
    )


def subdirectories(path: str | os.PathLike[str]) -> list[Path]:
    """The directories in a directory (a link to one counts), sorted; none when it cannot be listed."""
    try:
        with os.scandir(path) as entries:
            return sorted(Path(entry.path) for entry in entries if _leads_to_directory(entry))
    except OSError:
        return []


def _leads_to_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def free_bytes(path: str | os.PathLike[str]) -> int | None:
    """Free space for us on the file system of a path, None when it cannot be asked."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
