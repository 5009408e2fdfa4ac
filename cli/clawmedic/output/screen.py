"""The page people read: one console, its width, and the few shapes every view is made of.

Everything goes through `Text`, never through rich's markup: session keys contain brackets.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from clawmedic.settings import Settings

PIPE_WIDTH = 120
NARROWEST = 40
WIDE = 110
"""From here on there is room for a sentence beside a key."""
GAP = "  "


class Column(Struct, frozen=True):
    """A column of a table.

    Attributes:
        flexible: shares what room is left; text that is longer loses its middle (keys) or its end (prose).
        below: on a narrower screen than this its text stands under the row, whole.
    """

    title: str
    align: Literal["left", "right"] = "left"
    flexible: bool = False
    loses: Literal["middle", "end"] = "middle"
    below: int = 0


class Cell(Struct, frozen=True):
    """A cell. User data was made visible (`text.visible`) by whoever fills it."""

    text: str
    style: str = ""


class Screen:
    """Standard output for people: colour on a terminal unless NO_COLOR is set; elsewhere plain text."""

    def __init__(self, settings: Settings) -> None:
        terminal = sys.stdout.isatty()
        env = settings.world.env
        columns = env.get("COLUMNS", "")
        given = (
            int(columns) if columns.isascii() and columns.isdigit() and 0 < int(columns) < 10_000 else None
        )
        self._console = Console(
            file=sys.stdout,
            markup=False,
            highlight=False,
            emoji=False,
            soft_wrap=False,
            no_color=bool(env.get("NO_COLOR")) or None,
            width=given or (None if terminal else PIPE_WIDTH),
            height=25,
            legacy_windows=False,
            _environ={name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")},
        )
        self.settings = settings

    @property
    def width(self) -> int:
        """Cells in a line."""
        return max(NARROWEST, self._console.width)

    def line(self, *parts: str | tuple[str, str], indent: int = 0) -> None:
        """One line, wrapped at words under its own indent. Parts are text or (text, style)."""
        text = Text.assemble(*parts, no_wrap=False, overflow="fold")
        for row in text.wrap(self._console, max(20, self.width - indent)):
            row.rstrip()
            self._console.print(Text(" " * indent) + row, soft_wrap=True)

    def labelled(
        self, label: str, *parts: str | tuple[str, str], indent: int = 2, room: int = 9, style: str = "dim"
    ) -> None:
        """A label, then text that wraps under itself."""
        text = Text.assemble(*parts, overflow="fold")
        rows = text.wrap(self._console, max(20, self.width - indent - room)) or [Text("")]
        for number, row in enumerate(rows):
            row.rstrip()
            head = Text(" " * indent) + Text((label if number == 0 else "").ljust(room), style=style)
            self._console.print(head + row, soft_wrap=True)

    def exact(self, label: str, text: str, *, style: str = "bold", indent: int = 2, room: int = 9) -> None:
        """A command to be copied: never wrapped, never elided."""
        head = Text(" " * indent) + Text(label.ljust(room), style="dim")
        self._console.print(head + Text(text, style=style), soft_wrap=True)

    def heading(self, text: str) -> None:
        """A section's title, with an empty line before it."""
        self.blank()
        self._console.print(Text(text, style="bold"), soft_wrap=True)

    def bar(self, share: float, cells: int, style: str) -> tuple[tuple[str, str], tuple[str, str]]:
        """A bar of so many cells as two parts for `line`; a share above 1 is a full bar."""
        full, empty = ("█", "░") if self._console.encoding.startswith("utf") else ("#", "-")
        filled = round(max(0.0, min(1.0, share)) * cells)
        if share > 0:
            filled = max(1, filled)
        return (full * filled, style), (empty * (cells - filled), "dim")

    @contextmanager
    def paged(self) -> Iterator[None]:
        """Show what is drawn meanwhile in a pager, where somebody sits at a terminal."""
        from clawmedic.output.pager import pager_for

        pager = pager_for(self.settings)
        if pager is None:
            yield
            return
        with self._console.pager(pager=pager, styles=True):  # type: ignore[arg-type]  # rich's own base has no protocol
            yield

    def blank(self) -> None:
        """An empty line."""
        self._console.print()

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
        """A table without frames: what no column can hold is elided in the middle of the flexible ones."""
        beside = [place for place, column in enumerate(columns) if column.below <= self.width]
        shown = [columns[place] for place in beside]
        body = list(rows)
        widths = fit_widths(shown, [[row[place] for place in beside] for row in body], self.width)
        self.row(shown, widths, [Cell(column.title, "dim") for column in shown])
        for row in body:
            self.row(shown, widths, [row[place] for place in beside])
            for place, cell in enumerate(row):
                if place not in beside and cell.text:
                    self.line((cell.text, cell.style or "dim"), indent=2)

    def row(self, columns: Sequence[Column], widths: Sequence[int], row: Sequence[Cell]) -> None:
        """One row of a table that is drawn while it comes to be: its widths are known before its rows."""
        cells = [
            _padded(cell, width, column) for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        line = Text(GAP).join(cells)
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    @contextmanager
    def working(self) -> Iterator[Callable[[str], None]]:
        """A moving line below what is drawn meanwhile, where somebody sits at a terminal; call it with what goes on."""
        console = self._console
        if not console.is_terminal or console.is_dumb_terminal or self.settings.quiet or self.settings.json:
            yield lambda _: None
            return
        spinner = "dots" if console.encoding.startswith("utf") else "line"
        with console.status("", spinner=spinner, spinner_style="cyan") as status:
            yield lambda words: status.update(Text(first_cells(words, self.width - 4), style="dim"))


def fit_widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """Cells for each column: fixed ones what they need, flexible ones a fair share of the rest."""
    needs = [
        max([cell_len(column.title), *(cell_len(row[place].text) for row in rows)])
        for place, column in enumerate(columns)
    ]
    flexible = [place for place, column in enumerate(columns) if column.flexible]
    fixed = sum(need for place, need in enumerate(needs) if place not in flexible)
    room = max(8 * len(flexible), width - fixed - len(GAP) * (len(columns) - 1))
    for place in sorted(flexible, key=lambda place: needs[place]):
        needs[place] = min(needs[place], room // len(flexible))
        room -= needs[place]
        flexible = flexible[1:]
    return needs


def elide(text: str, width: int) -> str:
    """Shorten in the middle, where keys differ least: their agent stands first, their chat last."""
    if cell_len(text) <= width:
        return text
    tail_room = (width - 1) * 2 // 3
    head = set_cell_size(text, width - 1 - tail_room).rstrip()
    tail = ""
    for char in reversed(text):
        if cell_len(char + tail) > tail_room:
            break
        tail = char + tail
    return f"{head}…{tail}"


def first_cells(text: str, width: int) -> str:
    """The beginning of a text, for previews: what is cut off is marked."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, max(0, width - 1)).rstrip()}…"


def _padded(cell: Cell, width: int, column: Column) -> Text:
    shown = elide(cell.text, width) if column.loses == "middle" else first_cells(cell.text, width)
    space = " " * (width - cell_len(shown))
    body = Text(shown, style=cell.style)
    return Text(space) + body if column.align == "right" else body + Text(space)
