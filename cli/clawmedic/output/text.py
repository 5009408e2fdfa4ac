"""Words for people: sizes, ages, times, and keys made safe to print.

User data (keys, evidence, texts) may hold anything: escape sequences, line ends, bidi controls, half
surrogates. Nothing of it reaches a terminal unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from clawmedic.settings import Times

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
UNKNOWN = "-"


def visible(text: str) -> str:
    """One line without control characters: they are written out, bidi controls are dropped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_char(char) for char in text if char not in _BIDI)


def _visible_char(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return _NAMED.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}")
    if category in ("Cs", "Co", "Cn"):
        return f"\\u{ord(char):04x}"
    return char


def size(count: int | None) -> str:
    """Bytes in decimal units: 999 B, 1.2 KB, 512 KB, 3.4 MB."""
    if count is None:
        return UNKNOWN
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("KB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{count} B"


def tokens(count: int | None) -> str:
    """Tokens: 950, 23.4k, 1.2M."""
    if count is None:
        return UNKNOWN
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.1f}M"


def percent(share: float | None) -> str:
    """A share of one as "87 %"."""
    return UNKNOWN if share is None else f"{min(share, 99.99) * 100:.0f} %"


def duration(milliseconds: int) -> str:
    """A stretch of time in its largest unit: 12s, 3m, 5h, 2d, 7w."""
    seconds = max(0, milliseconds // 1000)
    for unit, length, least in (("w", 604_800, 2), ("d", 86_400, 2), ("h", 3600, 1), ("m", 60, 1)):
        if seconds >= least * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def age(at: int | None, now: int) -> str:
    """How long ago, "-" when unknown."""
    return UNKNOWN if at is None else duration(now - at)


def moment(at: int | None, times: Times) -> str:
    """A time to the second with its zone; "-" when unknown or beyond the calendar."""
    then = _calendar(at, times)
    if then is None:
        return UNKNOWN
    if times.iso:
        return f"{then.isoformat(timespec='seconds').replace('+00:00', 'Z')}"
    return f"{then:%Y-%m-%d %H:%M:%S %Z}".rstrip()


def minute(at: int | None, times: Times) -> str:
    """As `moment`, to the minute and without its zone: for tables and headings."""
    then = _calendar(at, times)
    return UNKNOWN if then is None else f"{then:%Y-%m-%dT%H:%M}" if times.iso else f"{then:%Y-%m-%d %H:%M}"


def second(at: int | None, times: Times) -> str:
    """As `moment`, without its zone: where that is said elsewhere."""
    then = _calendar(at, times)
    return (
        UNKNOWN if then is None else f"{then:%Y-%m-%dT%H:%M:%S}" if times.iso else f"{then:%Y-%m-%d %H:%M:%S}"
    )


def zone(at: int | None, times: Times) -> str:
    """The zone of a time, such as "CET"; "" when unknown."""
    then = _calendar(at, times)
    return "" if then is None else f"{then:%Z}"


def _calendar(at: int | None, times: Times) -> datetime | None:
    if at is None:
        return None
    try:
        then = datetime.fromtimestamp(at / 1000, tz=UTC)
        return then if times.utc else then.astimezone()
    except (OverflowError, ValueError, OSError):
        return None


_STAMP = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,3})?Z")
_QUOTE = re.compile(r"\S+:\d+: ")


def in_words(sentence: str, times: Times) -> str:
    """A sentence of evidence with its times as people write them; a quoted log line stays as it is."""
    if times.iso or _QUOTE.match(sentence):
        return sentence
    return _STAMP.sub(lambda found: _restamped(found, times), sentence)


def without_folder(sentence: str) -> str:
    """A quoted log line with its file's name alone."""
    found = _QUOTE.match(sentence)
    return found[0].rpartition("/")[2] + sentence[found.end() :] if found else sentence


def _restamped(found: re.Match[str], times: Times) -> str:
    try:
        at = datetime.fromisoformat(f"{found[1]}+00:00")
    except ValueError:
        return found[0]
    return moment(round(at.timestamp() * 1000), times)


def iso(at: int | None) -> str | None:
    """The contract's form of a time: ISO 8601, UTC, milliseconds, Z; None when it cannot be said."""
    if at is None:
        return None
    try:
        then = datetime.fromtimestamp(at // 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{then.isoformat()[:19]}.{at % 1000:03d}Z"


def count_of(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: 1 session, 3 sessions."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
