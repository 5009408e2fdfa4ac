"""What operations leave behind is bounded: byte copies in the journal, backups beside transcripts, the quarantine.

Only what clawmedic itself made is ever looked at: it is named in the journal. A backup is put into quarantine, never
deleted at once; never the newest of a transcript, and never one that an operation which is not undone may need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from clawmedic.configuration.sections import BackupsSection
from clawmedic.disk.files import lstat
from clawmedic.disk.forget import forget_copies, forget_oldest, size_of
from clawmedic.disk.journal import COPIES, Journal
from clawmedic.disk.quarantine import open_quarantine, put_aside
from clawmedic.disk.records import BackedUp, Expired
from clawmedic.errors import RefusedError
from clawmedic.model.outcome import OperationState
from clawmedic.operations.backup import backup_stamp
from clawmedic.operations.history import journals, own_folder, state_of
from clawmedic.settings import Settings
from clawmedic.stores.processes import ProcessTable

GB = 1000**3


class Keep(Struct, frozen=True):
    """Bounds. Bytes unless the name says otherwise.

    Attributes:
        operations: so many newest operations can be undone.
        copies_bytes: their byte copies together.
        backups: so many newest copies beside each transcript.
        backups_bytes: all of them together.
        quarantine_bytes: the quarantine.
    """

    operations: int = 200
    copies_bytes: int = 4 * GB
    backups: int = 10
    backups_bytes: int = 4 * GB
    quarantine_bytes: int = 4 * GB


def keep_of(section: BackupsSection) -> Keep:
    """The bounds with what the configuration says of backups."""
    return Keep(backups=section.keep, backups_bytes=section.max_bytes)


class Tidied(Struct, frozen=True):
    """What was given up: operations that can no longer be undone, backups put aside, quarantine folders removed."""

    expired: tuple[str, ...] = ()
    aside: tuple[Path, ...] = ()
    forgotten: tuple[Path, ...] = ()


def needed_backups(settings: Settings) -> frozenset[Path]:
    """Backups that an operation may need which is not undone, rolled back or past retention: never to be pruned."""
    known, table = journals(settings), ProcessTable(settings.world.proc)
    standing = [one for one in known if not one.of(Expired) and state_of(one, known, table) in _STANDING]
    return frozenset(record.path for one in standing for record in one.of(BackedUp))


_STANDING = (OperationState.DONE, OperationState.INTERRUPTED, OperationState.RUNNING)


def tidy(settings: Settings, keep: Keep | None = None) -> Tidied:
    """Give up what the bounds do not keep. The caller holds clawmedic's lock (`mutating_run`).

    Raises:
        RefusedError: clawmedic's own folder cannot be written.
    """
    keep = keep or Keep()
    known = journals(settings)
    expired = _expire(settings, known, keep)
    aside = _retire(settings, keep)
    forgotten = forget_oldest(own_folder(settings) / "quarantine", keep_bytes=keep.quarantine_bytes)
    return Tidied(expired, aside, forgotten)


def _expire(settings: Settings, known: Sequence[Journal], keep: Keep) -> tuple[str, ...]:
    """Newest first: what lies beyond the count or the bytes is given up, except the newest of each key."""
    table = ProcessTable(settings.world.proc)
    seen: set[tuple[str, ...]] = set()
    count = total = 0
    expired: list[str] = []
    for journal in reversed(known):
        if journal.of(Expired):
            continue
        count, total = count + 1, total + size_of(journal.folder / COPIES)
        newest = journal.begin.keys not in seen
        seen.add(journal.begin.keys)
        open_still = state_of(journal, known, table) in {OperationState.INTERRUPTED, OperationState.RUNNING}
        if not (newest or open_still) and (count > keep.operations or total > keep.copies_bytes):
            forget_copies(journal.folder, now=settings.now())
            expired.append(journal.begin.operation_id)
    return tuple(expired)


def _retire(settings: Settings, keep: Keep) -> tuple[Path, ...]:
    """Put surplus backups beside transcripts aside."""
    needed = needed_backups(settings)
    surplus = [path for path in _surplus(journals(settings), keep) if path not in needed]
    if not surplus:
        return ()
    folder = open_quarantine(own_folder(settings) / "quarantine" / backup_stamp(settings.now()))
    return tuple(path for path in surplus if _put_aside(path, folder))


def _surplus(known: Iterable[Journal], keep: Keep) -> list[Path]:
    """Backups beyond the count for their transcript or the bytes of all, oldest last in the journal first."""
    by_source: dict[Path, int] = defaultdict(int)
    total, found = 0, []
    records = [record for journal in known for record in journal.of(BackedUp)]
    for record in reversed(records):
        seen = lstat(record.path)
        if seen is None or record.path.parent != record.source.parent:
            continue
        by_source[record.source] += 1
        total += seen.st_size
        if by_source[record.source] > 1 and (
            by_source[record.source] > keep.backups or total > keep.backups_bytes
        ):
            found.append(record.path)
    return found


def _put_aside(path: Path, folder: Path) -> bool:
    seen = lstat(path)
    if seen is None:
        return False
    try:
        put_aside(path, folder, expected=(seen.st_size, seen.st_mtime_ns, seen.st_ino))
    except RefusedError:  # it stays where it is: no harm
        return False
    return True
