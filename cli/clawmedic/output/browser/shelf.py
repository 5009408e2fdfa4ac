"""The left side: keys with verdict and number of copies, and under an open key its copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from clawmedic.model.backup import Backup, BackupState
from clawmedic.output.browser.blocks import BlockView
from clawmedic.output.browser.cells import harmless
from clawmedic.output.browser.rows import Piece, Row, clipped, spread
from clawmedic.output.browser.shelf_model import KeyGroup, KeyName
from clawmedic.output.palette import VERDICTS
from clawmedic.output.screen import elide
from clawmedic.output.text import UNKNOWN, moment
from clawmedic.settings import Times

STATE_LOOKS = {
    BackupState.COMPLETE: "good",
    BackupState.TRUNCATED: "fair",
    BackupState.HEADER_MISSING: "fair",
    BackupState.DAMAGED: "bad",
    BackupState.EMPTY: "dim",
    BackupState.UNREADABLE: "bad",
    BackupState.NOT_A_TRANSCRIPT: "dim",
}
WIDE = 44


class Node(NamedTuple):
    """A line of the shelf: a key, or one of its copies."""

    group: KeyGroup
    copy: Backup | None


class Shelf(BlockView):
    """Keys and copies. Enter or a click opens a key; the marks A and B say what is compared."""

    def __init__(self, *, times: Times, id: str | None = None) -> None:  # noqa: A002  textual's own name
        super().__init__(id=id)
        self._times = times
        self._listed: list[Node] = []
        self._groups: Sequence[KeyGroup] = ()
        self.opened: set[KeyName] = set()
        self.marked: list[str] = []

    @property
    def node(self) -> Node | None:
        """What the cursor stands on."""
        return self._listed[self.cursor] if self.cursor < len(self._listed) else None

    def fill(self, groups: Sequence[KeyGroup]) -> None:
        """Show these keys; the cursor stays on what it stood on, wherever that is now."""
        before = self.node
        self._groups = groups
        self._list()
        if before is not None:
            self._find(before)
        self.lay_out()
        self.reveal()

    def _list(self) -> None:
        self._listed = [
            node
            for group in self._groups
            for node in (
                Node(group, None),
                *(Node(group, copy) for copy in group.copies if group.name in self.opened),
            )
        ]

    def _find(self, wanted: Node) -> None:
        name = wanted.copy.id if wanted.copy else None
        for index, node in enumerate(self._listed):
            if node.group.name == wanted.group.name and (node.copy.id if node.copy else None) == name:
                self.cursor = index
                return

    def toggle(self, name: KeyName) -> None:
        """Open or close a key."""
        self.opened ^= {name}
        index = next((at for at, node in enumerate(self._listed) if node.group.name == name), 0)
        self._list()
        self.cursor = min(self.cursor, index) if name not in self.opened else self.cursor
        self.lay_out()
        if name in self.opened:  # as many of its copies as there is room for
            last = index + len(self._listed[index].group.copies)
            height = self.scrollable_content_region.height
            below = min(self.end(min(last, self.count() - 1)), self.start(index) + height)
            if below > self.scroll_offset.y + height:
                self.scroll_row(below - height)

    def show_copy(self, backup: Backup) -> None:
        """Open the key of a copy and put the cursor on the copy."""
        for group in self._groups:
            if any(copy.id == backup.id for copy in group.copies):
                if group.name not in self.opened:
                    self.toggle(group.name)
                self._find(Node(group, backup))
                self.reveal()
                self.refresh()
                return

    def mark(self, backup: Backup) -> None:
        """Mark a copy for comparing, or take its mark away; the older of two marks gives way to a third."""
        if backup.id in self.marked:
            self.marked.remove(backup.id)
        else:
            self.marked = [*self.marked[-1:], backup.id]
        self.redraw()

    def count(self) -> int:
        """Keys, and copies of open keys."""
        return len(self._listed)

    def height(self, index: int, width: int) -> int:
        """A key has one row, a copy two."""
        del width
        return 1 if self._listed[index].copy is None else 2

    def draw(self, index: int, width: int) -> Sequence[Row]:
        """The rows of a key or a copy."""
        group, copy = self._listed[index]
        return (
            [self._key_row(group, width)]
            if copy is None
            else self._copy_rows(copy, width, alone=len(group.copies) == 1)
        )

    def _key_row(self, group: KeyGroup, width: int) -> Row:
        arrow = " " if not group.copies else "▾" if group.name in self.opened else "▸"
        verdict = VERDICTS[group.verdict] if group.verdict is not None else None
        sign = verdict.symbol if verdict else "·"
        look = verdict.word.replace(" ", "-") if verdict else "dim"
        end: list[Piece] = [(f" {len(group.copies)} ", "dim")]
        if verdict is not None and width >= WIDE:
            end = [(f" {verdict.word}", look), *end]
        room = width - 5 - sum(cell_len(text) for text, _ in end)
        name = elide(harmless(group.name[1]) or "of no known key", max(4, room))
        return spread([(f"{arrow} ", "dim"), (f"{sign} ", look), (name, "key")], end, width)

    def _copy_rows(self, copy: Backup, width: int, *, alone: bool) -> Sequence[Row]:
        letter = "AB"[self.marked.index(copy.id)] if copy.id in self.marked else " "
        star = "★ " if copy.best else "  "
        state = (copy.state.value, STATE_LOOKS[copy.state])
        only = (
            [(f" {copy.unique_entries} only here ", "changed")]
            if copy.unique_entries and width >= WIDE and not alone
            else []
        )
        first = spread(
            [
                (f" {letter} ", "match" if letter != " " else ""),
                (star, "best"),
                (f"{copy.kind.value}  ", ""),
                state,
            ],
            only,
            width,
        )
        entries = f"{copy.messages:,} msgs" if copy.entries else "nothing"
        second = clipped([("     ", ""), (f"{self._range(copy, width)}  {entries}", "dim")], width)
        return [first, second]

    def _range(self, copy: Backup, width: int) -> str:
        """From when to when, as exactly as there is room."""
        first, last = (moment(at, self._times)[:16] for at in (copy.first_at, copy.last_at))
        if UNKNOWN in (first, last):
            return moment(copy.at, self._times)[:16]
        if first[:10] == last[:10]:
            return f"{first}-{last[11:]}" if first != last else first
        return f"{first} - {last}" if width >= WIDE else f"{first[:10]} - {last[5:10]}"
