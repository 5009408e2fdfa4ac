"""A quick look at a long transcript: only the newest turns are parsed, the lines before them are checked as bytes.

A scan of thousands of sessions spends its time parsing entries that change nothing: what stands before the newest
answers was answered. They are left out when they look exactly as OpenClaw writes a healthy branch (each line an
entry of a known type whose parent is the line before, hardly a failed one among them); one doubt, and the whole
tail is parsed.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from clawmedic.model.session import Generation, Session
from clawmedic.settings import Limits
from clawmedic.stores.reader import RawEntry, StoreReader, TranscriptTail
from clawmedic.stores.tails import file_tail
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.structure import BLOAT_RUN
from clawmedic.transcripts.view import TranscriptView, tail_of, view_of_tail

NEWEST = 4
"""At least so many entries are parsed, and at least the whole turn of the newest answer."""

_REGULAR = re.compile(
    rb'\{"type":"(?:message|custom|model_change|thinking_level_change)","id":"([^"\\]{1,64})",'
    rb'"parentId":"([^"\\]{1,64})",'
)
_ANSWERED = (b'"role":"assistant"', b'"stopReason":"stop"')
_ASKED = b'"role":"user"'
_FAILED = b'"stopReason":"error"'
_ROLE_WITHIN = 320
"""OpenClaw writes a message's role within so many bytes of its line's beginning."""
_FAILED_WITHIN = 4096
"""A failed answer has no content: its line is short."""
_CLOSED = ord("}")


def brief_view(reader: StoreReader, session: Session, limits: Limits) -> TranscriptView:
    """The view of a session's newest turns, or of its whole tail where there is any doubt."""
    running = session.status == "running"
    tail = brief_tail(reader, session, limits)
    view = view_of_tail(tail, running=running)
    if tail.left_out and view.turns.newest_answer_line is None:  # what looked like an answer is none
        return view_of_tail(shortened(tail_of(reader, session, limits)), running=running)
    return view


def brief_tail(
    reader: StoreReader, session: Session, limits: Limits, *, checked: bool = False
) -> TranscriptTail:
    """The end of a transcript without the old part of a regular branch.

    Where it is `left_out` unparsed, a view in which there is no answer has to be made again of the whole tail. With
    `checked` it is known that the branch is regular.
    """
    if session.generation is not Generation.FILES:
        return shortened(tail_of(reader, session, limits))
    return file_tail(
        session.transcript.path,
        limits.tail_bytes,
        line_limit=limits.line_bytes,
        seek_compaction=(session.compaction_count or 0) > 0,
        newest_part=newest_turns if checked else newest_part,
    )


def newest_part(window: bytes, start: int) -> int:
    """Where the newest turns begin in a window on a file's end; `start` itself where all has to be read.

    `start` is the place of the first whole line.
    """
    cut = newest_turns(window, start)
    return cut if cut > start and _is_regular_until(window, start, cut) else start


def newest_turns(window: bytes, start: int) -> int:
    """The line of the user entry that began the turn of the newest answer, `start` where there is none."""
    end = len(window) - 1 if window.endswith(b"\n") else len(window)
    lines, answered = 0, False
    while end > start:
        begin = max(window.rfind(b"\n", start, end) + 1, start)
        lines += 1
        role_end = min(begin + _ROLE_WITHIN, end)
        if not answered and window.find(_ANSWERED[0], begin, role_end) >= 0:
            answered = window.rfind(_ANSWERED[1], begin, end) >= 0
        elif answered and lines >= NEWEST and window.find(_ASKED, begin, role_end) >= 0:
            return begin
        end = begin - 1
    return start


def _is_regular_until(window: bytes, start: int, cut: int) -> bool:
    """Whether each line up to the cut, and the one there, is an entry whose parent is the line before it.

    A row of failures is not regular: it may be a finding.
    """
    find, match = window.find, _REGULAR.match
    previous = None
    begin, failed = start, 0
    while True:
        found = match(window, begin)
        if found is None:
            return False
        name, parent = found.groups()
        if previous != parent and previous is not None:
            return False
        if begin >= cut:
            return begin == cut and failed < BLOAT_RUN
        end = find(b"\n", begin)
        if window[end - 1] != _CLOSED:
            return False
        if end - begin < _FAILED_WITHIN and find(_FAILED, begin, end) >= 0:
            failed += 1
        begin = end + 1
        previous = name


def shortened(tail: TranscriptTail) -> TranscriptTail:
    """The tail without the old part of a regular branch; the tail itself where there is any doubt."""
    if tail.complete or tail.problem or any(raw.active is False for raw in tail.entries):
        return tail
    cut = _cut(tail.entries)
    if cut < 1 or not _is_regular(tail.entries, cut):
        return tail
    if sum(_FAILED in raw.data for raw in tail.entries[:cut]) >= BLOAT_RUN:
        return tail
    return replace(tail, entries=tail.entries[cut:])


def _cut(entries: tuple[RawEntry, ...]) -> int:
    """Where the newest part begins: the turn of the newest answer is whole in it; 0 when there is no answer."""
    for index in range(len(entries) - 1, -1, -1):
        data = entries[index].data
        if all(mark in data for mark in _ANSWERED):
            entry = parse_entry(entries[index])
            if isinstance(entry, Entry) and entry.is_answer:
                return _asked_before(entries, min(index, len(entries) - NEWEST))
    return 0


def _asked_before(entries: tuple[RawEntry, ...], index: int) -> int:
    """The nearest user entry at or before an index, so that no turn and no pair of tool entries is cut."""
    while index > 0 and _ASKED not in entries[index].data:
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
