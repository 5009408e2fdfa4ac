"""The life of a transcript that no row describes: its first and its newest time, from head and tail."""

from __future__ import annotations

from pathlib import Path

from clawmedic.transcripts.failures import is_auto_reset_notice
from clawmedic.transcripts.view import TranscriptView, read_file_view
from clawmedic.triage.orphans import Span


def span_of(view: TranscriptView) -> Span:
    """The span of a session's own transcript."""
    times = [entry.at for entry in view.entries if entry.at is not None]
    header = view.header
    first = header.at if header is not None and header.at is not None else (times[0] if times else None)
    opening = next((entry for entry in view.entries if entry.type == "message"), None) if view.complete else None
    return Span(
        first_at=first,
        last_at=times[-1] if times else None,
        opens_with_reset=opening is not None and is_auto_reset_notice(opening.text),
        parent=header.parent_session if header is not None else "",
    )


def read_span(path: Path) -> Span:
    """The span of a file; an unreadable one has no times."""
    return span_of(read_file_view(path))
