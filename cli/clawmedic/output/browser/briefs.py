"""What is held of each entry of an open copy: enough to draw it folded, never its whole text.

A copy of any size is held in bounded memory: texts are clipped, and beyond `MOST_CHARS` clipped short. The whole of one
entry is read again from the copy when it is unfolded.
"""

from __future__ import annotations

from msgspec import Struct

from clawmedic.backups.conversation import Item, Voice
from clawmedic.output.browser.cells import flat

SPOKEN_CHARS = 3_000
FOLDED_CHARS = 200
MOST_CHARS = 24_000_000
MOST_BRIEFS = 150_000
UNFOLDED_CHARS = 200_000
"""More of one text is not unfolded on the screen; the export has all of it."""
_FOLDED = frozenset({Voice.TOOL, Voice.NOTE, Voice.BROKEN})


class Brief(Struct):
    """One entry. `text` is its beginning (of folded voices on one line); `size` the length of the whole text.

    `calls` are names with the beginning of their arguments. `off_branch` is set when the whole copy was read, `day` (as
    people write it, "" when unknown) when it is put on the screen.
    """

    number: int
    line: int
    voice: Voice
    at: int | None
    text: str
    size: int
    calls: tuple[tuple[str, str], ...] = ()
    thinking_chars: int = 0
    failure: str = ""
    tool: str = ""
    model: str = ""
    off_branch: bool = False
    day: str = ""

    @property
    def folds(self) -> bool:
        """Whether there is more than is drawn."""
        return self.size > len(self.text) or self.thinking_chars > 0 or bool(self.calls)


def brief_of(item: Item, most: int = SPOKEN_CHARS) -> Brief:
    """The brief of an entry, with at most so many characters of its text."""
    folded = item.voice in _FOLDED
    return Brief(
        number=item.number,
        line=item.line,
        voice=item.voice,
        at=item.at,
        text=flat(item.text, FOLDED_CHARS) if folded else item.text[:most],
        size=len(item.text) + item.cut_chars,
        calls=tuple((flat(call.name, 80), flat(call.arguments, FOLDED_CHARS)) for call in item.calls[:50]),
        thinking_chars=len(item.thinking),
        failure=flat(item.failure, FOLDED_CHARS * 2) if item.failure != item.text else "",
        tool=flat(item.tool, 80),
        model=flat(item.model, 80),
        off_branch=not item.on_branch,
    )


class Shortener(Struct):
    """Makes briefs of one copy's entries one after the other, within the bounds of the module."""

    held: int = 0
    seen: int = 0

    def take(self, item: Item) -> Brief:
        """The next entry's brief."""
        brief = brief_of(item, SPOKEN_CHARS if self.held < MOST_CHARS else FOLDED_CHARS)
        self.seen += 1
        self.held += len(brief.text)
        return brief
