"""Replacing, creating and removing one file of a living store: whole or not at all, and only if it is what we think.

Owner, group and mode stay as they were. Symbolic links are refused. What is to be changed is hashed again
immediately before the change; a file that is not what was expected is left alone (design.md 6.3, 6.4).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.digest import digest_file
from clawmedic.disk.files import describe
from clawmedic.disk.private import write_all
from clawmedic.errors import RefusedError

CHANGED_HINT = "something else writes here; run the command again to plan anew"


class FileState(Struct, frozen=True):
    """A regular file: what it holds and what it is. `mode` is the permission bits, `size_bytes` bytes."""

    sha256: str
    size_bytes: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int


def temporary_name(path: Path, tag: str) -> Path:
    """The temporary file beside a path, for one operation: whoever knows the operation can clear it away."""
    return path.with_name(f"{path.name}.clawmedic-{tag}.tmp")


def file_state(path: Path) -> FileState | None:
    """What stands at a path; None when nothing does.

    Raises:
        RefusedError: a symbolic link, no regular file, or it cannot be read.
    """
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(f"{path} {describe(error)}", hint="nothing was changed") from error
    if not stat.S_ISREG(seen.st_mode):
        kind = "is a symbolic link" if stat.S_ISLNK(seen.st_mode) else "is not a regular file"
        raise RefusedError(f"{path} {kind}", hint="nothing was changed")
    try:
        digest = digest_file(path)
    except OSError as error:
        raise RefusedError(f"{path} {describe(error)}", hint="nothing was changed") from error
    return FileState(
        digest.sha256,
        digest.size_bytes,
        stat.S_IMODE(seen.st_mode),
        seen.st_uid,
        seen.st_gid,
        seen.st_mtime_ns,
    )


def require_unchanged(path: Path, expected: str | None) -> FileState | None:
    """What stands at a path, which must be what was expected (None: nothing).

    Raises:
        RefusedError: it is something else.
    """
    found = file_state(path)
    if (found.sha256 if found else None) != expected:
        what = "has gone" if found is None else "has changed" if expected else "exists already"
        raise RefusedError(f"{path} {what} since it was looked at", hint=CHANGED_HINT)
    return found


def replace_file(
    path: Path,
    data: bytes,
    *,
    expected: str | None,
    like: FileState,
    temporary: Path,
    before_rename: Callable[[], None],
    keep_time: bool = False,
) -> None:
    """Put `data` at a path, durably, as owner, group and mode of `like` (and its time with `keep_time`).

    `before_rename` is called when everything is written and nothing is changed yet; what it raises stops the change.
    With `expected` None the path must not exist, and is never overwritten.

    Raises:
        RefusedError: the file is not what was expected, or the disk or the owner refuses; nothing was changed.
    """
    try:
        temporary.unlink(missing_ok=True)
        _write_like(temporary, data, like, keep_time=keep_time)
        before_rename()
        require_unchanged(path, expected)
        if expected is None:
            rename_new(temporary, path)
        else:
            temporary.rename(path)
        fsync_directory(path.parent)
    except OSError as error:
        raise RefusedError(f"cannot write {path}: {describe(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_file(path: Path, *, expected: str, before_removal: Callable[[], None]) -> None:
    """Remove a file that is what was expected. The caller keeps a copy: nothing is deleted (design.md 6.5).

    Raises:
        RefusedError: it is something else, or the disk refuses.
    """
    before_removal()
    require_unchanged(path, expected)
    try:
        path.unlink()
        fsync_directory(path.parent)
    except OSError as error:
        raise RefusedError(f"cannot remove {path}: {describe(error)}") from error


def require_owner_keepable(path: Path, state: FileState) -> None:
    """Refuse where a rewritten file could not keep its owner: OpenClaw would be locked out of it.

    Raises:
        RefusedError: we are neither root nor the file's owner, or not in its group.
    """
    if os.geteuid() == 0:
        return
    groups = {os.getegid(), *os.getgroups()}
    if state.uid != os.geteuid() or state.gid not in groups:
        raise RefusedError(
            f"{path} belongs to uid {state.uid}, gid {state.gid}: a rewritten file could not",
            hint=f"run as the user with uid {state.uid}, or as root",
        )


def _write_like(path: Path, data: bytes, like: FileState, *, keep_time: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        mine = os.fstat(descriptor)
        if (mine.st_uid, mine.st_gid) != (like.uid, like.gid):
            os.fchown(descriptor, like.uid, like.gid)
        os.fchmod(descriptor, like.mode)
        write_all(descriptor, data)
        if keep_time:
            os.utime(descriptor, ns=(like.mtime_ns, like.mtime_ns))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename_new(temporary: Path, path: Path) -> None:
    """A rename that never overwrites: a hard link does so atomically; where there are none, look and rename."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        require_unchanged(path, None)
        temporary.rename(path)
