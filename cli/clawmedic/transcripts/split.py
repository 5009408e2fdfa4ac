"""One large transcript, counted by several processes.

It is cut behind settled lines: after an answer of a real model without tool calls nothing of what came before
matters to the count of what follows, but the answer's id.
"""

from __future__ import annotations

from typing import NamedTuple

from clawmedic.disk.files import open_regular
from clawmedic.disk.jsonl import file_size, line_handfuls
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.crew import cores, share
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.tally import Tally, tally_file, tally_part

WORTH_BYTES = 48 * 1024 * 1024
"""A smaller transcript is counted by one process: others have other transcripts."""
PARTS_FOR_EACH = 4
"""Parts for each process: the last to end is not far behind."""
_PART_BYTES = 48 * 1024 * 1024
"""No part is larger: in one that is smaller than the longest line there may be, lines need not be measured."""
_SEARCHED_BYTES = 8 * 1024 * 1024
"""How far a settled line is looked for; a part without one belongs to the part before it."""


class Part(NamedTuple):
    """Lines from `start` up to `end` (None: all there are); `last_id` is the id of the entry before them."""

    start: int
    end: int | None
    last_id: str


def tally_large(path: str, size: int, *, line_limit: int, processes: int | None = None) -> Tally:
    """`tally_file`, by all cores where a transcript of `size` bytes is worth it. Never raises."""
    count = cores() if processes is None else processes
    if count < 2 or (size < WORTH_BYTES and processes is None):
        return tally_file(path, line_limit=line_limit)
    try:
        parts = parts_of(path, max(count * PARTS_FOR_EACH, -(-size // _PART_BYTES)), line_limit=line_limit)
    except OSError:
        return tally_file(path, line_limit=line_limit)
    tallies = share(
        parts,
        lambda some: [tally_part(path, line_limit=line_limit, **part._asdict()) for part in some],
        processes=processes,
    )
    whole = tallies[0]
    for later in tallies[1:]:
        whole.append(later)
    whole.finish()
    return whole


def parts_of(path: str, count: int, *, line_limit: int) -> list[Part]:
    """At most `count` parts of about the same size, in order.

    Raises:
        OSError: the file cannot be read.
    """
    with open_regular(path) as descriptor:
        size = file_size(descriptor)
        starts = [(0, "")]
        for number in range(1, count):
            wanted = size * number // count
            if wanted <= starts[-1][0]:
                continue
            seam = _seam(descriptor, wanted, line_limit)
            if seam and seam[0] < size:
                starts.append(seam)
    ends = [*(start for start, _ in starts[1:]), None]
    return [Part(start, end, last_id) for (start, last_id), end in zip(starts, ends, strict=True)]


def _seam(descriptor: int, wanted: int, line_limit: int) -> tuple[int, str] | None:
    """Where the line behind the first settled one after byte `wanted` begins, and the settled one's id."""
    at, first = wanted, True  # the first line begins somewhere before `wanted`
    for lines, oversized in line_handfuls(descriptor, line_limit=line_limit, start=wanted):
        at += oversized + 1 if oversized else 0
        for line in lines:
            at += len(line)
            entry = None if first else parse_entry(RawEntry(0, 0, line[:-1], len(line) - 1))
            if isinstance(entry, Entry) and entry.id and entry.is_answer and not entry.tool_calls:
                return at, entry.id
            first = False
        first = False
        if at > wanted + _SEARCHED_BYTES:
            break
    return None
