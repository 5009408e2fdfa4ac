"""One session's chart: what takes the room, what happened when, and what to do."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.model.report import SessionReport


class AnatomySlice(Struct, frozen=True):
    """One kind of content ("tool results", "thinking", "errors") with its share of the transcript."""

    label: str
    bytes: int
    entries: int


class LargeEntry(Struct, frozen=True):
    """One of the largest entries: its 1-based line, what it is, its size in bytes."""

    line: int
    kind: str
    bytes: int


class TimelineItem(Struct, frozen=True):
    """Something that happened: `kind` is turn, compaction, failure, reset, ...; `at` epoch milliseconds."""

    at: int | None
    kind: str
    text: str


class SessionChart(Struct, frozen=True):
    """Everything `show` draws.

    Attributes:
        anatomy: largest slice first; their bytes sum to the transcript's size as far as it was read.
        largest: the largest entries, largest first.
        timeline: oldest first; where it is long, the newest part.
        siblings: other sessions and files of the same conversation, one line each.
        treatment: recommended commands, best first; empty when nothing needs doing.
    """

    report: SessionReport
    anatomy: tuple[AnatomySlice, ...]
    largest: tuple[LargeEntry, ...]
    timeline: tuple[TimelineItem, ...]
    siblings: tuple[str, ...]
    treatment: tuple[str, ...]
