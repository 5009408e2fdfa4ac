"""Rows on the screen as data: pieces of harmless text, each with the name of how it looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len

from clawmedic.output.browser.cells import breaks, fitted

Piece: TypeAlias = tuple[str, str]
"""Text and the name of a look (`blocks.LOOKS`)."""
Row: TypeAlias = tuple[Piece, ...]


def flow(pieces: Iterable[Piece], width: int, *, head: Sequence[Piece] = (), indent: str = "") -> list[Row]:
    """A line of pieces broken into rows: the first after `head`, the others after `indent`."""
    parts = [piece for piece in pieces if piece[0]]
    room = width - max(cell_len(indent), sum(cell_len(text) for text, _ in head))
    cuts = breaks("".join(text for text, _ in parts), room)
    before: Row = ((indent, ""),) if indent else ()
    return [
        (*(tuple(head) if number == 0 and head else before), *_between(parts, start, end))
        for number, (start, end) in enumerate(cuts)
    ]


def _between(parts: Sequence[Piece], start: int, end: int) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    for text, look in parts:
        first, last = max(start - at, 0), min(end - at, len(text))
        if first < last:
            found.append((text[first:last], look))
        at += len(text)
        if at >= end:
            break
    return found


def clipped(pieces: Iterable[Piece], width: int) -> Row:
    """One row of pieces, cut at `width`."""
    kept: list[Piece] = []
    room = width
    for text, look in pieces:
        size = cell_len(text)
        if size > room:
            kept.append((fitted(text, room), look))
            break
        kept.append((text, look))
        room -= size
    return tuple(kept)


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Row:
    """A row with something at each end; the left part loses its end when there is no room."""
    right = clipped(right, width)
    size = sum(cell_len(text) for text, _ in right)
    start = clipped(left, max(0, width - size - 1))
    gap = width - size - sum(cell_len(text) for text, _ in start)
    return (*start, (" " * max(0, gap), ""), *right)


def marked(text: str, look: str, wanted: Iterable[str], found: str = "match") -> list[Piece]:
    """A text with everything that was looked for in another look, case aside; overlaps are told once."""
    lowered = text.lower()
    spans = sorted(_spans(lowered, wanted)) if len(lowered) == len(text) else []
    pieces: list[Piece] = []
    at = 0
    for start, end in spans:
        if start < at:
            continue
        pieces += [(text[at:start], look), (text[start:end], found)]
        at = end
    return [*pieces, (text[at:], look)]


def _spans(lowered: str, wanted: Iterable[str]) -> Iterable[tuple[int, int]]:
    for word in wanted:
        at = lowered.find(word) if word else -1
        while at >= 0:
            yield at, at + len(word)
            at = lowered.find(word, at + len(word))
