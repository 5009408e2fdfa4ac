"""Lines of a file by byte offset: all of them, the last ones, or the newest that contains some bytes.

Everything reads with `pread` in blocks, so that a file which shrinks meanwhile gives fewer lines and nothing worse
(a mapping of a truncated file would end the process with SIGBUS).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from clawmedic.disk.files import pread_all

_BLOCK = 256 * 1024
_BACK_BLOCK = 256 * 1024
_FIRST_LOOK = 4 * 1024
_BUFFER = 64 * 1024
_HANDFUL = 64
_LINE_END = ord("\n")


class Line(NamedTuple):
    """One line. `data` is without its line end, and empty when `oversized`; `size` counts the data alone."""

    number: int
    offset: int
    data: bytes
    size: int
    terminated: bool = True
    oversized: bool = False


class Tail(NamedTuple):
    """Whole lines of a file's end, without their line ends.

    `start` is the byte offset of the first of them, `terminated` whether the last one has a line end. When
    `complete` is set they are the whole file. `oversized` is the size of a last line that was too long to hold; there
    are no `lines` then.
    """

    lines: tuple[bytes, ...]
    start: int
    complete: bool
    terminated: bool = True
    oversized: int = 0


def iter_lines(descriptor: int, *, line_limit: int) -> Iterator[Line]:
    """Every line from the start. A line longer than `line_limit` bytes is reported and not held."""
    offset = 0
    number = 0
    start = 0
    parts: list[bytes] = []  # the beginning of a line that goes on in the next block
    held = 0  # its bytes, also where they were dropped
    while block := pread_all(descriptor, offset, _BLOCK):
        offset += len(block)
        pieces = block.split(b"\n")
        rest = pieces.pop()
        if held and pieces:
            size = held + len(pieces[0])
            pieces[0] = b"" if size > line_limit else b"".join((*parts, pieces[0]))
            if size > line_limit:
                number += 1
                yield Line(number, start, b"", size, oversized=True)
                start += size + 1
                del pieces[0]
            held = 0
            parts.clear()
        for piece in pieces:
            size = len(piece)
            number += 1
            if size > line_limit:
                yield Line(number, start, b"", size, oversized=True)
            else:
                yield Line(number, start, piece, size)
            start += size + 1
        held += len(rest)
        if held > line_limit:
            parts.clear()
        elif rest:
            parts.append(rest)
    if held:
        yield Line(number + 1, start, b"".join(parts), held, terminated=False, oversized=held > line_limit)


def line_handfuls(
    descriptor: int, *, line_limit: int, start: int = 0, end: int | None = None
) -> Iterator[tuple[list[bytes], int]]:
    """Lines with their line ends, many at a time: three times as quick as `iter_lines`.

    A line longer than `line_limit` bytes is not held: an empty list comes in its place, with its size without the
    line end. What stands behind the last line end is left out.

    Args:
        descriptor: an open file.
        line_limit: the longest line to hold, in bytes.
        start: where to begin, in bytes: the beginning of a line.
        end: where to stop, in bytes: the beginning of a line; None for the end of the file.
    """
    at, long = start, 0
    sure = (
        file_size(descriptor) if end is None else end
    )  # up to here a line without its end is only a long one
    with open(descriptor, "rb", buffering=_BUFFER, closefd=False) as file:
        file.seek(start)
        source = iter(partial(file.readline, line_limit + 1), b"")
        while lines := list(islice(source, _HANDFUL)):
            after = at + sum(map(len, lines))
            if (
                not long
                and after < sure
                and max(map(len, lines)) <= line_limit
                and lines[-1][-1] == _LINE_END
            ):
                at = after
                yield lines, 0
                continue
            for line in lines:
                ended = line[-1] == _LINE_END
                if at == end or (not ended and len(line) <= line_limit):
                    return
                at += len(line)
                if not long and len(line) - ended <= line_limit:
                    yield [line], 0
                    continue
                long += len(line) - ended
                if ended:
                    yield [], long
                    long = 0


def first_line(descriptor: int, *, limit: int) -> Line | None:
    """The first line, None for an empty file; one longer than `limit` bytes is `oversized` with `size` = `limit`."""
    for length in (min(_FIRST_LOOK, limit + 1), limit + 1):
        data = pread_all(descriptor, 0, length)
        end = data.find(b"\n")
        if end >= 0:
            return Line(1, 0, data[:end], end)
        if len(data) < length:
            break
    if not data:
        return None
    if len(data) <= limit:
        return Line(1, 0, data, len(data), terminated=False)
    return Line(1, 0, b"", limit, oversized=True)


def tail_lines(descriptor: int, size: int, *, limit: int, line_limit: int, least: int = 4) -> Tail:
    """The lines that lie whole in the last `limit` bytes of a file of `size` bytes.

    Where that gives fewer than `least` lines, the window grows up to 64 times `limit`, so that one long tool result
    does not hide everything; a last line longer than that is given alone, one above `line_limit` not at all.
    """
    window = limit
    while True:
        begin = max(0, size - window)
        # One byte before the window says whether the window begins with a line.
        before = max(0, begin - 1)
        data = pread_all(descriptor, before, size - before)
        pieces = data.split(b"\n")
        skipped = 0 if begin == 0 else len(pieces.pop(0)) + 1
        if begin == 0 or window >= limit * 64 or len(pieces) > least:
            break
        window *= 4
    terminated = not pieces or not pieces[-1]
    if terminated and pieces:
        pieces.pop()
    if begin and not pieces:
        return _last_line(descriptor, before + len(data), line_limit)
    return Tail(tuple(pieces), min(before + skipped, before + len(data)), begin == 0, terminated)


def _last_line(descriptor: int, size: int, line_limit: int) -> Tail:
    """The one line that ends the file, where it is longer than every window (or the file has shrunk to nothing)."""
    size = min(size, file_size(descriptor))
    if size <= 0:
        return Tail((), 0, complete=True)
    terminated = pread_all(descriptor, size - 1, 1) == b"\n"
    end = size - 1 if terminated else size
    start = _rfind(descriptor, b"\n", end) + 1
    if end - start > line_limit:
        return Tail((), start, start == 0, terminated, end - start)
    return Tail((pread_all(descriptor, start, end - start),), start, start == 0, terminated)


def newest_line_with(
    descriptor: int,
    literal: bytes,
    *,
    end: int,
    line_limit: int,
    accept: Callable[[bytes], bool] = lambda _: True,
) -> Line | None:
    """The last line before byte `end` that contains `literal` and that `accept` takes; None when there is none.

    Its `number` is 0: counting would need the whole file. A line above `line_limit` bytes is passed over.
    """
    while (hit := _rfind(descriptor, literal, end)) >= 0:
        start = _rfind(descriptor, b"\n", hit) + 1
        stop = _line_end(descriptor, hit, start + line_limit)
        if stop is not None:
            data = pread_all(descriptor, start, stop - start)
            if literal in data and accept(data):
                return Line(0, start, data, len(data))
        end = start
    return None


def _rfind(descriptor: int, literal: bytes, end: int) -> int:
    """The offset of the last `literal` that ends at or before `end`, -1 when there is none."""
    overlap = len(literal) - 1
    while end > overlap:
        begin = max(0, end - _BACK_BLOCK)
        block = pread_all(descriptor, begin, end - begin)
        found = block.rfind(literal)
        if found >= 0:
            return begin + found
        if begin == 0:
            break
        end = begin + overlap
    return -1


def _line_end(descriptor: int, offset: int, bound: int) -> int | None:
    """The offset of the line end at or after `offset`; the file's end counts; None beyond `bound`."""
    while offset <= bound:
        block = pread_all(descriptor, offset, _BACK_BLOCK)
        found = block.find(b"\n")
        if found >= 0:
            return offset + found if offset + found <= bound else None
        offset += len(block)
        if len(block) < _BACK_BLOCK:
            return offset if offset <= bound else None
    return None


def file_size(descriptor: int) -> int:
    """The size now, in bytes."""
    return os.fstat(descriptor).st_size
