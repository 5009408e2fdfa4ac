"""A file is replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from clawmedic.errors import RefusedError


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `data`: temporary file in the same directory, fsync, rename, fsync of the directory.

    Missing directories are made with mode 0700. The file gets `mode` whatever the umask says.

    Raises:
        RefusedError: the target is a symbolic link or no regular file, or the disk refuses; nothing was
        changed.
    """
    import secrets

    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise RefusedError(f"not a regular file: {path}", hint="nothing was written")
        _write_new(temporary, data, mode)
        temporary.rename(path)
        fsync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise RefusedError(f"cannot write {path}: {error.strerror or error}") from error


def clear_temporaries(folder: Path, *names: str) -> None:
    """Remove what a killed `write_atomically` of these files left behind; the caller alone writes them now."""
    for name in names:
        for left in folder.glob(f".{name}.*.tmp"):
            with contextlib.suppress(OSError):
                left.unlink()


def fsync_directory(path: Path) -> None:
    """Make a rename in this directory last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
