"""Reads a stream in blocks of whole lines, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from clawmedic.logs.shapes import LINE_LIMIT

BLOCK_BYTES = 512 * 1024


class Block(Struct, frozen=True):
    """Whole lines.

    Attributes:
        data: the lines with their line ends; only a stream's last line may lack its own.
        skipped: here stood one line longer than `LINE_LIMIT`, which was not held; `data` is empty.
    """

    data: bytes
    skipped: bool = False


def blocks(read: Callable[[int], bytes]) -> Iterator[Block]:
    """Blocks of what `read(size)` gives until it gives b""; its errors pass through."""
    carry = b""
    dropping = False
    while data := read(BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if not end:
            carry, dropping = _grown(carry, data, dropping)
            continue
        if dropping:
            first = data.index(b"\n") + 1
            data, end, dropping = data[first:], end - first, False
            yield Block(b"", skipped=True)
        if end:
            yield Block(b"".join((carry, memoryview(data)[:end])))
            carry = b""
        carry += data[end:]
    if dropping:
        yield Block(b"", skipped=True)
    elif carry:
        yield Block(carry)


def _grown(carry: bytes, data: bytes, dropping: bool) -> tuple[bytes, bool]:  # noqa: FBT001 - a state, not an option
    """More of a line whose end has not come: kept up to the limit, then let go."""
    if dropping or len(carry) + len(data) > LINE_LIMIT:
        return b"", True
    return carry + data, False
