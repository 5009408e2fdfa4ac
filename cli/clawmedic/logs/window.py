"""The stretch of time a diagnosis looks at."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

from clawmedic.errors import UsageError
from clawmedic.logs.clock import iso_ms, plus_days

_AGO = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|m|h|d|w)(?:\s+ago)?")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXAMPLES = 'examples: 90m, 24h, 2d, 1w, yesterday, 2026-11-23, 2026-11-23T08:00, "2026-11-23 08:00:00+01:00"'
_SKEW_MS = 60_000
"""A clock that runs a little ahead is no mistake."""


class TimeWindow(Struct, frozen=True):
    """From `since` (included) to `until` (excluded), epoch milliseconds; None means open."""

    since: int | None = None
    until: int | None = None

    def __contains__(self, at: int | None) -> bool:
        """A line without a time is never left out."""
        if at is None:
            return True
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def parse_when(text: str, now_ms: int) -> int:
    """A moment as people write it, in epoch milliseconds: `24h` (ago), `today`, an ISO date or time (local zone).

    Raises:
        UsageError: it is none of these, or it lies in the future.
    """
    words = text.strip().lower()
    at = _moment(words, now_ms)
    if at is None:
        raise UsageError(f"not a time: {text!r}", hint=_EXAMPLES)
    if at > now_ms + _SKEW_MS:
        raise UsageError(f"a time in the future: {text!r}", hint=_EXAMPLES)
    if at < 0:
        raise UsageError(f"a time before 1970: {text!r}", hint=_EXAMPLES)
    return at


def _moment(words: str, now_ms: int) -> int | None:
    if match := _AGO.fullmatch(words):
        return now_ms - round(float(match[1]) * _UNIT_MS[match[2]])
    if words == "now":
        return now_ms
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone().date()
    if words in ("today", "yesterday"):
        return iso_ms(f"{plus_days(today, -(words == 'yesterday')).isoformat()}T00:00:00")
    return iso_ms(words.upper()) if _DATE.match(words) else None
