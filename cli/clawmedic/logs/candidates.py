"""Finds the lines that may match the catalogue, before any line is parsed.

A line that contains none of the catalogue's literals matches no signature. Searching whole blocks for rare literals
is a hundred times faster than parsing each line. In a block of pure tslog records the loud signatures (WARN and
above) are found by the level, so that only the quiet ones need their literals, and these stand near the line's
beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from clawmedic.logs.signature import Signature
from clawmedic.logs.signatures import CATALOGUE

_HEAD_BYTES = 144
"""How far into a tslog line the literal of a quiet signature may stand."""
_TSLOG_START = b'{"0":'
_LOUD = re.compile(rb'"logLevelId":[456]')


def _literals(signatures: Iterable[Signature]) -> tuple[bytes, ...]:
    """The literals of some signatures, without those that contain another one."""
    wanted = sorted({literal for signature in signatures for literal in signature.literals}, key=len)
    kept: list[bytes] = []
    for literal in wanted:
        if not any(shorter in literal for shorter in kept):
            kept.append(literal)
    return tuple(kept)


_ALL = _literals(CATALOGUE)
_QUIET = _literals(signature for signature in CATALOGUE if signature.quiet)


def candidate_lines(data: bytes) -> tuple[int, list[tuple[int, bytes]]]:
    """How many lines a block has, and those that may mean something, as (0-based index, line), in order."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    heads = b"\n".join([line[:_HEAD_BYTES] for line in lines])
    if heads.startswith(_TSLOG_START) and heads.count(b"\n" + _TSLOG_START) == len(lines) - 1:
        found = _line_numbers(heads, sorted(_places(heads, _QUIET)))
        found.update(_line_numbers(data, [match.start() for match in _LOUD.finditer(data)]))
    else:
        found = _line_numbers(data, sorted(_places(data, _ALL)))
    return len(lines), [(index, lines[index]) for index in sorted(found)]


def _line_numbers(data: bytes, places: Iterable[int]) -> set[int]:
    """The 0-based lines in which ascending places stand."""
    found: set[int] = set()
    line = start = 0
    for at in places:
        line += data.count(b"\n", start, at)
        start = at
        found.add(line)
    return found


def _places(data: bytes, literals: Iterable[bytes]) -> Iterator[int]:
    """Where the literals stand, one place for each line and literal."""
    for literal in literals:
        at = data.find(literal)
        while at >= 0:
            yield at
            line_end = data.find(b"\n", at)
            at = data.find(literal, line_end) if line_end >= 0 else -1
