"""What the desk is asked to do: read a copy, or one entry of it, search, export, restore. No widget is touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from clawmedic.backups.conversation import Item, branch_lines, converse
from clawmedic.backups.exporting import Form, content
from clawmedic.backups.filling import judge_filling
from clawmedic.backups.patterns import matcher
from clawmedic.backups.restoring import Restored, restore_lines
from clawmedic.backups.search import Hit, SearchResult, search
from clawmedic.disk.digest import Digest
from clawmedic.disk.exporting import write_export
from clawmedic.model.backup import Backup
from clawmedic.model.report import Budget
from clawmedic.model.reporter import Reporter
from clawmedic.output.browser.briefs import MOST_BRIEFS, Brief, Shortener
from clawmedic.output.browser.desk import StoppableReader, Ticket
from clawmedic.settings import Settings

_BATCH = 120
_MOST_LITERALS = 60


class ReadEnd(Struct, frozen=True):
    """How the reading of a copy ended: entries, those too old to be held, why it ended early, lines of the branch."""

    entries: int
    skipped: int
    problem: str
    branch: frozenset[int] | None


def read_copy(
    reader: StoppableReader, ticket: Ticket, backup: Backup, give: Callable[[list[Brief]], None]
) -> ReadEnd:
    """Hand over a copy's entries in batches, the newest `MOST_BRIEFS` of them; then say which are on the branch."""
    stream = reader.open(backup.place)
    shortener = Shortener()
    skip = max(0, backup.entries - MOST_BRIEFS)
    batch: list[Brief] = []
    count = 0
    for item in converse(ticket.checked(stream.entries())):
        count += 1
        if count <= skip:
            continue
        batch.append(shortener.take(item))
        if len(batch) >= _BATCH:
            give(batch)
            batch = []
    give(batch)
    problem = stream.problem
    branch = branch_lines(reader.entries(backup)) if 0 < count <= MOST_BRIEFS and not problem else None
    return ReadEnd(count, min(skip, count), problem, branch)


def read_entry(reader: StoppableReader, backup: Backup, line: int) -> Item | None:
    """One entry in full, None when the copy does not have it any more."""
    for raw in reader.entries(backup):
        if raw.line == line:
            return next(converse([raw]), None)
    return None


class Found(Struct, frozen=True):
    """A search that is over. `literals` are the different texts that matched, in lower case."""

    words: str
    result: SearchResult
    literals: tuple[str, ...]

    @property
    def hits(self) -> tuple[Hit, ...]:
        """Where it was found."""
        return self.result.hits


def look_for(reader: StoppableReader, copies: Sequence[Backup], words: str, reporter: Reporter) -> Found:
    """Search some copies.

    Raises:
        UsageError: nothing to look for, no regular expression, or one that takes too long.
    """
    wanted = matcher(words)
    try:
        result = search(reader, copies, wanted, reporter, notes=True)
    finally:
        wanted.close()
    literals = dict.fromkeys(
        excerpt.text[start:end].lower()
        for hit in result.hits
        for excerpt in hit.excerpts
        for start, end in excerpt.spans
    )
    return Found(words, result, tuple(word for word in literals if word.strip())[:_MOST_LITERALS])


class ExportOrder(Struct, frozen=True):
    """What is to be exported, and how."""

    backup: Backup
    target: Path
    form: Form
    redacted: bool
    notes: bool


def export_copy(reader: StoppableReader, order: ExportOrder, root: Path) -> Digest:
    """Write an export.

    Raises:
        ClawmedicError: as `write_export` and `content`; nothing is left behind then.
    """
    chunks = content(reader, order.backup, order.form, redacted=order.redacted, notes=order.notes)
    return write_export(order.target, chunks, state_dir=root)


def prepare_restore(reader: StoppableReader, settings: Settings, backup: Backup) -> tuple[Restored, Budget]:
    """What a restored copy would be, and how full the model's window would be with it.

    Raises:
        RefusedError: there is nothing to restore.
    """
    restored = restore_lines(reader, backup)
    return restored, judge_filling(settings, backup, restored)


def write_restored(restored: Restored, target: Path, root: Path) -> Digest:
    """Write a restored transcript.

    Raises:
        ClawmedicError: as `write_export`.
    """
    return write_export(target, (line + b"\n" for line in restored.lines), state_dir=root)
