"""Reads log sources from end to end and gives every line that means something.

Big plain files are read by two or more processes; the signals come in the order of the file all the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct, field

from clawmedic.logs.opening import HEAD_BYTES, LogReadError, opened, read_some, running
from clawmedic.logs.records import Level
from clawmedic.logs.shapes import LineParser, day_in_name
from clawmedic.logs.signals import Signal, SignalKind
from clawmedic.logs.sniffing import Shape, first_day, sniff
from clawmedic.logs.sources import LogSource, SourceKind
from clawmedic.logs.window import TimeWindow
from clawmedic.model.reporter import Reporter

if TYPE_CHECKING:
    from clawmedic.logs.pieces import Piece

_TWIN_MS = 1_000
WORTH_BYTES = 48 * 1024 * 1024
"""A smaller file is read faster by one process."""


class LogCoverage(Struct):
    """What was read; complete when the iteration is over.

    Attributes:
        first_at, last_at: the first and the last time seen, epoch milliseconds, None when no line had one.
        bytes_read: decompressed bytes.
        long_lines: lines that were too long to be looked at.
        gaps: where OpenClaw stopped writing (size cap, dropped records): source, line, time.
        problems: sources that could not be read, or not to their end; one line each.
    """

    first_at: int | None = None
    last_at: int | None = None
    bytes_read: int = 0
    lines: int = 0
    long_lines: int = 0
    gaps: list[tuple[str, int, int | None]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def take(self, piece: Piece) -> None:
        """Count a piece in."""
        self.bytes_read += piece.bytes_read
        self.lines += piece.lines
        self.long_lines += piece.long_lines
        times = [at for at in (self.first_at, piece.first_at) if at is not None]
        self.first_at = min(times, default=None)
        times = [at for at in (self.last_at, piece.last_at) if at is not None]
        self.last_at = max(times, default=None)


class LogScan(Iterator[Signal]):
    """The signals of some sources, in their order, and afterwards what was covered."""

    def __init__(self, sources: Iterable[LogSource], window: TimeWindow, reporter: Reporter) -> None:
        self.coverage = LogCoverage()
        self._signals = self._read(tuple(sources), window, reporter)

    def __next__(self) -> Signal:
        return next(self._signals)

    def _read(
        self, sources: tuple[LogSource, ...], window: TimeWindow, reporter: Reporter
    ) -> Iterator[Signal]:
        reporter.begin("reading logs", sum(source.size_bytes for source in sources) or None)
        try:
            for source in sources:
                yield from self._source(source, window, reporter)
        finally:
            reporter.end()

    def _source(self, source: LogSource, window: TimeWindow, reporter: Reporter) -> Iterator[Signal]:
        if source.problem:
            self.coverage.problems.append(source.problem)
            return
        self.coverage.sources.append(source.name)
        previous: Signal | None = None
        try:
            for piece in _pieces(source):
                for signal in piece.signals:
                    if previous is not None and is_twin(previous, signal):
                        continue
                    previous = signal
                    if signal.kind is SignalKind.LOG_GAP:
                        self.coverage.gaps.append((source.name, signal.record.line, signal.at))
                    if signal.at in window:
                        yield signal
                self.coverage.take(piece)
                reporter.advance(piece.bytes_read)
        except LogReadError as error:
            self.coverage.problems.append(f"{source.name}: {error}")


def signals(sources: Iterable[LogSource], window: TimeWindow, reporter: Reporter) -> LogScan:
    """Every line of the sources that means something, in source order; `.coverage` is complete afterwards."""
    return LogScan(sources, window, reporter)


def is_twin(first: Signal, second: Signal) -> bool:
    """A verbose line stands twice in a 7.1 log: as a DEBUG record and, captured from the console, as INFO."""
    return (
        first.record.level is Level.DEBUG
        and second.record.level is Level.INFO
        and first.kind is second.kind
        and first.record.text == second.record.text
        and abs((second.at or 0) - (first.at or 0)) <= _TWIN_MS
    )


def _pieces(source: LogSource) -> Iterator[Piece]:
    if source.kind is SourceKind.COMMAND:
        with running(source.command) as stream:
            yield from _streamed(source, stream)
    elif source.kind is SourceKind.STDIN:
        if sys.stdin is None:
            raise LogReadError("there is no standard input")
        yield from _streamed(source, sys.stdin.buffer)
    elif source.path is not None:
        yield from _file(source, source.path)


def _file(source: LogSource, path: Path) -> Iterator[Piece]:
    with opened(path, stream=source.kind is SourceKind.STREAM) as (stream, compressed):
        count = 1
        if not compressed and source.size_bytes >= WORTH_BYTES:
            from clawmedic.logs.parallel import file_pieces, workers

            count = workers()
        if count > 1:
            parser, shape = _parser(source, os.pread(stream.fileno(), HEAD_BYTES, 0))
            if shape.dated:
                yield from file_pieces(path, parser, source.size_bytes, count)
                return
        yield from _streamed(source, stream)


def _streamed(source: LogSource, stream: BinaryIO) -> Iterator[Piece]:
    from clawmedic.logs.pieces import stream_pieces

    head = read_some(stream, HEAD_BYTES)
    parser, _ = _parser(source, head)
    waiting = [head] if head else []

    def read(size: int) -> bytes:
        return waiting.pop() if waiting else read_some(stream, size)

    yield from stream_pieces(read, parser)


def _parser(source: LogSource, head: bytes) -> tuple[LineParser, Shape]:
    """A parser that knows the shape of its source; times without dates are dated by a first pass over the file."""
    shape = sniff(head)
    reference = source.mtime_ms or source.looked_at
    day = None
    if not shape.dated and source.path is not None and source.kind is SourceKind.FILE:
        day = day_in_name(source.path.name)
        if day is None:
            with opened(source.path) as (stream, _):
                day = first_day(lambda size: read_some(stream, size), reference)
    return LineParser(source.name, reference, day, timestamped=shape.timestamped), shape
