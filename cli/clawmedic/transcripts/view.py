"""One look at a transcript: its end (or all of it), what is wrong with it, and what came of its turns."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.model.session import Session
from clawmedic.settings import Limits
from clawmedic.stores.reader import RawEntry, StoreReader, TranscriptTail
from clawmedic.transcripts.context import Context, of_path
from clawmedic.transcripts.entry import Entry, Malformed
from clawmedic.transcripts.failures import is_auto_reset_text
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.structure import Flaw, find_flaws
from clawmedic.transcripts.tree import Path, active_path
from clawmedic.transcripts.turns import Turns, read_turns

MOST_MALFORMED = 200


class TranscriptView(Struct, frozen=True):
    """What is known of one transcript.

    Attributes:
        header: the session header, None when the first line is none.
        entries: the entries in file order without the header; only the newest when not `complete`.
        malformed: lines that are no entry (the first 200), `malformed_count` how many there are in sight.
        complete: `entries` are all there are.
        entry_count: lines of the whole transcript, header and malformed ones included; None when not counted.
        path: the branch in use among `entries`.
        context: what the model would see of it.
        last_compaction: the newest compaction on the branch, also where it stands before `entries`.
        problem: why the transcript could not be read, "" when it could.
        size_bytes: its size when it was read.
        auto_reset: its first message is 4.15's note of an automatic reset; None when that is not in sight.
        deep: every line was read.
    """

    header: Entry | None
    entries: tuple[Entry, ...]
    malformed: tuple[Malformed, ...]
    malformed_count: int
    complete: bool
    entry_count: int | None
    flaws: tuple[Flaw, ...]
    turns: Turns
    path: Path
    context: Context
    last_compaction: Entry | None
    problem: str
    size_bytes: int
    auto_reset: bool | None = None
    deep: bool = False

    @property
    def inherited_at(self) -> int | None:
        """When this window of a database began with a history that is older than itself, epoch milliseconds.

        A rewind, a switch and a fork bring it along; None where the window began empty, and for files.
        """
        began = self.header.at if self.header is not None and self.path.by_events else None
        first = next((entry.at for entry in self.path.entries if entry.at is not None), None)
        return began if began is not None and first is not None and first < began else None


def read_view(reader: StoreReader, session: Session, limits: Limits, *, deep: bool) -> TranscriptView:
    """Look at a session's transcript. Never raises for what it holds; unreadable ones have a `problem`.

    Without `deep` only the last `limits.tail_bytes` are read; with it every line is, in bounded memory.
    """
    tail = tail_of(reader, session, limits)
    if deep and not tail.complete and not tail.problem:
        from clawmedic.transcripts.deep import read_deep

        return read_deep(reader, session, limits, tail)
    return view_of_tail(tail, running=session.status == "running")


def tail_of(reader: StoreReader, session: Session, limits: Limits) -> TranscriptTail:
    """The end of a session's transcript, with the newest compaction where the row says there was one."""
    return reader.tail(session, limits.tail_bytes, seek_compaction=(session.compaction_count or 0) > 0)


def view_of_tail(tail: TranscriptTail, *, running: bool = False) -> TranscriptView:
    """The view of what a reader gives for the end of a transcript."""
    head = parse_entry(tail.head) if tail.head else None
    items = [parse_entry(raw) for raw in _without_head(tail)]
    compaction = parse_entry(tail.compaction) if tail.compaction else None
    earlier = compaction if isinstance(compaction, Entry) and compaction.type == "compaction" else None
    missing = tail.head is None and (bool(tail.problem) or not tail.size_bytes)
    return build_view(
        head,
        items,
        complete=tail.complete,
        running=running,
        earlier_compaction=earlier,
        problem=tail.problem,
        size_bytes=tail.size_bytes,
        absent=missing and bool(tail.problem),
    )


def view_of_lines(lines: Sequence[RawEntry], *, running: bool = False) -> TranscriptView:
    """The view of a whole transcript that is held in memory."""
    items = [parse_entry(raw) for raw in lines]
    return build_view(
        items[0] if items else None,
        items[1:],
        complete=True,
        running=running,
        size_bytes=sum(raw.size_bytes + raw.terminated for raw in lines),
    )


def build_view(
    head: Entry | Malformed | None,
    items: Sequence[Entry | Malformed],
    *,
    complete: bool,
    running: bool = False,
    earlier_compaction: Entry | None = None,
    problem: str = "",
    size_bytes: int = 0,
    absent: bool = False,
) -> TranscriptView:
    """Put a view together from parsed lines: the first one, and the others in file order."""
    header = head if isinstance(head, Entry) and head.type == "session" else None
    entries = tuple(item for item in items if isinstance(item, Entry))
    malformed = tuple(item for item in items if isinstance(item, Malformed))
    if isinstance(head, Entry) and head.type != "session" and complete:
        entries = (head, *entries)
    if isinstance(head, Malformed):
        malformed = (head, *malformed)
    path = active_path(entries)
    flaws = () if absent else find_flaws(head, entries, malformed, path, complete=complete)
    newest = next((entry for entry in reversed(path.entries) if entry.type == "compaction"), None)
    return TranscriptView(
        header=header,
        entries=entries,
        malformed=malformed[:MOST_MALFORMED],
        malformed_count=len(malformed),
        complete=complete,
        entry_count=len(items) + (head is not None) if complete else None,
        flaws=flaws,
        turns=read_turns(path.entries, running=running),
        path=path,
        context=of_path(path, earlier_compaction=earlier_compaction),
        last_compaction=newest or earlier_compaction,
        problem=problem,
        size_bytes=size_bytes,
        auto_reset=_auto_reset(path) if complete else None,
        deep=complete,
    )


def _without_head(tail: TranscriptTail) -> tuple[RawEntry, ...]:
    """The lines after the header. In a part of a transcript lines are numbered from the part's own start."""
    return tail.entries[1:] if tail.complete else tail.entries


def _auto_reset(path: Path) -> bool:
    first = next((entry for entry in path.entries if entry.type == "message"), None)
    return first is not None and first.role == "assistant" and is_auto_reset_text(first.text)
