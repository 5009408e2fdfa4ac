"""Giving up clawmedic's own old copies: the only place where bytes are really deleted, and never one of OpenClaw's."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from clawmedic.disk.files import list_directory, subdirectories
from clawmedic.disk.journal import COPIES, append
from clawmedic.disk.records import Expired


def size_of(folder: Path) -> int:
    """The bytes of the files below a folder; what cannot be read counts nothing."""
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(directory) / name).lstat().st_size
    return total


def forget_copies(operation: Path, *, now: int) -> None:
    """Give up the byte copies of an operation; its journal stays and says so first. `now` is epoch milliseconds.

    Raises:
        RefusedError: the journal cannot be written.
    """
    append(operation, Expired(now))
    with suppress(OSError):
        for listed in list_directory(operation / COPIES):
            Path(listed.path).unlink(missing_ok=True)


def forget_oldest(quarantine: Path, *, keep_bytes: int) -> tuple[Path, ...]:
    """Remove the oldest folders of a quarantine (their names sort by time) until it holds at most so many bytes.

    The newest folder is never removed.

    Returns:
        The folders that were removed.
    """
    folders = subdirectories(quarantine)
    sizes = {folder: size_of(folder) for folder in folders}
    total, gone = sum(sizes.values()), []
    for folder in folders[:-1]:
        if total <= keep_bytes:
            break
        shutil.rmtree(folder, ignore_errors=True)
        total -= sizes[folder]
        gone.append(folder)
    return tuple(gone)
