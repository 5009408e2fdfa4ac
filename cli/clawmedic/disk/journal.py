"""One operation's folder: `journal.jsonl`, and the bytes of what it changed in `before/`.

Everything is written and fsynced before what it speaks of is done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.files import describe, read_bounded, subdirectories
from clawmedic.disk.private import copy_verified, private_directory, write_all
from clawmedic.disk.records import Begin, Ended, Record, dump_record, load_record
from clawmedic.errors import RefusedError

FILE = "journal.jsonl"
COPIES = "before"
_LIMIT_BYTES = 64 * 1024 * 1024

R = TypeVar("R", bound=Record)


class Journal(Struct, frozen=True):
    """What was written of one operation, in order. `begin` is its first record."""

    folder: Path
    begin: Begin
    records: tuple[Record, ...]

    def of(self, kind: type[R]) -> tuple[R, ...]:
        """The records of one kind."""
        return tuple(record for record in self.records if isinstance(record, kind))

    @property
    def ended(self) -> Ended | None:
        """The outcome, None when none was written."""
        return next(iter(self.of(Ended)), None)


def operations_folder(state_folder: Path) -> Path:
    """Where the operations of a state directory are, below its own folder (`disk.places.state_folder`)."""
    return state_folder / "operations"


def begin_journal(state_folder: Path, begin: Begin) -> Journal:
    """Make an operation's folder and write its intent.

    Raises:
        RefusedError: it exists already, or the disk refuses.
    """
    folder = operations_folder(state_folder) / begin.operation_id
    if folder.exists():
        raise RefusedError(f"there is an operation {begin.operation_id} already")
    private_directory(folder / COPIES)
    append(folder, begin)
    return Journal(folder, begin, (begin,))


def append(folder: Path, record: Record) -> None:
    """Add a record; it is on the disk when this returns. A torn line before it is closed first.

    Raises:
        RefusedError: the disk refuses.
    """
    path = folder / FILE
    try:
        new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            write_all(descriptor, (b"\n" if torn else b"") + dump_record(record))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            fsync_directory(folder)
    except OSError as error:
        raise RefusedError(f"cannot write the journal {path}: {describe(error)}") from error


def read_journal(folder: Path) -> Journal | None:
    """One operation; None when it never began (no readable first record)."""
    try:
        data = read_bounded(folder / FILE, _LIMIT_BYTES).data
    except OSError:
        return None
    records = tuple(record for line in data.splitlines() if (record := load_record(line)) is not None)
    if not records or not isinstance(records[0], Begin):
        return None
    return Journal(folder, records[0], records)


def read_journals(state_folder: Path) -> Iterator[Journal]:
    """Every operation of a state directory, oldest first."""
    found = (read_journal(folder) for folder in subdirectories(operations_folder(state_folder)))
    return iter(sorted((one for one in found if one), key=lambda one: (one.begin.at, one.begin.operation_id)))


def keep_copy(folder: Path, source: Path) -> tuple[str, str]:
    """Copy a file's bytes into an operation's folder, verified and made to last.

    Returns:
        The copy's name, relative to the folder, and its SHA-256.

    Raises:
        RefusedError: the disk refuses, or the file is being written.
    """
    place = private_directory(folder / COPIES)
    number = 1 + sum(1 for _ in place.iterdir())
    target = place / f"{number:04d}"
    return f"{COPIES}/{target.name}", copy_verified(source, target).sha256
