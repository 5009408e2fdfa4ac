"""What a source's lines look like, learnt from its beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from msgspec import Struct

from clawmedic.logs.blocks import blocks
from clawmedic.logs.clock import day_of, plus_days
from clawmedic.logs.textshapes import peel

_HALF_DAY_S = 12 * 3600


class Shape(Struct, frozen=True):
    """The shape of a source.

    Attributes:
        timestamped: its text lines start with a time; one without continues the line before it.
        dated: every time has its date, so that any part of it can be read by itself.
    """

    timestamped: bool
    dated: bool


def sniff(head: bytes) -> Shape:
    """The shape by the first bytes of a source; its last line may be cut."""
    peeled = [peel(line) for line in _text_lines(head.split(b"\n"))]
    return Shape(
        timestamped=any(line.prefixed for line in peeled),
        dated=not any(line.of_day and not line.stamp for line in peeled),
    )


def first_day(read: Callable[[int], bytes], reference: int) -> date:
    """The date of the first line of a source whose times have no dates.

    The last line was written on the reference's day (epoch milliseconds, the file's last change); each time the
    clock goes back, a day has passed.
    """
    days = 0
    newest = 0
    for block in blocks(read):
        for line in _text_lines(block.data.split(b"\n")):
            of_day = peel(line[:80]).of_day
            if not of_day:
                continue
            seconds = int(of_day[:2]) * 3600 + int(of_day[3:5]) * 60 + int(of_day[6:8])
            days += seconds < newest - _HALF_DAY_S
            newest = seconds
    return plus_days(day_of(reference), -days)


def _text_lines(lines: Iterable[bytes]) -> Iterator[str]:
    for raw in lines:
        data = raw.strip()
        if data and not data.startswith(b"{"):
            yield data[:4096].decode("utf-8", "replace")
