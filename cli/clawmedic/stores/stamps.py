"""Times as OpenClaw and people write them: ISO strings, file name stamps, epoch seconds or milliseconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

_FILE_STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2})-(\d{2})-(\d{2})(?:[.-](\d{3}))?Z")
_ANYWHERE = (
    r"(?P<iso>\d{4}-\d{2}-\d{2}T\d{2}[-:]\d{2}[-:]\d{2}(?:[.-]\d{3})?Z?)"
    r"|(?<!\d)(?P<ms>\d{13})(?!\d)"
    r"|(?<!\d)(?P<day>20\d{2}-?\d{2}-?\d{2})(?:[T_-]?(?P<time>\d{2}[:.-]?\d{2}(?:[:.-]?\d{2})?))?(?!\d)"
    r"|(?<!\d)(?P<s>\d{10})(?!\d)"
)
_SECONDS_BELOW = 100_000_000_000  # as milliseconds this is 1973; as seconds the year 5138
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999


def stamp_ms(text: str | None) -> int | None:
    """Epoch milliseconds of a stamp in one of OpenClaw's file names: `2026-11-23T08-08-22.671Z` or 13 digits."""
    if not text:
        return None
    if text.isdecimal():
        return bounded_ms(int(text))
    found = _FILE_STAMP.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    return _epoch_ms(year, month, day, hour, minute, second, int(found[7] or 0))


def stamp_in(text: str) -> int | None:
    """The first time found anywhere in a foreign name, taken as UTC; None when there is none."""
    found = re.search(_ANYWHERE, text)
    if not found:
        return None
    if found["ms"]:
        return bounded_ms(int(found["ms"]))
    if found["s"]:
        return bounded_ms(int(found["s"]) * 1000)
    if found["iso"]:
        return stamp_ms(found["iso"].removesuffix("Z").replace(":", "-") + "Z")
    digits = re.sub(r"\D", "", found["day"] + (found["time"] or "")).ljust(14, "0")
    parts = (int(digits[:4]), *(int(digits[at : at + 2]) for at in (4, 6, 8, 10, 12)))
    return _epoch_ms(*parts, 0)


def instant_ms(value: object) -> int | None:
    """Epoch milliseconds of a row's or payload's time: a number (also a float, also seconds) or an ISO string.

    None for anything else: a negative number, NaN, a time beyond the year 9999, a boolean.
    """
    if type(value) is int:  # what OpenClaw writes
        return bounded_ms(value)
    if isinstance(value, float):
        return bounded_ms(int(value)) if math.isfinite(value) else None
    if isinstance(value, str):
        return _iso_ms(value.strip())
    return None


def seconds_or_ms(value: object) -> int | None:
    """As `instant_ms`, for sources that write seconds (Telegram's `date`)."""
    found = instant_ms(value)
    return found * 1000 if found is not None and found < _SECONDS_BELOW else found


def bounded_ms(value: int) -> int | None:
    """The number when it can be a time, else None."""
    return value if 0 < value <= _LATEST_MS else None


def _iso_ms(text: str) -> int | None:
    if not text or len(text) > 40 or text.isdecimal():
        return bounded_ms(int(text)) if 0 < len(text) <= 20 and text.isdecimal() and text.isascii() else None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return bounded_ms(int(moment.timestamp() * 1000 + 0.5))
    except (ValueError, OverflowError):
        return None


def _epoch_ms(*parts: int) -> int | None:
    year, month, day, hour, minute, second, milli = parts
    try:
        moment = datetime(year, month, day, hour, minute, second, milli * 1000, tzinfo=UTC)
        return bounded_ms(round(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        return None
