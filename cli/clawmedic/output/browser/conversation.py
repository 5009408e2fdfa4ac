"""The right side: one copy as a conversation of any length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clawmedic.backups.conversation import Item, Voice
from clawmedic.backups.search import Hit
from clawmedic.output.browser.blocks import BlockView
from clawmedic.output.browser.briefs import Brief
from clawmedic.output.browser.entry_rows import ONE_ROW, Setting, day_of, entry_height, entry_rows
from clawmedic.output.browser.rows import Row
from clawmedic.settings import Times

MOST_UNFOLDED = 40
MOST_WIDTH = 116
"""Longer lines are hard to read."""


class Conversation(BlockView):
    """Entries as they come; settings and records are shown on demand, long texts and tool calls unfolded on demand."""

    def __init__(self, *, times: Times, id: str | None = None) -> None:  # noqa: A002  textual's own name
        super().__init__(id=id)
        self._times = times
        self._all: list[Brief] = []
        self._shown: list[Brief] = []
        self._whole: dict[int, Item] = {}
        self._wanted: Sequence[str] = ()
        self._hits: Mapping[int, Hit] = {}
        self.notes = False

    @property
    def brief(self) -> Brief | None:
        """The entry under the cursor."""
        return self._shown[self.cursor] if self.cursor < len(self._shown) else None

    def empty(self) -> None:
        """Nothing is open."""
        self._all, self._shown, self._whole = [], [], {}
        self.cursor = 0
        self.scroll_row(0)
        self.lay_out()

    def extend(self, briefs: Iterable[Brief]) -> None:
        """More entries of the open copy."""
        before = len(self._shown)
        for brief in briefs:
            brief.day = day_of(brief.at, times=self._times)
            self._all.append(brief)
            if self._is_shown(brief):
                self._shown.append(brief)
        self.lay_out_from(before)

    def set_branch(self, lines: frozenset[int]) -> None:
        """Which lines are on the branch in use; the others are marked."""
        for brief in self._all:
            brief.off_branch = brief.line not in lines and brief.voice is not Voice.BROKEN
        self.redraw()

    def _is_shown(self, brief: Brief) -> bool:
        return self.notes or brief.voice is not Voice.NOTE or brief.number in self._hits

    def toggle_notes(self) -> None:
        """Show settings and records too, or no longer."""
        self.notes = not self.notes
        self._choose_shown()

    def _choose_shown(self) -> None:
        here = self.brief
        self._shown = [brief for brief in self._all if self._is_shown(brief)]
        self.cursor = next(
            (at for at, brief in enumerate(self._shown) if here and brief.number >= here.number), 0
        )
        self.lay_out()
        self.reveal()

    def seek(self, wanted: Sequence[str], hits: Mapping[int, Hit]) -> None:
        """Mark what was looked for; `hits` are the entries that hold it, by number."""
        self._wanted, self._hits = wanted, hits
        self._choose_shown()

    def jump(self, number: int) -> bool:
        """Put the cursor on an entry and show where in it something was found; False when it is not there."""
        for at, brief in enumerate(self._shown):
            if brief.number == number:
                self.go_to(at, quiet=True)
                self.reveal(self._match_row(at))
                return True
        return False

    def _match_row(self, index: int) -> int:
        rows = self._rows(index, self.room)
        return next((at for at, row in enumerate(rows) if any(look == "match" for _, look in row)), 0)

    def is_unfolded(self, brief: Brief) -> bool:
        """Whether all of an entry is shown."""
        return brief.number in self._whole

    def unfold(self, brief: Brief, whole: Item | None) -> None:
        """Show all of an entry; None folds it again. Of many unfolded ones, the first is folded again."""
        changed = [brief.number]
        if whole is None:
            self._whole.pop(brief.number, None)
        else:
            self._whole[brief.number] = whole
            changed += [self._fold_first()] if len(self._whole) > MOST_UNFOLDED else []
        for at, shown in enumerate(self._shown):
            if shown.number in changed:
                self.lay_out_one(at)
        self.reveal()

    def _fold_first(self) -> int:
        number = next(iter(self._whole))
        del self._whole[number]
        return number

    def count(self) -> int:
        """Entries that are shown."""
        return len(self._shown)

    def height(self, index: int, width: int) -> int:
        """Rows of an entry."""
        return entry_height(self._shown[index], self._setting(index, width))

    def draw(self, index: int, width: int) -> Sequence[Row]:
        """An entry."""
        return entry_rows(self._shown[index], self._setting(index, width))

    def _setting(self, index: int, width: int) -> Setting:
        brief = self._shown[index]
        before = self._shown[index - 1] if index else None
        return Setting(
            width=min(width, MOST_WIDTH),
            times=self._times,
            day_before=before.day if before else "",
            gap=before is not None and before.voice in ONE_ROW,
            wanted=self._wanted,
            hit=self._hits.get(brief.number),
            whole=self._whole.get(brief.number),
        )
