"""What must be named literally: URLs, paths, long numbers, hexadecimal names (openclaw.md 1.4, `## Exact identifiers`).

Every pattern is bounded, so that a hostile line of megabytes costs no more than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST_FOUND = 2000
MOST_SCANNED = 4_000_000
"""Characters that are looked at, the first texts given first: about two seconds."""

_URL = r"https?://[^\s<>\"'`()\[\]{}|\\^]{3,300}"
_START = r"(?<![A-Za-z0-9_/.:~+-])"
_END = r"(?![A-Za-z0-9_])"
_UUID = rf"(?<![A-Za-z0-9_-])[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}{_END}"
_WINDOWS = r"(?<![A-Za-z0-9_])[A-Za-z]:\\[\w.@+-]{1,80}(?:\\[\w.@+-]{1,80}){0,20}"
_ROOTED = _START + r"(?:~|\.{1,2})?/[\w.@+-]{1,80}(?:/[\w.@+-]{1,80}){1,20}"
_RELATIVE = _START + r"[\w-]{1,80}(?:/[\w-]{1,80}){1,20}\.[A-Za-z0-9]{1,8}" + _END
_HEX = rf"(?<![A-Za-z0-9_])[0-9a-fA-F]{{8,128}}{_END}"
_NUMBER = rf"(?<![A-Za-z0-9_.])-?[0-9]{{6,40}}{_END}"
_PATHS = f"{_WINDOWS}|{_ROOTED}|{_RELATIVE}"
_ANY = re.compile(f"{_URL}|{_UUID}|{_PATHS}|{_NUMBER}|{_HEX}")
_PATH = re.compile(_PATHS)
_TRAILING = ".,;:!?"


def identifiers(texts: Iterable[str]) -> tuple[str, ...]:
    """Every identifier once, in the order of first sight; at most `MOST_FOUND` (`MOST_SCANNED` are read)."""
    return _collected(_ANY, texts)


def paths(texts: Iterable[str]) -> tuple[str, ...]:
    """Every path once, in the order of first sight; at most `MOST_FOUND` (`MOST_SCANNED` are read)."""
    return _collected(_PATH, texts)


def _collected(pattern: re.Pattern[str], texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    room = MOST_SCANNED
    for text in texts:
        for name in _in(pattern, text[:room]):
            found.setdefault(name)
            if len(found) >= MOST_FOUND:
                return tuple(found)
        room -= len(text)
        if room <= 0:
            break
    return tuple(found)


def _in(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        name = match.group().rstrip(_TRAILING)
        if name:
            yield name
