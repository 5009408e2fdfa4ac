"""The life of a transcript: when it began and when its newest entry was written."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from clawmedic.disk.files import open_regular
from clawmedic.disk.jsonl import iter_lines
from clawmedic.model.session import Generation, Session
from clawmedic.settings import Limits
from clawmedic.stores.lineage import Life, chat_in
from clawmedic.stores.tails import file_tail, raw_entry
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.failures import is_auto_reset_text
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.view import view_of_tail
from clawmedic.triage.orphans import Span

OPENING_LINES = 8
"""The header, settings of the session, and its first message."""
OPENING_BYTES = 1024 * 1024


def session_span(session: Session) -> Span:
    """The beginning of a session's own transcript; its end does not matter for an heir."""
    path = session.transcript.path
    if session.generation is Generation.SQLITE or not session.transcript.exists:
        return Span(Life(path.name, None, None))
    return _opening(path)


def span_reader(limits: Limits) -> Callable[[Path], Span]:
    """Reads the whole span of a file; an unreadable one has no times."""

    def read(path: Path) -> Span:
        tail = file_tail(path, limits.tail_bytes, line_limit=limits.line_bytes, seek_compaction=False)
        times = [entry.at for entry in view_of_tail(tail).entries if entry.at is not None]
        opening = _opening(path)
        return replace(opening, life=replace(opening.life, last_at=times[-1] if times else None))

    return read


def _opening(path: Path) -> Span:
    try:
        with open_regular(path) as descriptor:
            lines = islice(iter_lines(descriptor, line_limit=OPENING_BYTES), OPENING_LINES)
            entries = [entry for line in lines if isinstance(entry := parse_entry(raw_entry(line)), Entry)]
    except OSError:
        return Span(Life(path.name, None, None))
    first = next((entry.at for entry in entries if entry.at is not None), None)
    message = next((entry for entry in entries if entry.type == "message"), None)
    asked = next((entry for entry in entries if entry.role == "user"), None)
    reset = message is not None and message.role == "assistant" and is_auto_reset_text(message.text)
    life = Life(path.name, first, None, opens_with_reset=reset, chat=chat_in(asked.text) if asked else "")
    return Span(life, entries[0].parent_session if entries else "")
