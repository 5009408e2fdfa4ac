"""The guard as a call: one pass, or one after the other until a signal ends it.

The second of the two broad `except`s of the house is here: a bug in one pass is reported, and the next one comes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from clawmedic import __version__
from clawmedic.configuration.sections import Configuration
from clawmedic.disk.crash import write_crash_report
from clawmedic.disk.locks import state_lock
from clawmedic.errors import ClawmedicError, ExitCode
from clawmedic.guard.look import Seen, load_seen
from clawmedic.guard.memory import guard_folder
from clawmedic.guard.orders import Diary, Orders, Tools
from clawmedic.guard.report import PassReport
from clawmedic.guard.stopping import PassEnd, Stopping, Why
from clawmedic.guard.watch import BUSY, guard_pass
from clawmedic.model.signals import GuardSignals
from clawmedic.notify.ping import Ping
from clawmedic.notify.post import Post
from clawmedic.settings import Settings

if TYPE_CHECKING:
    from clawmedic.recovery.line import Line


class Audience(Protocol):
    """Who is shown what the guard does: the command's output."""

    @property
    def diary(self) -> Diary:
        """Told of each action as it happens."""

    def passed(self, report: PassReport) -> None:
        """A pass has ended."""

    def complain(self, line: str, hint: str = "") -> None:
        """Something that a person should know, though nothing was asked of him."""

    def measured(self, signals: GuardSignals) -> None:
        """The numbers of a pass; also of one that could not do its work."""


class Watch(Struct, frozen=True):
    """One call of the guard.

    Attributes:
        orders: makes the orders anew for each pass: the configuration may have changed.
        line: opens the way to the gateway for a pass.
        ping: the dead-man switch.
        max_runtime_ms: of one pass.
    """

    settings: Settings
    orders: Callable[[], Orders]
    line: Callable[[], Line]
    ping: Ping
    audience: Audience
    max_runtime_ms: int

    def once(self) -> ExitCode:
        """One pass.

        Raises:
            ClawmedicError: what `guard_pass` raises.
        """
        if self.orders().dry_run:
            return self._pass(None)
        with self._alone():
            return self._pass(None)

    def every(self, interval_ms: int, *, sleep: Callable[[float], None] = time.sleep) -> ExitCode:
        """A pass at once and one for each interval, until SIGTERM or SIGINT.

        Raises:
            BusyError: another guard watches this state directory.
        """
        with self._alone():
            seen = load_seen(self.settings)
            said = ""
            while True:
                began = time.monotonic()
                said = self._one_of_many(seen, said)
                if said == _ENDED:
                    return ExitCode.OK
                left = interval_ms / 1000 - (time.monotonic() - began)
                try:
                    with Stopping().listening():
                        sleep(max(0.0, left))
                except PassEnd:
                    return ExitCode.OK

    def _one_of_many(self, seen: Seen, said: str) -> str:
        """A pass whose failure ends nothing; what was complained about, so that it is not repeated."""
        try:
            code = self._pass(seen)
        except ClawmedicError as error:
            if error.message != said:
                self.audience.complain(error.message, error.hint)
            return error.message
        except Exception as error:  # noqa: BLE001  the guard's own boundary: the next pass comes all the same
            where = write_crash_report(
                self.settings.world, error=error, argv=sys.argv[1:], version=__version__
            )
            words = f"a pass failed unexpectedly ({type(error).__name__})"
            self._failed(ExitCode.BUG, words)
            if words != said:
                self.audience.complain(words, f"please report it with {where}" if where else "")
            return words
        return _ENDED if code == ExitCode.INTERRUPTED else ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with state_lock(guard_folder(self.settings) / "service", busy=BUSY):
            yield

    def _pass(self, seen: Seen | None) -> ExitCode:
        stopping = Stopping()
        with stopping.armed(self.max_runtime_ms, self.settings.world):
            try:
                return self._armed_pass(stopping, seen)
            except PassEnd as end:  # before anything was looked at, or after everything was done
                return ExitCode.INTERRUPTED if end.why is Why.SIGNAL else ExitCode.PARTIAL

    def _armed_pass(self, stopping: Stopping, seen: Seen | None) -> ExitCode:
        began, problems = self.settings.now(), []
        try:
            orders = self.orders()
            problems.append("" if orders.dry_run else self.ping.start())
            post = Post.open(self.settings, orders.configuration)
            with ExitStack() as open_ones:
                line = cache(lambda: open_ones.enter_context(self.line()))
                tools = Tools(line, post, self.audience.diary, stopping)
                report = guard_pass(self.settings, orders, tools, seen)
        except ClawmedicError as error:
            self._failed(error.exit_code, error.message, began)
            raise
        with stopping.sealed():
            self.audience.passed(report)
            if not orders.dry_run:
                self.audience.measured(report.signals(self.settings, waiting=post.waiting))
                problems.append(self._ended(report))
            self._complain(problems)
        return ExitCode.INTERRUPTED if stopping.wanted is Why.SIGNAL else report.exit_code

    def _ended(self, report: PassReport) -> str:
        """Tell the dead-man switch; why it was not reached, "" when it was."""
        if report.exit_code in (ExitCode.OK, ExitCode.FINDINGS):
            return self.ping.success(report.summary)
        return self.ping.fail(report.exit_code, report.summary)

    def _failed(self, code: ExitCode, words: str, began: int | None = None) -> None:
        """Whoever watches the guard is told that a pass could not do its work."""
        now = self.settings.now()
        took = now - began if began is not None else 0
        self._complain([self.ping.fail(code, words)])
        self.audience.measured(GuardSignals(str(self.settings.state_dir), now, took, int(code), up=False))

    def _complain(self, lines: Sequence[str]) -> None:
        for line in filter(None, lines):
            self.audience.complain(line)


_ENDED = "\0ended"


def latest_configuration(
    load: Callable[[], Configuration], complain: Callable[[str, str], None]
) -> Callable[[], Configuration]:
    """The configuration of each pass of a service.

    A file that is broken meanwhile is complained about once, and the last good one holds.
    """
    known: list[Configuration] = []
    said: list[str] = []

    def latest() -> Configuration:
        try:
            known[:] = [load()]
            said.clear()
        except ClawmedicError as error:
            if not known:
                raise
            if error.message not in said:
                said[:] = [error.message]
                complain(f"{error.message}; what was read before holds", error.hint)
        return known[0]

    return latest
