"""Reading a transcript for a rung: its lines, the ids of its entries, and what the model would see of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clawmedic.disk.files import describe, open_regular
from clawmedic.disk.jsonl import iter_lines
from clawmedic.errors import RefusedError
from clawmedic.operations.backup import backup_stamp
from clawmedic.settings import Limits
from clawmedic.stores.reader import RawEntry
from clawmedic.stores.tails import raw_entry
from clawmedic.transcripts.context import Context, visible
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.tree import active_path

MOST_BYTES = 1 << 30
"""A larger transcript is not rewritten: its lines are held in memory."""


def read_lines(path: Path, limits: Limits) -> tuple[RawEntry, ...]:
    """Every line of a transcript.

    Raises:
        RefusedError: it cannot be read, or is too large to be held.
    """
    lines: list[RawEntry] = []
    held = 0
    try:
        with open_regular(path) as descriptor:
            for line in iter_lines(descriptor, line_limit=limits.line_bytes):
                raw = raw_entry(line)
                held += len(raw.data)
                if held > MOST_BYTES or raw.oversized:
                    raise RefusedError(
                        f"{path} is too large to be rewritten (line {raw.line})",
                        hint="`clawmedic reset` puts it aside",
                    )
                lines.append(raw)
    except OSError as error:
        raise RefusedError(f"{path} {describe(error)}", hint="nothing was changed") from error
    return tuple(lines)


def as_raw(lines: Iterable[bytes]) -> tuple[RawEntry, ...]:
    """Lines without their ends as a reader would give them."""
    return tuple(RawEntry(number, 0, data, len(data)) for number, data in enumerate(lines, 1))


def entry_ids(lines: Iterable[RawEntry]) -> frozenset[str]:
    """The ids of all entries, the header's not among them."""
    return frozenset(entry.id for entry in entries_of(lines) if entry.id and entry.type != "session")


def entries_of(lines: Iterable[RawEntry]) -> Iterator[Entry]:
    """The entries among lines."""
    return (item for item in map(parse_entry, lines) if isinstance(item, Entry))


def context_of(lines: Iterable[RawEntry]) -> Context:
    """What the model would be sent of a whole transcript, whatever its size."""
    return visible(list(entries_of(lines)))


def outlasting(lines: Sequence[bytes], *, words: str, now: int) -> tuple[bytes, ...]:
    """The lines, with a note in an assistant's place behind them where no assistant has said anything.

    OpenClaw empties a transcript without any assistant's message at the next run (measured on 2026.7.1). A note with
    provider `openclaw` is for people: 2026.7.1 does not show it to the model (openclaw-channels.md 0.4).

    Args:
        lines: a whole transcript without line ends.
        words: the note.
        now: epoch milliseconds.
    """
    entries = list(entries_of(as_raw(lines)))
    if any(entry.role == "assistant" for entry in entries):
        return tuple(lines)
    leaf = active_path(entries).leaf
    count = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "totalTokens"), 0)
    cost = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 0)
    message = {
        "role": "assistant",
        "content": [{"type": "text", "text": words}],
        "api": "openai-responses",
        "provider": "openclaw",
        "model": "gateway-injected",
        "usage": {**count, "cost": cost},
        "stopReason": "stop",
        "timestamp": now,
    }
    entry = {
        "type": "message",
        "id": secrets.token_hex(4),
        "parentId": leaf.id if leaf is not None and leaf.id else None,
        "timestamp": iso(now),
        "message": message,
    }
    return (*lines, json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode())


def marked(lines: Sequence[bytes], *, kind: str, operation: str, now: int) -> tuple[bytes, ...]:
    """The lines with a mark of our own behind them: failures older than it are over.

    A `custom` entry is no part of what the model is sent (openclaw-files.md 6). It stands at the end, because a scan
    of a large transcript reads its end.

    Args:
        lines: a whole transcript without line ends.
        kind: customType, `clawmedic:...`.
        operation: the operation's name.
        now: epoch milliseconds.
    """
    leaf = active_path(list(entries_of(as_raw(lines)))).leaf
    entry = {
        "type": "custom",
        "customType": kind,
        "data": {"timestamp": now, "operation": operation},
        "id": secrets.token_hex(4),
        "parentId": leaf.id if leaf is not None and leaf.id else None,
        "timestamp": iso(now),
    }
    return (*lines, json.dumps(entry, separators=(",", ":")).encode())


def iso(at: int) -> str:
    """Epoch milliseconds as OpenClaw writes times in entries."""
    stamp = backup_stamp(at)
    return stamp[:11] + stamp[11:].replace("-", ":")


def header_of(lines: Sequence[RawEntry]) -> Entry | None:
    """The header, None when the first line is none."""
    first = parse_entry(lines[0]) if lines else None
    return first if isinstance(first, Entry) and first.type == "session" and first.session_id else None
