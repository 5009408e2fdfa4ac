"""Reads one big plain file with several processes, in order."""

from __future__ import annotations

import multiprocessing
import os
import signal as signals_of_process
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.logs.opening import LogReadError
from clawmedic.logs.pieces import Piece, stream_pieces
from clawmedic.logs.shapes import LineParser

RANGE_BYTES = 16 * 1024 * 1024
"""How much one process reads at a time; the signals of that much are held in memory."""


class Range(Struct, frozen=True):
    """Whole lines of a file: from a line's first byte to the end of another line."""

    path: Path
    start: int
    end: int
    parser: LineParser


def workers() -> int:
    """How many processes may read; 1 where a fork is not safe or not worth it."""
    can_fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, 4) if can_fork else 1


def file_pieces(path: Path, parser: LineParser, size: int, count: int) -> Iterator[Piece]:
    """The pieces of a plain file in order, read by `count` processes.

    Raises:
        LogReadError: the file cannot be read.
    """
    context = multiprocessing.get_context("fork")
    line = 1
    with ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupts) as pool:
        waiting: deque[Future[Piece]] = deque()
        ranges = _ranges(path, parser, size)
        try:
            for part in ranges:
                waiting.append(pool.submit(read_range, part))
                if len(waiting) > count:
                    piece = _renumbered(waiting.popleft().result(), line)
                    line += piece.lines
                    yield piece
            while waiting:
                piece = _renumbered(waiting.popleft().result(), line)
                line += piece.lines
                yield piece
        except BrokenProcessPool as error:
            raise LogReadError("a process that read it died") from error
        finally:
            for future in waiting:
                future.cancel()


def read_range(part: Range) -> Piece:
    """One range, read in this process; line numbers count from its beginning."""
    whole = Piece()
    try:
        with part.path.open("rb", buffering=0) as stream:
            stream.seek(part.start)
            left = part.end - part.start

            def read(size: int) -> bytes:
                nonlocal left
                data = stream.read(min(size, left)) or b""
                left -= len(data)
                return data

            for piece in stream_pieces(read, part.parser):
                _join(whole, piece)
    except OSError as error:
        raise LogReadError(f"{part.path}: {error.strerror or error}") from error
    return whole


def _join(whole: Piece, piece: Piece) -> None:
    whole.signals.extend(piece.signals)
    whole.lines += piece.lines
    whole.bytes_read += piece.bytes_read
    whole.long_lines += piece.long_lines
    whole.first_at = whole.first_at if whole.first_at is not None else piece.first_at
    whole.last_at = piece.last_at if piece.last_at is not None else whole.last_at


def _renumbered(piece: Piece, first_line: int) -> Piece:
    offset = first_line - 1
    if offset:
        piece.signals = [
            replace(signal, record=replace(signal.record, line=signal.record.line + offset))
            for signal in piece.signals
        ]
    return piece


def _ranges(path: Path, parser: LineParser, size: int) -> Iterator[Range]:
    """Ranges that end with a line; a line longer than a range makes its range longer."""
    start = 0
    try:
        with path.open("rb", buffering=0) as stream:
            while start < size:
                end = min(start + RANGE_BYTES, size)
                stream.seek(end)
                while end < size:
                    data = stream.read(64 * 1024)
                    found = data.find(b"\n")
                    end += found + 1 if found >= 0 else len(data)
                    if found >= 0 or not data:
                        break
                yield Range(path, start, end, parser)
                start = end
    except OSError as error:
        raise LogReadError(f"{path}: {error.strerror or error}") from error


def _ignore_interrupts() -> None:
    signals_of_process.signal(signals_of_process.SIGINT, signals_of_process.SIG_IGN)
