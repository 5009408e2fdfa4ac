"""The browser: what stands where, and what each key does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import events, on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Footer, Static

from clawmedic.backups.catalogue import catalogue
from clawmedic.backups.compare import compare
from clawmedic.backups.restoring import Restored
from clawmedic.backups.search import Hit
from clawmedic.disk.digest import Digest
from clawmedic.errors import ClawmedicError
from clawmedic.model.backup import Archive, Backup
from clawmedic.model.report import Budget, ScanReport
from clawmedic.output.browser.blocks import BlockView
from clawmedic.output.browser.briefs import Brief
from clawmedic.output.browser.cells import harmless
from clawmedic.output.browser.conversation import Conversation
from clawmedic.output.browser.desk import Desk, StoppableReader, StoppedError, Ticket, TicketReporter
from clawmedic.output.browser.dialogs import ExportDialog, MessageDialog, RestoreDialog, SearchDialog
from clawmedic.output.browser.help import help_text, no_live_restore
from clawmedic.output.browser.pages import DifferencePage, HitPage, Target
from clawmedic.output.browser.reading import (
    ExportOrder,
    Found,
    ReadEnd,
    export_copy,
    look_for,
    prepare_restore,
    read_copy,
    read_entry,
    write_restored,
)
from clawmedic.output.browser.shelf import Node, Shelf
from clawmedic.output.browser.shelf_model import KeyGroup, key_groups
from clawmedic.output.browser.theme import DARK, LIGHT, OWN_VARIABLES, STYLE, is_plain, theme_for
from clawmedic.output.browser.words import copy_head, key_chart
from clawmedic.output.palette import VERDICTS
from clawmedic.output.text import count_of
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine

T = TypeVar("T")
_PATIENCE = 0.12
"""Seconds that the cursor rests on a copy before the copy is read."""


class Browser(App[None]):
    """Keys on the left, a conversation on the right."""

    CSS = STYLE
    ENABLE_COMMAND_PALETTE = False
    TITLE = "clawmedic backups"
    HORIZONTAL_BREAKPOINTS = [(0, "narrow"), (110, "wide"), (160, "widest")]  # noqa: RUF012  textual declares it so
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

    def __init__(self, settings: Settings, archive: Archive) -> None:
        plain = is_plain(settings.world.env)
        super().__init__(ansi_color=True if plain else None)
        self.settings = settings
        self.archive = archive
        self.report: ScanReport | None = None
        self.groups: tuple[KeyGroup, ...] = key_groups(archive, None)
        self._reading = Desk(settings.world, archive.state_dir)
        self._working = Desk(settings.world, archive.state_dir)
        self._judging = Desk(settings.world, archive.state_dir)
        self._examining = True
        self._touched = False
        self._open: Backup | None = None
        self._loaded = False
        self._found: Found | None = None
        self._hit = -1
        self._pending: int | None = None
        self._timer: Timer | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme_for(settings.world.env)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of our own, for themes that do not know them."""
        return OWN_VARIABLES

    def close_desks(self) -> None:
        """End all work."""
        for desk in (self._reading, self._working, self._judging):
            desk.close()

    def compose(self) -> ComposeResult:
        """The screen."""
        utc = self.settings.utc
        yield Static(id="top", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Shelf(utc=utc, id="shelf")
            with Vertical(id="right"), ContentSwitcher(initial="chart"):
                with VerticalScroll(id="chart"):
                    yield Static(id="overview", markup=False)
                with Vertical(id="talk"):
                    yield Static(id="head", markup=False)
                    yield Conversation(utc=utc, id="conversation")
        yield Static(id="state", markup=False)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Begin: the first key, and the verdicts as soon as they are there."""
        if self.groups and self.groups[0].copies:
            self.shelf.opened.add(self.groups[0].name)
        self.shelf.fill(self.groups)
        self.shelf.focus()
        self._show_top()
        self._show_node()
        self.judge()

    @property
    def shelf(self) -> Shelf:
        """The left side."""
        return self.query_one(Shelf)

    @property
    def talk(self) -> Conversation:
        """The right side."""
        return self.query_one(Conversation)

    # What is shown

    def _show_top(self) -> None:
        keys = sum(1 for group in self.groups if group.name[1])
        start = f"clawmedic  {count_of(keys, 'key')}, {count_of(len(self.archive.backups), 'copy', 'copies')}"
        parts: list[tuple[str, str]] = [(start, "bold")]
        if self.report is not None:
            for verdict, count in self.report.totals.items():
                if count:
                    parts.append((f"   {VERDICTS[verdict].symbol} {count} {VERDICTS[verdict].word}", ""))
        elif self._examining:
            parts.append(("   examining …", "$quiet"))
        parts.append((f"   {harmless(str(self.archive.state_dir))}", "$quiet"))
        self.query_one("#top", Static).update(Content.assemble(*parts))

    def say(self, words: str) -> None:
        """One line above the keys' line."""
        self.query_one("#state", Static).update(Content(harmless(words)))

    def warn(self, error: ClawmedicError) -> None:
        """A failure as a notice."""
        hint = f"\n{harmless(error.hint)}" if error.hint else ""
        self.notify(f"{harmless(error.message)}{hint}", title="Not done", severity="error", markup=False, timeout=8)

    def _show_node(self) -> None:
        """Show what the cursor of the shelf stands on: a key's chart, or a copy."""
        node = self.shelf.node
        switcher = self.query_one(ContentSwitcher)
        if node is None:
            self.query_one("#overview", Static).update(Content("No copies, and no sessions."))
        elif node.copy is None:
            self._leave_copy()
            chart = key_chart(node.group, self.archive, utc=self.settings.utc, examining=self._examining)
            self.query_one("#overview", Static).update(chart)
            switcher.current = "chart"
            self.say("Enter opens the key" if node.group.name not in self.shelf.opened else "Enter closes the key")
        elif self._open is None or node.copy.id != self._open.id:
            self._begin(node.copy)

    def _leave_copy(self) -> None:
        self._open, self._loaded = None, False
        self.workers.cancel_group(self, "reading")

    def _begin(self, backup: Backup, number: int | None = None) -> None:
        """Open a copy; `number` is the entry to go to, None the last."""
        self._open, self._loaded, self._pending = backup, False, number
        self.query_one("#head", Static).update(copy_head(backup, self.archive, utc=self.settings.utc))
        self.query_one(ContentSwitcher).current = "talk"
        self.talk.empty()
        self._seek()
        self.say("reading …")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PATIENCE, partial(self.read, backup))

    @work(exclusive=True, group="reading")
    async def read(self, backup: Backup) -> None:
        """Read a copy into the conversation."""
        loop = asyncio.get_running_loop()

        def job(reader: StoppableReader, ticket: Ticket) -> ReadEnd:
            def show(briefs: list[Brief]) -> None:
                if not ticket.stopped and self._open is backup:
                    self.talk.extend(briefs)

            return read_copy(reader, ticket, backup, lambda briefs: _hand(loop, show, briefs))

        end = await self._asked(self._reading, job)
        if self._open is backup:
            self._loaded = True
            if end is not None:
                self._finish(backup, end)
            else:
                self.say("the copy could not be read")

    def _finish(self, backup: Backup, end: ReadEnd) -> None:
        if end.branch is not None:
            self.talk.set_branch(end.branch)
        if not self.talk.count():
            why = end.problem or backup.note or "nothing of a conversation is in it"
            self.say(f"{backup.state.value}: {why}")
            if end.problem:
                self.notify(harmless(end.problem), title="Cannot be read", severity="error", markup=False)
            return
        skipped = f", the {end.skipped:,} oldest not shown" if end.skipped else ""
        self.say(f"{end.entries:,} entries{skipped}{'; ' + end.problem if end.problem else ''}")
        if self._pending is not None:
            self.talk.jump(self._pending)
            self._pending = None
        elif self.talk.cursor == 0:
            self.talk.go_to(self.talk.count() - 1)

    async def _asked(self, desk: Desk, job: Callable[[StoppableReader, Ticket], T]) -> T | None:
        """Ask a desk; a failure becomes a notice and None."""
        try:
            return await desk.ask(job)
        except StoppedError:
            return None
        except ClawmedicError as error:
            self.warn(error)
            return None

    # Verdicts

    @work(exclusive=True, group="judging")
    async def judge(self) -> None:
        """Examine the sessions, and sort the keys by what comes of it."""

        def job(_: StoppableReader, ticket: Ticket) -> ScanReport:
            return examine(self.settings, TicketReporter(ticket, _silent))

        report = await self._asked(self._judging, job)
        self._examining = False
        if report is not None:
            self._take(self.archive, report)
        else:
            self._show_top()

    def _take(self, archive: Archive, report: ScanReport | None) -> None:
        """Show another archive, or its verdicts."""
        self.archive, self.report = archive, report
        self.groups = key_groups(archive, report)
        first = self.groups[0] if self.groups else None
        if not self._touched and first is not None:
            self.shelf.opened = {first.name} if first.copies else set()
            self.shelf.fill(self.groups)
            self.shelf.go_to(0, quiet=True)
        else:
            self.shelf.fill(self.groups)
        self._show_top()
        self._show_node()

    @work(exclusive=True, group="judging")
    async def action_refresh(self) -> None:
        """Look again at everything."""
        self.say("looking again …")

        def job(_: StoppableReader, ticket: Ticket) -> tuple[Archive, ScanReport]:
            reporter = TicketReporter(ticket, _silent)
            return catalogue(self.settings, reporter), examine(self.settings, reporter)

        self._reading.forget()
        self._working.forget()
        found = await self._asked(self._judging, job)
        if found is not None:
            self._open = None
            self._take(*found)
            self.say("this is what is on the disk now")

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
        whole = await self._asked(self._working, lambda reader, _: read_entry(reader, backup, brief.line))
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
        backup = node.copy if node and node.copy else node.group.lineage.best if node and node.group.lineage else None
        if backup is None:
            self.notify("Choose a copy on the left first.", severity="warning", markup=False)
        return backup

    # Searching

    def action_search(self) -> None:
        """Ask what is looked for."""
        node = self.shelf.node
        if node is None:
            return
        dialog = SearchDialog(self._found.words if self._found else "", everywhere=False, here=self._open is not None)
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
            return look_for(reader, copies, words, TicketReporter(ticket, _silent))

        found = await self._asked(self._working, job)
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

    def _seek(self) -> None:
        """Mark what was found in the open copy."""
        found, backup = self._found, self._open
        hits = {hit.number: hit for hit in found.hits if backup and hit.backup.id == backup.id} if found else {}
        self.talk.seek(found.literals if found else (), hits)

    def action_hits(self) -> None:
        """All places as a list."""
        if self._found is None or not self._found.hits:
            self.say("nothing was searched for yet; / searches" if self._found is None else f"not found: {self._found.words}")
            return
        self.push_screen(HitPage(self._found, utc=self.settings.utc), self._go_to)

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
        self.say(("no copy is marked", "marked A; mark another one, then d compares", "d compares A with B")[count])

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
        found = await self._asked(self._working, lambda reader, _: compare(reader, a, b))
        self.say("")
        if found is not None:
            self.push_screen(DifferencePage(found, utc=self.settings.utc), self._go_to)

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


def _silent(what: str, done: int, total: int | None) -> None:
    del what, done, total


def _hand(loop: asyncio.AbstractEventLoop, show: Callable[[list[Brief]], None], briefs: list[Brief]) -> None:
    """Give entries to the screen's own thread; when the screen is gone, the work ends."""
    try:
        loop.call_soon_threadsafe(show, briefs)
    except RuntimeError as error:
        raise StoppedError from error
