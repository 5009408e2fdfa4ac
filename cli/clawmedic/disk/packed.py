"""Lines of plain, gzip and zstd content, bounded in memory and in what they unpack to.

A frame that ends early, a damaged one and a bomb are answers (`LineStream.problem`), never exceptions.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from clawmedic.disk.jsonl import Line

if TYPE_CHECKING:
    from zstandard import ZstdDecompressor

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_WINDOW = 1 << 27
"""128 MiB: what `zstd --ultra -22` and `--long` ask for; a frame that wants more is refused."""
LEAST_UNPACKED = 64 * 1024 * 1024
MOST_RATIO = 200
"""Transcripts unpack to 3 to 40 times their size; beyond this ratio (and `LEAST_UNPACKED`) it is a bomb."""

_BLOCK = 256 * 1024

ReadBlock = Callable[[int, int], bytes]
"""(offset, length) -> bytes, fewer only at the end."""


class LineStream(Struct):
    """Lines of one content. `problem` is known when the lines have ended; "" means that it was read to its end.

    Attributes:
        cut: the packed content ends before its end mark.
        unpacked_bytes: bytes after unpacking, as far as was read.
    """

    read: ReadBlock
    line_limit: int
    unpacked_limit: int | None = None
    problem: str = ""
    cut: bool = False
    unpacked_bytes: int = 0
    codec: str = ""

    def lines(self) -> Iterator[Line]:
        """Every line from the start."""
        return split_lines(self.blocks(), self.line_limit)

    def blocks(self) -> Iterator[bytes]:
        """The content in pieces; packed content is recognised by its magic and unpacked once."""
        head = self.read(0, 4)
        if head.startswith(ZSTD_MAGIC):
            self.codec = "zstd"
            blocks = self._zstd()
        elif head.startswith(GZIP_MAGIC):
            self.codec = "gzip"
            blocks = self._gzip()
        else:
            self.codec = "plain"
            blocks = self._plain()
        return self._bounded(blocks)

    def _plain(self) -> Iterator[bytes]:
        offset = 0
        while block := self.read(offset, _BLOCK):
            offset += len(block)
            yield block

    def _bounded(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.unpacked_bytes += len(block)
            if (
                self.unpacked_limit is not None
                and self.codec != "plain"
                and self.unpacked_bytes > self.unpacked_limit
            ):
                self.problem = f"unpacks to more than {self.unpacked_limit} bytes"
                return
            yield block

    def _gzip(self) -> Iterator[bytes]:
        machine = zlib.decompressobj(wbits=31)
        for block in self._plain():
            pending = block
            while pending:
                try:
                    out = machine.decompress(pending, _BLOCK)
                except zlib.error as error:
                    self.problem = f"damaged gzip data: {_words(error)}"
                    return
                if out:
                    yield out
                pending = machine.unconsumed_tail
                if machine.eof:
                    pending = machine.unused_data.lstrip(b"\0")
                    machine = zlib.decompressobj(wbits=31) if pending else machine
        if not machine.eof:
            self._ended_early("gzip")

    def _zstd(self) -> Iterator[bytes]:
        import zstandard

        frames = _decompressor(ZSTD_WINDOW)
        machine = frames.decompressobj(write_size=_BLOCK)
        fed = False
        for block in self._plain():
            pending = block
            while pending:
                try:
                    # Small bites: what one bite unpacks to is held at once, and a bomb unpacks 1 byte to 32 KiB.
                    bite, pending = pending[:64], pending[64:]
                    out = machine.decompress(bite)
                except zstandard.ZstdError as error:
                    self.problem = f"damaged zstd data: {_words(error)}"
                    return
                fed = True
                if out:
                    yield out
                if machine.eof:
                    pending = machine.unused_data + pending
                    machine = frames.decompressobj(write_size=_BLOCK)
                    fed = False
        if fed:
            self._ended_early("zstd")

    def _ended_early(self, codec: str) -> None:
        self.cut = True
        self.problem = f"the {codec} data ends early"


def _decompressor(window: int) -> ZstdDecompressor:
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=window)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def unpacked_limit(packed_bytes: int) -> int:
    """How much a packed content of this size may unpack to, in bytes."""
    return max(LEAST_UNPACKED, packed_bytes * MOST_RATIO)


def split_lines(blocks: Iterator[bytes], line_limit: int) -> Iterator[Line]:
    """Blocks as lines; a line longer than `line_limit` bytes is counted and not held."""
    number = start = held = 0
    parts: list[bytes] = []
    for block in blocks:
        pieces = block.split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            size = held + len(piece)
            over = size > line_limit
            number += 1
            yield Line(
                number,
                start,
                b"" if over else b"".join((*parts, piece)) if parts else piece,
                size,
                oversized=over,
            )
            start += size + 1
            held = 0
            parts.clear()
        held += len(rest)
        if held > line_limit:
            parts.clear()
        elif rest:
            parts.append(rest)
    if held:
        yield Line(number + 1, start, b"".join(parts), held, terminated=False, oversized=held > line_limit)
