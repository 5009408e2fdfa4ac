"""The browser: what each key and each click does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType

from clawmedic.backups.compare import compare
from clawmedic.backups.restoring import Restored
from clawmedic.backups.search import Hit
from clawmedic.disk.digest import Digest
from clawmedic.model.backup import Backup
from clawmedic.model.report import Budget
from clawmedic.output.browser.blocks import BlockView
from clawmedic.output.browser.desk import StoppableReader, Ticket, TicketReporter
from clawmedic.output.browser.dialogs import ExportDialog, MessageDialog, RestoreDialog, SearchDialog
from clawmedic.output.browser.help import help_text, no_live_restore
from clawmedic.output.browser.pages import DifferencePage, HitPage, Target
from clawmedic.output.browser.reading import (
    ExportOrder,
    Found,
    export_copy,
    look_for,
    prepare_restore,
    read_entry,
    write_restored,
)
from clawmedic.output.browser.shelf import Node
from clawmedic.output.browser.theme import DARK, LIGHT, is_plain
from clawmedic.output.browser.viewer import Viewer, silent
from clawmedic.output.text import count_of


class Browser(Viewer):
    """Keys on the left, a conversation on the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("n", "next(1)", "Next"),
        Binding("N", "next(-1)", "Previous", show=False),
        Binding("a", "hits", "All found", show=False),
        Binding("space", "mark", "Mark", key_display="space"),
        Binding("d", "compare", "Compare"),
        Binding("e", "export", "Export"),
        Binding("r", "restore", "Restore"),
        Binding("l", "live", "Live", show=False),
        Binding("m", "notes", "Settings too", show=False),
        Binding("z", "zoom", "Zoom"),
        Binding("t", "theme", "Theme", show=False),
        Binding("f5", "refresh", "Look again", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
    ]

    # Keys and mouse

    def on_key(self, event: events.Key) -> None:
        """Whoever has touched the keyboard keeps the place."""
        del event
        self._touched = True

    def on_click(self) -> None:
        """The same for the mouse."""
        self._touched = True

    @on(BlockView.Moved, "#shelf")
    def shelf_moved(self) -> None:
        """Another key or copy."""
        self._touched = True
        self._show_node()

    @on(BlockView.Chosen, "#shelf")
    def shelf_chosen(self) -> None:
        """A key opens or closes; a copy hands the keyboard to its conversation."""
        self._touched = True
        node = self.shelf.node
        if node is None:
            return
        if node.copy is None:
            self.shelf.toggle(node.group.name)
        else:
            self.talk.focus()
        self._show_node()

    @on(BlockView.Chosen, "#conversation")
    @work(exclusive=True, group="unfolding")
    async def entry_chosen(self) -> None:
        """Unfold an entry, or fold it again."""
        brief, backup = self.talk.brief, self._open
        if brief is None or backup is None:
            return
        if self.talk.is_unfolded(brief):
            self.talk.unfold(brief, None)
            return
        whole = await self.asked(self._working, lambda reader, _: read_entry(reader, backup, brief.line))
        if whole is None:
            self.say("the entry cannot be read any more; F5 looks again at what is there")
        elif self._open is backup:
            self.talk.unfold(brief, whole)

    def action_zoom(self) -> None:
        """Hide the keys, or show them again."""
        self.screen.toggle_class("zoomed")
        if self.screen.has_class("zoomed"):
            self.talk.focus()

    def action_theme(self) -> None:
        """Dark or light."""
        if not is_plain(self.settings.world.env):
            self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_notes(self) -> None:
        """Settings and records, or not."""
        self.talk.toggle_notes()
        self.say("settings and records are shown" if self.talk.notes else "settings and records are left out")

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(MessageDialog("Keys", help_text))

    def action_live(self) -> None:
        """Not possible yet: say so."""
        backup = self._copy()
        if backup is not None:
            self.push_screen(MessageDialog("Restore into the live key", partial(no_live_restore, backup)))

    def _copy(self) -> Backup | None:
        """The copy that is meant: the one under the cursor, or the key's best."""
        node: Node | None = self.shelf.node
        backup = (
            node.copy
            if node and node.copy
            else node.group.lineage.best
            if node and node.group.lineage
            else None
        )
        if backup is None:
            self.notify("Choose a copy on the left first.", severity="warning", markup=False)
        return backup

    # Searching

    def action_search(self) -> None:
        """Ask what is looked for."""
        node = self.shelf.node
        if node is None:
            return
        dialog = SearchDialog(
            self._found.words if self._found else "", everywhere=False, here=self._open is not None
        )
        self.push_screen(dialog, self._search)

    def _search(self, asked: tuple[str, bool] | None) -> None:
        node = self.shelf.node
        if asked is None or node is None:
            return
        words, everywhere = asked
        here = self._open
        copies = (here,) if here is not None and not everywhere else node.group.copies
        self.say(f"searching {count_of(len(copies), 'copy', 'copies')} for {words} …")
        self.find(words, copies)

    @work(exclusive=True, group="working")
    async def find(self, words: str, copies: tuple[Backup, ...]) -> None:
        """Search, and go to the first place, or show all of them."""

        def job(reader: StoppableReader, ticket: Ticket) -> Found:
            return look_for(reader, copies, words, TicketReporter(ticket, silent))

        found = await self.asked(self._working, job)
        if found is None:
            self.say("the search was not finished")
            return
        if len(copies) == 1:
            hits = tuple(sorted(found.hits, key=lambda hit: hit.number))
            found = Found(found.words, type(found.result)(hits, 1, found.result.stopped), found.literals)
        self._found, self._hit = found, -1
        self._seek()
        if not found.hits:
            self.say(f"not found: {words}")
        elif len(copies) == 1:
            self.action_next(1)
        else:
            self.action_hits()

    def action_hits(self) -> None:
        """All places as a list."""
        if self._found is None or not self._found.hits:
            self.say(
                "nothing was searched for yet; / searches"
                if self._found is None
                else f"not found: {self._found.words}"
            )
            return
        self.push_screen(HitPage(self._found, times=self.settings.times), self._go_to)

    def action_next(self, step: int) -> None:
        """The next or the previous place, round and round."""
        if self._found is None or not self._found.hits:
            self.action_hits()
            return
        hits = self._found.hits
        self._hit = (self._hit + step) % len(hits) if self._hit >= 0 or step > 0 else len(hits) - 1
        self._visit(hits[self._hit])

    def _visit(self, hit: Hit) -> None:
        found = self._found
        self._go_to((hit.backup, hit.number))
        if found is not None:
            self.say(f"{found.words}: {self._hit + 1} of {len(found.hits)}   n next  N previous  a all")

    def _go_to(self, target: Target | None) -> None:
        """Open a copy at an entry."""
        if target is None:
            return
        backup, number = target
        if self._found is not None:
            places = [(hit.backup.id, hit.number) for hit in self._found.hits]
            self._hit = places.index((backup.id, number)) if (backup.id, number) in places else self._hit
        self.shelf.show_copy(backup)
        self.talk.focus()
        if self._open is not None and self._open.id == backup.id and self._loaded:
            self.talk.jump(number)
        else:
            self._begin(backup, number)

    # Comparing, exporting, restoring

    def action_mark(self) -> None:
        """Mark a copy."""
        node = self.shelf.node
        if node is None or node.copy is None:
            self.notify("Choose a copy on the left first.", severity="warning", markup=False)
            return
        self.shelf.mark(node.copy)
        count = len(self.shelf.marked)
        self.say(
            ("no copy is marked", "marked A; mark another one, then d compares", "d compares A with B")[count]
        )

    def action_compare(self) -> None:
        """Compare two copies."""
        by_id = {copy.id: copy for copy in self.archive.backups}
        marked = [by_id[name] for name in self.shelf.marked if name in by_id]
        if len(marked) < 2:
            here = self._copy()
            if here is None:
                return
            node = self.shelf.node
            live = [copy for copy in node.group.copies if copy.kind.is_live] if node else []
            marked = [*marked, here] if marked else [*live[:1], here]
        a, b = marked[0], marked[-1]
        if a.id == b.id:
            self.notify("Mark two copies with the space bar, then press d.", severity="warning", markup=False)
            return
        self.say("comparing …")
        self.contrast(a, b)

    @work(exclusive=True, group="working")
    async def contrast(self, a: Backup, b: Backup) -> None:
        """Compare, and show the differences."""
        found = await self.asked(self._working, lambda reader, _: compare(reader, a, b))
        self.say("")
        if found is not None:
            self.push_screen(DifferencePage(found, times=self.settings.times), self._go_to)

    def action_export(self) -> None:
        """Ask how and where, then write."""
        backup = self._copy()
        if backup is not None:
            self.push_screen(ExportDialog(backup, self.settings.world.cwd, self._write_export))

    async def _write_export(self, order: ExportOrder) -> Digest:
        root = self.archive.state_dir
        return await self._working.ask(lambda reader, _: export_copy(reader, order, root))

    def action_restore(self) -> None:
        """Ask where, show what would be made, ask again, write."""
        backup = self._copy()
        if backup is not None:
            prepare: Callable[[], Awaitable[tuple[Restored, Budget]]] = partial(self._prepare, backup)
            self.push_screen(RestoreDialog(backup, self.settings.world.cwd, prepare, self._write_restored))

    async def _prepare(self, backup: Backup) -> tuple[Restored, Budget]:
        return await self._working.ask(lambda reader, _: prepare_restore(reader, self.settings, backup))

    async def _write_restored(self, restored: Restored, target: Path) -> Digest:
        root = self.archive.state_dir
        return await self._working.ask(lambda _reader, _ticket: write_restored(restored, target, root))
