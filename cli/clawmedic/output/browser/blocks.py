"""A long list of blocks of rows, of which only those on the screen are drawn.

Every list of the browser is one: keys and copies, a conversation, hits, differences. Heights are counted when
blocks are put in; rows are made when they are looked at, and forgotten again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from clawmedic.output.browser.rows import Row

LOOKS = (
    "key", "dim", "user", "assistant", "tool", "system", "mark", "broken", "note", "match", "call",
    "dead", "stuck", "suspect", "damaged", "at-risk", "healthy",
    "good", "fair", "bad", "best", "added", "removed", "changed", "cursor", "cursor-blurred",
)  # fmt: skip
_CACHED = 400


class BlockView(ScrollView, can_focus=True):
    """Blocks of rows with a cursor on one of them. Subclasses say what the blocks are."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"look--{name}" for name in LOOKS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", "Up", show=False),
        Binding("down,j", "go(1)", "Down", show=False),
        Binding("pageup,b", "page(-1)", "Page up", show=False),
        Binding("pagedown,f", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another block."""

        def __init__(self, view: BlockView, index: int) -> None:
            super().__init__()
            self.view = view
            self.index = index

        @property
        def control(self) -> BlockView:
            """The view, for `on` selectors."""
            return self.view

    class Chosen(Moved):
        """A block was chosen with Enter, or by a click on the one that the cursor stood on."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  textual's own name
        super().__init__(id=id)
        self.cursor = 0
        self._heights: list[int] = []
        self._ends: list[int] = []
        self._drawn: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._laid_out_for = 0

    def count(self) -> int:
        """How many blocks there are."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> Sequence[Row]:
        """The rows of a block; `height` must agree."""
        raise NotImplementedError

    def height(self, index: int, width: int) -> int:
        """How many rows a block has."""
        return len(self.draw(index, width))

    @property
    def room(self) -> int:
        """Cells in a row."""
        return max(10, self.scrollable_content_region.width)

    # Laying out

    def lay_out(self) -> None:
        """Everything changed: count all heights anew; what stood at the top stays there."""
        top, into = self._place(self.scroll_offset.y)
        self._drawn.clear()
        width = self._laid_out_for = self.room
        self._heights = [self.height(index, width) for index in range(self.count())]
        self._ends = list(accumulate(self._heights))
        self.cursor = min(self.cursor, max(0, self.count() - 1))
        self._resized()
        if top < self.count():
            self.scroll_row(self.start(top) + min(into, self.end(top) - self.start(top) - 1))

    def lay_out_from(self, index: int) -> None:
        """Blocks from this one on changed or came."""
        if self._laid_out_for != self.room:
            self.lay_out()
            return
        for known in [known for known in self._drawn if known >= index]:
            del self._drawn[known]
        del self._ends[index:], self._heights[index:]
        before = self._ends[-1] if self._ends else 0
        heights = [self.height(place, self._laid_out_for) for place in range(index, self.count())]
        self._heights += heights
        self._ends += list(accumulate(heights, initial=before))[1:]
        self._resized()

    def lay_out_one(self, index: int) -> None:
        """One block changed, and nothing else."""
        self._drawn.pop(index, None)
        self._heights[index] = self.height(index, self._laid_out_for)
        self._ends = list(accumulate(self._heights))
        self._resized()

    def redraw(self) -> None:
        """Looks changed, heights did not."""
        self._drawn.clear()
        self.refresh()

    def _resized(self) -> None:
        self.virtual_size = Size(self.room, self._ends[-1] if self._ends else 0)
        self.refresh()

    def on_resize(self) -> None:
        """Another width breaks lines elsewhere."""
        if self._laid_out_for != self.room:
            self.lay_out()
            self.reveal()

    def notify_style_update(self) -> None:
        """Another theme: draw anew."""
        super().notify_style_update()
        self._drawn.clear()

    # Places

    def start(self, index: int) -> int:
        """The first row of a block."""
        return self._ends[index - 1] if index > 0 else 0

    def end(self, index: int) -> int:
        """The row after the last of a block."""
        return self._ends[index]

    def _place(self, row: int) -> tuple[int, int]:
        """The block at a row, and which of its rows that is."""
        index = bisect_right(self._ends, row)
        return index, row - self.start(index) if index < len(self._ends) else 0

    # Drawing

    def look(self, name: str) -> Style:
        """How pieces of a name look."""
        return self.get_component_rich_style(f"look--{name}", partial=True) if name else Style.null()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        width = self.room
        base = self.rich_style
        row = y + self.scroll_offset.y
        index, into = self._place(row)
        if index >= len(self._ends) or index >= self.count():
            return Strip.blank(width, base)
        rows = self._rows(index, width)
        pieces = rows[into] if into < len(rows) else ()
        if index == self.cursor:
            base = base + self.look("cursor" if self.has_focus else "cursor-blurred")
        strip = Strip([Segment(text, base + self.look(name)) for text, name in pieces])
        return strip.adjust_cell_length(width, base)

    def _rows(self, index: int, width: int) -> Sequence[Row]:
        if index in self._drawn:
            self._drawn.move_to_end(index)
            return self._drawn[index]
        rows = self._drawn[index] = self.draw(index, width)
        while len(self._drawn) > _CACHED:
            self._drawn.popitem(last=False)
        return rows

    # Moving

    def go_to(self, index: int, *, quiet: bool = False) -> None:
        """Put the cursor on a block and bring it into sight."""
        if not self.count():
            return
        index = max(0, min(index, self.count() - 1))
        moved = index != self.cursor
        self.cursor = index
        self.reveal()
        self.refresh()
        if moved and not quiet:
            self.post_message(self.Moved(self, index))

    def reveal(self, row: int = 0) -> None:
        """Scroll as little as shows the cursor's block; of one that is too long, the part around a row of it."""
        if not self._ends or self.cursor >= len(self._ends):
            return
        height = self.scrollable_content_region.height
        first, last = self.start(self.cursor), self.end(self.cursor)
        if last - first > height:
            first += max(0, row - height // 2)
            last = first + height
        top = self.scroll_offset.y
        if first < top or last - first >= height:
            self.scroll_row(first)
        elif last > top + height:
            self.scroll_row(last - height)

    def scroll_row(self, row: int) -> None:
        """Put a row at the top; also before the next layout, when the scroll bar is not up yet."""
        self.scroll_to(y=row, animate=False, force=True)

    def action_go(self, step: int) -> None:
        """A block up or down; within a long block, some rows."""
        if not self._ends:
            return
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        first, last = self.start(self.cursor), self.end(self.cursor)
        if last <= top or first >= top + height:  # the wheel left it behind
            self.go_to(self._place(top)[0] if step > 0 else self._place(top + height - 1)[0])
        elif step > 0 and last > top + height and last - first > height:
            self.scroll_row(min(top + 2, last - height))
        elif step < 0 and first < top and last - first > height:
            self.scroll_row(max(top - 2, first))
        else:
            self.go_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        """A screen up or down."""
        height = max(1, self.scrollable_content_region.height - 1)
        target = max(0, min(self.scroll_offset.y + step * height, int(self.max_scroll_y)))
        if target == self.scroll_offset.y:
            self.go_to(0 if step < 0 else self.count() - 1)
            return
        self.scroll_row(target)
        index = min(self._place(target)[0], max(0, self.count() - 1))
        if index != self.cursor:
            self.cursor = index
            self.post_message(self.Moved(self, index))
        self.refresh()

    def action_edge(self, side: int) -> None:
        """The first or the last block."""
        self.go_to(0 if side < 0 else self.count() - 1)

    def action_choose(self) -> None:
        """Choose the block under the cursor."""
        if self.count():
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """The first click moves the cursor, one on the cursor chooses."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index, _ = self._place(offset.y + self.scroll_offset.y)
        if index >= self.count():
            return
        if index == self.cursor:
            self.post_message(self.Chosen(self, index))
        else:  # it is in sight: nothing scrolls away under the mouse
            self.cursor = index
            self.refresh()
            self.post_message(self.Moved(self, index))

    def on_focus(self) -> None:
        """The cursor looks different."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks different."""
        self.refresh()
