"""The life of a transcript that no row describes: its first and its newest time, from head and tail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clawmedic.settings import Limits
from clawmedic.stores.tails import file_tail
from clawmedic.transcripts.view import TranscriptView, view_of_tail
from clawmedic.triage.orphans import Span


def span_of(view: TranscriptView) -> Span:
    """The span of a session's own transcript."""
    times = [entry.at for entry in view.entries if entry.at is not None]
    header = view.header
    first = header.at if header is not None and header.at is not None else (times[0] if times else None)
    return Span(
        first_at=first,
        last_at=times[-1] if times else None,
        opens_with_reset=view.auto_reset is True,
        parent=header.parent_session if header is not None else "",
    )


def span_reader(limits: Limits) -> Callable[[Path], Span]:
    """Reads the span of a file; an unreadable one has no times."""

    def read(path: Path) -> Span:
        tail = file_tail(path, limits.tail_bytes, line_limit=limits.line_bytes, seek_compaction=False)
        return span_of(view_of_tail(tail))

    return read
