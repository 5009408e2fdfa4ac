"""Lists over the whole screen: where something was found, and how two copies differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from clawmedic.backups.compare import Comparison, Difference, Mark, Side
from clawmedic.backups.conversation import Voice
from clawmedic.backups.search import Hit
from clawmedic.model.backup import Backup
from clawmedic.output.browser.blocks import BlockView
from clawmedic.output.browser.cells import harmless
from clawmedic.output.browser.dialogs import Dialog
from clawmedic.output.browser.reading import Found
from clawmedic.output.browser.rows import Piece, Row, clipped, flow, spread
from clawmedic.output.browser.voices import VOICES
from clawmedic.output.text import count_of, moment
from clawmedic.settings import Times

Target = tuple[Backup, int]
"""A copy and the number of an entry in it."""
_SIGNS = {
    Side.ONLY_A: ("-", "removed"),
    Side.ONLY_B: ("+", "added"),
    Side.CHANGED: ("~", "changed"),
    Side.MOVED: ("=", "dim"),
}
_LINES = {"+": "added", "-": "removed", "@": "call"}
_MOST_LINES = 60
_NOTHING = Mark("", b"", 0, Voice.NOTE, "", None, "")


class Page(Dialog[Target]):
    """A list with a line above it; Enter goes to the entry under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("enter", "noop", "Open the entry", show=False),
    ]

    def body(self) -> ComposeResult:
        """The line and the list."""
        yield Static(self.summary(), classes="row")
        yield self.listing()
        yield Static(Content("Enter opens the entry   Esc goes back"), classes="dim")

    def summary(self) -> Content:
        """What the list is."""
        raise NotImplementedError

    def listing(self) -> BlockView:
        """The list."""
        raise NotImplementedError

    def target(self, index: int) -> Target | None:
        """Where a block of the list leads."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """The list has the keyboard."""
        view = self.query_one(BlockView)
        view.focus()
        view.lay_out()

    @on(BlockView.Chosen)
    def chosen(self, event: BlockView.Chosen) -> None:
        """Go there."""
        event.stop()
        target = self.target(event.index)
        if target is not None:
            self.dismiss(target)


class HitList(BlockView):
    """Hits with their surroundings, three rows each."""

    def __init__(self, hits: Sequence[Hit], *, times: Times) -> None:
        super().__init__()
        self._hits, self._times = hits, times

    def count(self) -> int:
        """How many hits."""
        return len(self._hits)

    def height(self, index: int, width: int) -> int:
        """Three rows."""
        del index, width
        return 3

    def draw(self, index: int, width: int) -> Sequence[Row]:
        """Where, and what."""
        hit = self._hits[index]
        also = f", and in {count_of(len(hit.also), 'other copy', 'other copies')}" if hit.also else ""
        word, look = VOICES[hit.voice]
        start: list[Piece] = [
            (f"{word}  ", look),
            (f"{hit.backup.kind.value} {hit.backup.id} #{hit.number}{also}", "dim"),
        ]
        pieces: list[Piece] = [("  ", "")]
        for excerpt in hit.excerpts[:1]:
            before = (
                harmless(" ".join(excerpt.text[: excerpt.spans[0][0]].splitlines())) if excerpt.spans else ""
            )
            pieces.append((before[-max(10, width // 3) :], ""))
            at = excerpt.spans[0][0] if excerpt.spans else 0
            for first, last in excerpt.spans:
                pieces += [(_flat(excerpt.text[at:first]), ""), (_flat(excerpt.text[first:last]), "match")]
                at = last
            pieces.append((_flat(excerpt.text[at:]), ""))
        return [spread(start, [(moment(hit.at, self._times), "dim")], width), clipped(pieces, width), ()]


def _flat(text: str) -> str:
    return harmless(" ".join(text.splitlines()))


class HitPage(Page):
    """Everything that a search found, newest first."""

    TITLE_WORDS = "Found"

    def __init__(self, found: Found, *, times: Times) -> None:
        super().__init__()
        self._found, self._times = found, times

    def summary(self) -> Content:
        """How much was found where."""
        hits, copies = (
            count_of(len(self._found.hits), "entry", "entries"),
            count_of(self._found.result.searched, "copy", "copies"),
        )
        more = ", and there are more" if self._found.result.stopped else ""
        return Content.assemble(
            (f" {harmless(self._found.words)} ", "bold reverse"),
            f"  {hits} in {copies}{more}; each told once",
        )

    def listing(self) -> BlockView:
        """The hits."""
        return HitList(self._found.hits, times=self._times)

    def target(self, index: int) -> Target | None:
        """The entry of a hit."""
        hit = self._found.hits[index]
        return hit.backup, hit.number


class DifferenceList(BlockView):
    """Differences in the order of time."""

    def __init__(self, differences: Sequence[Difference], *, times: Times) -> None:
        super().__init__()
        self._differences, self._times = differences, times

    def count(self) -> int:
        """How many differences."""
        return len(self._differences)

    def draw(self, index: int, width: int) -> Sequence[Row]:
        """One difference: where it stands, then its words or its changed lines."""
        item = self._differences[index]
        mark = item.a or item.b
        if mark is None:
            return [()]
        sign, look = _SIGNS[item.side]
        names = "  ".join(f"{name} #{side.number}" for name, side in (("A", item.a), ("B", item.b)) if side)
        start: list[Piece] = [
            (f"{sign} ", look),
            (f"{VOICES[mark.voice].word}  ", VOICES[mark.voice].look),
            (names, "dim"),
        ]
        rows: list[Row] = [spread(start, [(moment(mark.at, self._times), "dim")], width)]
        gutter = (f"{sign} ", look)
        if item.side is Side.CHANGED:
            lines = [(harmless(line), _LINES.get(line[:1], "")) for line in item.diff[:_MOST_LINES]]
            rows += [(("  ", ""), *row) for line in lines for row in flow([line], width - 2)]
            if len(item.diff) > _MOST_LINES:
                rows.append(((f"  … {len(item.diff) - _MOST_LINES} more lines", "note"),))
        else:
            rows += [(gutter, *row) for row in flow([(harmless(mark.preview), look)], width - 2)]
        return [*rows, ()]


class DifferencePage(Page):
    """Two copies compared."""

    TITLE_WORDS = "Compared"

    def __init__(self, found: Comparison, *, times: Times) -> None:
        super().__init__()
        self._found, self._times = found, times
        told = tuple(item for item in found.differences if item.side is not Side.MOVED)
        spoken = tuple(item for item in told if (item.a or item.b or _NOTHING).voice is not Voice.NOTE)
        self._told = spoken or told
        self._left_out = len(told) - len(self._told)

    def summary(self) -> Content:
        """The two copies, and how many entries are where."""
        found = self._found
        counts = [
            f"{count_of(found.same, 'entry', 'entries')} the same",
            f"{found.count(Side.ONLY_A)} only in A",
            f"{found.count(Side.ONLY_B)} only in B",
            f"{found.count(Side.CHANGED)} changed",
        ]
        if found.count(Side.MOVED):
            counts.append(f"{found.count(Side.MOVED)} the same under another id")
        if self._left_out:
            counts.append(f"settings and records ({self._left_out}) not listed")
        return Content("\n").join(
            [
                Content.assemble(("--- A  ", "bold $error"), _name(found.a)),
                Content.assemble(("+++ B  ", "bold $success"), _name(found.b)),
                Content.styled(", ".join(counts), "bold"),
            ]
        )

    def listing(self) -> BlockView:
        """The differences."""
        return DifferenceList(self._told, times=self._times)

    def target(self, index: int) -> Target | None:
        """The entry, in A where it is there."""
        item = self._told[index]
        sides: tuple[tuple[Backup, Mark | None], ...] = ((self._found.a, item.a), (self._found.b, item.b))
        return next(((backup, mark.number) for backup, mark in sides if mark is not None), None)


def _name(backup: Backup) -> str:
    return harmless(
        f"{backup.kind.value} {backup.id}, {backup.state.value}, {backup.entries} entries  {backup.path.name}"
    )
