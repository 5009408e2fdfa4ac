"""A piece of a log, read: its signals, and what was counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct, field

from clawmedic.logs.blocks import Block, blocks
from clawmedic.logs.candidates import candidate_lines
from clawmedic.logs.shapes import LineParser
from clawmedic.logs.signals import Signal
from clawmedic.logs.signatures import match


class Piece(Struct):
    """The outcome of reading some lines.

    Attributes:
        signals: in order; `record.line` counts from the beginning of the source.
        first_at, last_at: the times of the first and the last line that has one, epoch milliseconds.
        long_lines: lines too long to be looked at.
    """

    signals: list[Signal] = field(default_factory=list)
    lines: int = 0
    bytes_read: int = 0
    long_lines: int = 0
    first_at: int | None = None
    last_at: int | None = None


def stream_pieces(
    read: Callable[[int], bytes], parser: LineParser, *, first_line: int = 1
) -> Iterator[Piece]:
    """One piece for each block that `read(size)` gives; its errors pass through."""
    line = first_line
    for block in blocks(read):
        piece = _piece(block, parser, line)
        line += piece.lines
        yield piece


def _piece(block: Block, parser: LineParser, line: int) -> Piece:
    if block.skipped:
        return Piece(lines=1, long_lines=1)
    count, found = candidate_lines(block.data)
    piece = Piece(lines=count, bytes_read=len(block.data))
    piece.first_at = _time_of(block.data[: block.data.find(b"\n")], parser)
    for index, raw in found:
        record = parser.parse(raw, line + index)
        signal = match(record) if record is not None else None
        if signal is not None:
            piece.signals.append(signal)
    piece.last_at = _time_of(block.data[block.data.rfind(b"\n", 0, -1) + 1 :], parser)
    return piece


def _time_of(raw: bytes, parser: LineParser) -> int | None:
    record = parser.parse(raw, 0)
    return record.at if record is not None else None
