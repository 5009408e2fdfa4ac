"""What stands where on the screen, and how copies and verdicts come there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual import work
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Footer, Static

from clawmedic.backups.catalogue import catalogue
from clawmedic.errors import ClawmedicError
from clawmedic.model.backup import Archive, Backup
from clawmedic.model.report import ScanReport
from clawmedic.output.browser.briefs import Brief
from clawmedic.output.browser.cells import harmless
from clawmedic.output.browser.conversation import Conversation
from clawmedic.output.browser.desk import Desk, StoppableReader, StoppedError, Ticket, TicketReporter
from clawmedic.output.browser.reading import (
    Found,
    ReadEnd,
    read_copy,
)
from clawmedic.output.browser.shelf import Shelf
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


class Viewer(App[None]):
    """Keys on the left, a conversation on the right."""

    CSS = STYLE
    ENABLE_COMMAND_PALETTE = False
    TITLE = "clawmedic backups"
    HORIZONTAL_BREAKPOINTS = [(0, "narrow"), (110, "wide"), (160, "widest")]  # noqa: RUF012  textual declares it so

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
        self.animation_level = "none"  # over a slow line every frame counts
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
        times = self.settings.times
        yield Static(id="top", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Shelf(times=times, id="shelf")
            with Vertical(id="right"), ContentSwitcher(initial="chart"):
                with VerticalScroll(id="chart"):
                    yield Static(id="overview", markup=False)
                with Vertical(id="talk"):
                    yield Static(id="head", markup=False)
                    yield Conversation(times=times, id="conversation")
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
        self.notify(
            f"{harmless(error.message)}{hint}", title="Not done", severity="error", markup=False, timeout=8
        )

    def _show_node(self) -> None:
        """Show what the cursor of the shelf stands on: a key's chart, or a copy."""
        node = self.shelf.node
        switcher = self.query_one(ContentSwitcher)
        if node is None:
            self.query_one("#overview", Static).update(Content("No copies, and no sessions."))
        elif node.copy is None:
            self._leave_copy()
            chart = key_chart(node.group, self.archive, times=self.settings.times, examining=self._examining)
            self.query_one("#overview", Static).update(chart)
            switcher.current = "chart"
            self.say(
                "Enter opens the key" if node.group.name not in self.shelf.opened else "Enter closes the key"
            )
        elif self._open is None or node.copy.id != self._open.id:
            self._begin(node.copy)

    def _leave_copy(self) -> None:
        self._open, self._loaded = None, False
        self.workers.cancel_group(self, "reading")

    def _begin(self, backup: Backup, number: int | None = None) -> None:
        """Open a copy; `number` is the entry to go to, None the last."""
        self._open, self._loaded, self._pending = backup, False, number
        self.query_one("#head", Static).update(copy_head(backup, self.archive, times=self.settings.times))
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

        end = await self.asked(self._reading, job)
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

    async def asked(self, desk: Desk, job: Callable[[StoppableReader, Ticket], T]) -> T | None:
        """Ask a desk; a failure becomes a notice and None."""
        try:
            return await desk.ask(job)
        except StoppedError:
            return None
        except ClawmedicError as error:
            self.warn(error)
            return None

    def _seek(self) -> None:
        """Mark what was found in the open copy."""
        found, backup = self._found, self._open
        hits = (
            {hit.number: hit for hit in found.hits if backup and hit.backup.id == backup.id} if found else {}
        )
        self.talk.seek(found.literals if found else (), hits)

    # Verdicts

    @work(exclusive=True, group="judging")
    async def judge(self) -> None:
        """Examine the sessions, and sort the keys by what comes of it."""

        def job(_: StoppableReader, ticket: Ticket) -> ScanReport:
            return examine(self.settings, TicketReporter(ticket, silent))

        report = await self.asked(self._judging, job)
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
            reporter = TicketReporter(ticket, silent)
            return catalogue(self.settings, reporter), examine(self.settings, reporter)

        self._reading.forget()
        self._working.forget()
        found = await self.asked(self._judging, job)
        if found is not None:
            self._open = None
            self._take(*found)
            self.say("this is what is on the disk now")


def silent(what: str, done: int, total: int | None) -> None:
    """Progress that nobody is told of."""
    del what, done, total


def _hand(loop: asyncio.AbstractEventLoop, show: Callable[[list[Brief]], None], briefs: list[Brief]) -> None:
    """Give entries to the screen's own thread; when the screen is gone, the work ends."""
    try:
        loop.call_soon_threadsafe(show, briefs)
    except RuntimeError as error:
        raise StoppedError from error
