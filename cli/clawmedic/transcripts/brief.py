"""A quick look at a long transcript: only the newest turns are parsed, the lines before them are checked as bytes.

A scan of thousands of sessions spends its time parsing entries that change nothing: what stands before the newest
answers was answered. They are left out when they look exactly as OpenClaw writes a healthy branch (each line an
entry of a known type whose parent is the line before); one doubt, and the whole tail is parsed.
"""

from __future__ import annotations

import re
from dataclasses import replace

from clawmedic.stores.reader import RawEntry, TranscriptTail
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.parse import parse_entry

NEWEST = 10
"""At least so many entries are parsed, and at least back to the newest answer."""

_REGULAR = re.compile(
    rb'\{"type":"(?:message|custom|model_change|thinking_level_change)","id":"([^"\\]{1,64})",'
    rb'"parentId":"([^"\\]{1,64})",'
)


def shortened(tail: TranscriptTail) -> TranscriptTail:
    """The tail without the old part of a regular branch; the tail itself where there is any doubt."""
    if tail.complete or tail.problem:
        return tail
    cut = _cut(tail.entries)
    if cut < 1 or not _is_regular(tail.entries, cut):
        return tail
    return replace(tail, entries=tail.entries[cut:])


def _cut(entries: tuple[RawEntry, ...]) -> int:
    """Where the newest part begins: the turn of the newest answer is whole in it; 0 when there is no answer."""
    for index in range(len(entries) - 1, -1, -1):
        data = entries[index].data
        if b'"role":"assistant"' in data and b'"stopReason":"stop"' in data:
            entry = parse_entry(entries[index])
            if isinstance(entry, Entry) and entry.is_answer:
                return _asked_before(entries, min(index, len(entries) - NEWEST))
    return 0


def _asked_before(entries: tuple[RawEntry, ...], index: int) -> int:
    """The nearest user entry at or before an index, so that no turn and no pair of tool entries is cut."""
    while index > 0 and b'"role":"user"' not in entries[index].data:
        index -= 1
    return max(index, 0)


def _is_regular(entries: tuple[RawEntry, ...], cut: int) -> bool:
    """Whether each line up to the cut is an entry whose parent is the line before it."""
    previous = None
    for raw in entries[: cut + 1]:
        found = _REGULAR.match(raw.data)
        if found is None or not raw.data.endswith(b"}") or previous not in (None, found.group(2)):
            return False
        previous = found.group(1)
    return True
