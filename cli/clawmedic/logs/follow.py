"""Follows growing logs: new lines only, across rotation, truncation and the change of the day file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from clawmedic.logs.opening import HEAD_BYTES, LogReadError, opened
from clawmedic.logs.pieces import stream_pieces
from clawmedic.logs.shapes import LINE_LIMIT, LineParser
from clawmedic.logs.signals import Signal
from clawmedic.logs.sniffing import sniff
from clawmedic.logs.sources import LogSource, SourceKind

_READ_BYTES = 1024 * 1024

Identity = tuple[int, int]
"""Device and inode: a file keeps it under its rotated name."""


class Tail(Struct):
    """How far one file has been followed: bytes up to the last whole line, and the next line's number."""

    offset: int = 0
    line: int = 1
    dropping: bool = False
    """The line that is being written is too long to be held; its rest is passed over."""


def follow(
    sources: Sequence[LogSource],
    *,
    rediscover: Callable[[], Sequence[LogSource]],
    wait: Callable[[], None],
    clock: Callable[[], int],
) -> Iterator[Signal]:
    """Signals of the lines that are written from now on, in the order in which they are seen; endless.

    Files that appear later (the next day's) are read from their beginning, truncated ones too. Standard input and
    FIFOs are no files that grow: `scan.signals` reads them while they last.

    Args:
        sources: the files as they are now; what they hold already is not told.
        rediscover: gives the sources as they are then, before every reading.
        wait: sleeps between two readings; an exception from it (KeyboardInterrupt) ends the iteration.
        clock: the present, epoch milliseconds: the reference for times without a date.
    """
    tails: dict[Identity, Tail] = {}
    for source in sources:
        _read(source, tails, clock(), known=True)
    while True:
        wait()
        for source in rediscover():
            yield from _read(source, tails, clock(), known=False)


def _read(source: LogSource, tails: dict[Identity, Tail], now: int, *, known: bool) -> list[Signal]:
    """The signals of a source's new lines; one that cannot be read now is tried again the next time."""
    if source.kind is not SourceKind.FILE or source.path is None:
        return []
    try:
        with opened(source.path) as (stream, compressed):
            if compressed:
                return []
            return _read_new(stream.fileno(), source, tails, now, known=known)
    except (LogReadError, OSError):
        return []


def _read_new(
    descriptor: int, source: LogSource, tails: dict[Identity, Tail], now: int, *, known: bool
) -> list[Signal]:
    status = os.fstat(descriptor)
    tail = tails.setdefault((status.st_dev, status.st_ino), Tail())
    if status.st_size < tail.offset:
        tail.offset, tail.line, tail.dropping = 0, 1, False
    if not known:
        return new_signals(descriptor, source, tail, now)
    for data in _whole_lines(descriptor, tail):
        tail.line += data.count(b"\n")
    return []


def new_signals(descriptor: int, source: LogSource, tail: Tail, now: int) -> list[Signal]:
    """The signals of the whole lines that stand behind a place in a plain file; the place moves along."""
    shape = sniff(os.pread(descriptor, HEAD_BYTES, 0))
    parser = LineParser(source.name, now, timestamped=shape.timestamped)
    found: list[Signal] = []
    for data in _whole_lines(descriptor, tail):
        for piece in stream_pieces(once(data), parser, first_line=tail.line):
            found.extend(piece.signals)
            tail.line += piece.lines
    return found


def once(data: bytes) -> Callable[[int], bytes]:
    """A reader that gives the data and then its end."""
    left = [data]
    return lambda _size: left.pop() if left else b""


def _whole_lines(descriptor: int, tail: Tail) -> Iterator[bytes]:
    """What was added in whole lines; the tail's offset moves along."""
    size = _READ_BYTES
    while data := os.pread(descriptor, size, tail.offset):
        end = data.rfind(b"\n") + 1
        if not end:
            if len(data) < size:
                return
            size *= 2
            if size > LINE_LIMIT:
                tail.offset, tail.dropping, size = tail.offset + len(data), True, _READ_BYTES
            continue
        size = _READ_BYTES
        tail.offset += end
        start = 0
        if tail.dropping:
            start, tail.dropping = data.index(b"\n") + 1, False
            tail.line += 1
        if start < end:
            yield data[start:end]
