"""The end of a transcript file, fast: one open, one stat, one read, and the first line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import orjson

from clawmedic.disk.files import describe, open_regular, pread_all
from clawmedic.disk.jsonl import Line, Tail, file_size, first_line, newest_line_with, tail_lines
from clawmedic.stores.reader import RawEntry, TranscriptTail

NewestPart: TypeAlias = Callable[[bytes, int], int]
"""From the bytes of a file's end, and the place of the first whole line in them, to where the newest part begins."""

_HEAD_BYTES = 64 * 1024
_COMPACTION = b'"type":"compaction"'


def raw_entry(line: Line) -> RawEntry:
    """A line as the store's own value."""
    return RawEntry(line.number, line.offset, line.data, line.size, line.terminated, line.oversized)


def tail_entries(tail: Tail) -> tuple[RawEntry, ...]:
    """The lines of a tail, numbered from its own first one; a last line too long to hold is there by its size."""
    if tail.oversized:
        return (RawEntry(1, tail.start, b"", tail.oversized, terminated=tail.terminated, oversized=True),)
    entries: list[RawEntry] = []
    offset = tail.start
    for number, data in enumerate(tail.lines, 1):
        size = len(data)
        entries.append(RawEntry(number, offset, data, size))
        offset += size + 1
    if entries and not tail.terminated:
        entries[-1] = entries[-1]._replace(terminated=False)
    return tuple(entries)


def is_compaction(data: bytes) -> bool:
    """Whether a line is a compaction entry itself, rather than a message that quotes one."""
    try:
        entry = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return isinstance(entry, dict) and entry.get("type") == "compaction"


def file_tail(
    path: Path,
    limit: int,
    *,
    line_limit: int,
    seek_compaction: bool,
    newest_part: NewestPart | None = None,
) -> TranscriptTail:
    """The tail of a JSONL file; `problem` says why it could not be read.

    Lines of a tail that is not the whole file are numbered from the tail's own start. With `newest_part` the lines
    before it are left out of a tail that is not the whole file.
    """
    try:
        with open_regular(path) as descriptor:
            size = file_size(descriptor)
            tail, left_out, quoted = _newest(descriptor, size, limit, newest_part, ask=seek_compaction)
            if tail is None:
                tail = tail_lines(descriptor, size, limit=limit, line_limit=line_limit)
            entries = tail_entries(tail)
            if tail.complete:
                head = entries[0] if entries else None
                return TranscriptTail(head, entries, complete=True, compaction=None, size_bytes=size)
            first = first_line(descriptor, limit=_HEAD_BYTES)
            found = None
            if seek_compaction and not quoted and not any(_COMPACTION in line for line in tail.lines):
                found = newest_line_with(
                    descriptor,
                    _COMPACTION,
                    end=tail.start - left_out,
                    line_limit=line_limit,
                    accept=is_compaction,
                )
    except OSError as error:
        return TranscriptTail(None, (), complete=True, compaction=None, size_bytes=0, problem=describe(error))
    head = raw_entry(first) if first else None
    compaction = raw_entry(found) if found else None
    return TranscriptTail(
        head, entries, complete=False, compaction=compaction, size_bytes=size, left_out=left_out
    )


def _newest(
    descriptor: int, size: int, limit: int, newest_part: NewestPart | None, *, ask: bool
) -> tuple[Tail | None, int, bool]:
    """The newest part as a tail, the bytes of whole lines left out, and on asking whether they name a compaction.

    No tail where nothing is to be left out, or the file has shrunk meanwhile.
    """
    if newest_part is None or size <= limit:
        return None, 0, False
    before = size - limit - 1  # one byte more says whether the window begins with a line
    window = pread_all(descriptor, before, limit + 1)
    start = window.find(b"\n") + 1
    cut = newest_part(window, start) if start else 0
    if cut <= start or len(window) != limit + 1:
        return None, 0, False
    lines = window[cut:].split(b"\n")
    terminated = not lines[-1]
    if terminated:
        lines.pop()
    tail = Tail(tuple(lines), before + cut, complete=False, terminated=terminated)
    return tail, cut - start, ask and window.find(_COMPACTION, start, cut) >= 0
