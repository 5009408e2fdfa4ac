"""Text that may stand on a screen, and where its lines break: nothing moves the cursor, every width is right.

Texts come from chats and tools: escape sequences, bidi controls, joined emoji, marks without end, lines of megabytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size

from clawmedic.output.text import visible

_TAB = "    "
_JOINED = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
"""Variation selectors, skin tones and joiners of emoji: terminals disagree about their width, so they are left out."""
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_PILED = re.compile(f"([{_MARKS}]{{3}})[{_MARKS}]+")


def harmless(text: str) -> str:
    """One line that a terminal shows as it stands; tabs become four blanks, other controls are written out."""
    if text.isascii() and text.isprintable():
        return text
    shown = _UNSEEN.sub("", _JOINED.sub("", text.replace("\t", _TAB)))
    return visible(_PILED.sub(r"\1", shown))


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text, harmless each."""
    for line in text.split("\n"):
        yield harmless(line.removesuffix("\r"))


def flat(text: str, most: int) -> str:
    """The first words of a text on one line, at most so many characters of it."""
    return harmless(" ".join(text[: most * 4].split())[:most])


def breaks(line: str, width: int) -> list[tuple[int, int]]:
    """Where a harmless line is cut into rows of at most `width` cells (start, end), at blanks if possible."""
    room = max(2, width)
    if len(line) <= room // 2 or (line.isascii() and len(line) <= room):
        return [(0, len(line))]
    return _plain_breaks(line, room) if line.isascii() else _wide_breaks(line, room)


def _plain_breaks(line: str, width: int) -> list[tuple[int, int]]:
    rows: list[tuple[int, int]] = []
    at, size = 0, len(line)
    while size - at > width:
        blank = line.rfind(" ", at + 1, at + width + 1)
        if blank < 0:
            rows.append((at, at + width))
            at += width
        else:
            rows.append((at, blank))
            at = blank + 1
    rows.append((at, size))
    return rows


def _wide_breaks(line: str, width: int) -> list[tuple[int, int]]:
    rows: list[tuple[int, int]] = []
    start, used, blank, since_blank = 0, 0, -1, 0
    for at, char in enumerate(line):
        size = get_character_cell_size(char)
        if used + size > width and at > start:
            if char == " ":  # the blank itself is where the row ends
                rows.append((start, at))
                start, used, blank, since_blank = at + 1, 0, -1, 0
                continue
            if blank > start:
                rows.append((start, blank))
                start, used = blank + 1, since_blank
            else:
                rows.append((start, at))
                start, used = at, 0
            blank, since_blank = -1, 0
        used += size
        since_blank += size
        if char == " ":
            blank, since_blank = at, 0
    rows.append((start, len(line)))
    return rows


def fitted(text: str, width: int) -> str:
    """A harmless line cut to so many cells; what was cut off is marked."""
    if cell_len(text) <= width:
        return text
    used, kept = 0, []
    for char in text:
        used += get_character_cell_size(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…" if width > 0 else ""
