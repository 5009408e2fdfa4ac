"""What one value of config.toml may be: each converter takes what TOML gave, and says what is allowed.

They never quote the value: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from clawmedic.configuration.sections import QuietHours

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_SIZE = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,6})?)\s*(?P<unit>[kmgt]?)(?P<binary>i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DURATION = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,3})?)\s*(?P<unit>ms|s|m|h|d|w)", re.IGNORECASE)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_MS = 365 * 86_400_000


class NotAllowedError(ValueError):
    """A value that cannot be: `allowed` completes the sentence "NAME must be …"; `hint` names what was meant."""

    def __init__(self, allowed: str, hint: str = "") -> None:
        super().__init__(allowed)
        self.allowed, self.hint = allowed, hint


def size_bytes(text: str) -> int | None:
    """Bytes of "500k", "2MB", "1.5 MiB", "1000"; None when it is no size."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    base = 1024 if found["binary"] else 1000
    return int(float(found["number"]) * base ** _POWERS[found["unit"].lower()])


def duration_ms(text: str) -> int | None:
    """Milliseconds of "90s", "10m", "6h", "2d", "1w"; None when it is no duration."""
    found = _DURATION.fullmatch(text.strip())
    return round(float(found["number"]) * _UNIT_MS[found["unit"].lower()]) if found else None


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise NotAllowedError("true or false, without quotes")
    return value


def text(value: object) -> str:
    """A line of text, without the blanks around it."""
    if not isinstance(value, str) or not value.strip().isprintable():
        raise NotAllowedError('a line of text in quotes, such as "…"')
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    """A list of texts; empty ones are left out."""
    if not isinstance(value, list):
        raise NotAllowedError('a list of texts, such as ["…", "…"]')
    return tuple(filter(None, map(text, value)))


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number between two others."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise NotAllowedError(f"a whole number from {least} to {most}, without quotes")
        return value

    return convert


def share(value: object) -> float:
    """A share of one, above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise NotAllowedError("a number above 0 and at most 1, such as 0.8")
    return float(value)


def duration(value: object) -> int:
    """Milliseconds of a text such as "10m", at least one second."""
    found = duration_ms(value) if isinstance(value, str) else None
    if found is None or not 1000 <= found <= LONGEST_MS:
        raise NotAllowedError('a time from 1s to 365d in quotes, such as "90s", "10m", "6h" or "2d"')
    return found


def size(value: object) -> int:
    """Bytes of a text such as "500KB" (a bare number is bytes), above zero."""
    whole_number = isinstance(value, int) and not isinstance(value, bool)
    found = size_bytes(str(value)) if whole_number or isinstance(value, str) else None
    if not found:
        raise NotAllowedError('a size in quotes, such as "500KB", "2MB" or "1GiB"')
    return found


def one_of(words: type[E]) -> Callable[[object], E]:
    """A word of an enumeration; "at-risk" for "at_risk" is forgiven."""

    def convert(value: object) -> E:
        known = {word.value: word for word in words}
        asked = value.strip().lower() if isinstance(value, str) else ""
        for spelled in (asked, asked.replace("-", "_"), asked.replace("_", "-")):
            if spelled in known:
                return known[spelled]
        from difflib import get_close_matches

        near = get_close_matches(asked, known, n=1, cutoff=0.5)
        raise NotAllowedError(f"one of {', '.join(known)}", f"did you mean {near[0]!r}?" if near else "")

    return convert


def some_of(words: type[E]) -> Callable[[object], tuple[E, ...]]:
    """A list of words of an enumeration, or one of them alone; each once, in the order given."""
    single = one_of(words)

    def convert(value: object) -> tuple[E, ...]:
        if not isinstance(value, list | str):
            raise NotAllowedError(f"a list of {', '.join(words)}")
        return tuple(dict.fromkeys(map(single, value if isinstance(value, list) else [value])))

    return convert


def maybe(convert: Callable[[object], T]) -> Callable[[object], T | None]:
    """As another converter; an empty text is None."""
    return lambda value: None if value == "" else convert(value)


def quiet_hours(value: object) -> QuietHours:
    """Two times of the day: "23:00-07:00"."""
    found = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise NotAllowedError('two times of the day in quotes, such as "23:00-07:00", or ""')
    hours = QuietHours(int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
    if hours.start == hours.end:
        raise NotAllowedError('two different times of the day, such as "23:00-07:00", or ""')
    return hours


def timezone(value: object) -> str:
    """A zone that this host knows, by its IANA name; "" for the local one."""
    from zoneinfo import ZoneInfo

    name = text(value)
    try:
        return ZoneInfo(name).key if name else ""
    except (ValueError, OSError, LookupError):  # no name at all, a directory, no such zone
        raise NotAllowedError('a time zone of this host, such as "Europe/Vienna" or "UTC", or ""') from None


def models(value: object) -> tuple[str, ...]:
    """A list of models, each as provider/model."""
    named = texts(value)
    if any(not all(name.partition("/")[::2]) for name in named):
        raise NotAllowedError('a list of models, each as "provider/model"')
    return named


def variable(value: object) -> str:
    """The name of an environment variable, or ""."""
    name = text(value)
    if name and not _VARIABLE.fullmatch(name):
        raise NotAllowedError("the name of an environment variable, not its content")
    return name


def path_from(home: Path) -> Callable[[object], Path]:
    """An absolute path; `~/` is the home directory."""

    def convert(value: object) -> Path:
        spelled = text(value)
        path = home / spelled[2:] if spelled.startswith("~/") else Path(spelled)
        if not path.is_absolute():
            raise NotAllowedError('an absolute path, such as "/var/lib/…" or "~/…"')
        return path

    return convert


def websocket(value: object) -> str:
    """The URL of a gateway."""
    url = text(value)
    if url and not url.startswith(("ws://", "wss://")):
        raise NotAllowedError('a WebSocket URL, such as "ws://127.0.0.1:18789", or ""')
    return url


def ping_url(value: object) -> str:
    """An HTTP URL, or where one is kept: `env:NAME` or `file:/path`."""
    url = text(value)
    if url and not url.startswith(("http://", "https://", "env:", "file:/")):
        raise NotAllowedError('an http(s) URL, "env:NAME" or "file:/path", or ""')
    return url
