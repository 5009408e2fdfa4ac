"""The state directory as a rescue sees it: opened, its logs read once, each session examined as closely as it needs.

A rescue looks several times: to plan, between rungs, and for each proof. The logs are read again only while a gateway
runs that writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from clawmedic.errors import NotFoundError, RefusedError
from clawmedic.logs.scan import signals
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.report import SessionReport
from clawmedic.model.reporter import Reporter, SilentReporter
from clawmedic.model.session import Session
from clawmedic.model.verdict import Verdict
from clawmedic.recovery.rung import Situation
from clawmedic.settings import Settings
from clawmedic.stores.editing_gate import prove_nobody_owns
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader
from clawmedic.triage.acks import load_acks
from clawmedic.triage.case import Case
from clawmedic.triage.examine import Examination, report_of
from clawmedic.triage.logbook import LogBook
from clawmedic.triage.select import resolve_session

ILL = frozenset({Verdict.DEAD, Verdict.STUCK})
"""What `--all` means (design.md 2)."""


class Seen(Struct, frozen=True):
    """One session at one moment, every line of its transcript read."""

    store: StoreReader
    case: Case
    report: SessionReport


class Ward(Struct, frozen=True):
    """An opened state directory.

    Attributes:
        book: the logs as they were read.
    """

    settings: Settings
    state: StateReader
    book: LogBook

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, reporter: Reporter, book: LogBook | None = None) -> Iterator[Ward]:
        """Open the stores for reading; the logs are read unless they are given.

        Raises:
            NotFoundError: nothing of OpenClaw is there, or a named log file does not exist.
        """
        with open_for_reading(settings, reporter) as state:
            if book is None:
                scan = signals(find_sources(settings, state.config), TimeWindow(), reporter)
                book = LogBook.read(scan)
            yield cls(settings, state, book)

    def find(self, wanted: str) -> tuple[StoreReader, Session]:
        """The one session that a key, an id or a part of either means.

        Raises:
            NotFoundError, AmbiguousError: none, or several.
        """
        owned = [(store, session) for store in self.state.stores for session in store.sessions()]
        chosen = resolve_session([session for _, session in owned], wanted)
        return next((store, session) for store, session in owned if session is chosen)

    def look(self, key: str, agent: str) -> Seen:
        """Look closely at one session of one agent.

        Raises:
            NotFoundError: it has gone.
        """
        for store in self.state.stores:
            for session in store.sessions():
                if session.key == key and session.agent == agent:
                    return self.look_at(store, session)
        raise NotFoundError(f"no such session: {key}", hint="`clawmedic scan --all` lists every key")

    def look_at(self, store: StoreReader, session: Session) -> Seen:
        """Look closely at one session: every line of its transcript is read."""
        examination = self._examination(SilentReporter(), deep=True)
        case = next(examination.cases(store, only=session)[0])
        return Seen(store, case, report_of(case, examination.acks))

    def ill(self, reporter: Reporter) -> Sequence[tuple[StoreReader, Session]]:
        """Every dead or stuck session, worst first."""
        examination = self._examination(reporter, deep=False)
        found = [
            (store, report_of(case, examination.acks))
            for store in self.state.stores
            for case in examination.cases(store)[0]
        ]
        ill = [(store, report) for store, report in found if report.verdict in ILL]
        return [(store, one.session) for store, one in sorted(ill, key=lambda item: item[1].verdict.rank)]

    def situation(self, *, gateway_stopped: bool) -> tuple[Situation, str]:
        """Who owns the directory, and what says so.

        Raises:
            BusyError: a living process holds the lock of a transcript or store, and no gateway is known to run.
            RefusedError: that nobody owns it cannot be proven, and nobody vouches for it.
        """
        try:
            prove_nobody_owns(self.state, self.settings.world, gateway_stopped=True)
        except RefusedError as error:
            return Situation.RUNNING, error.message
        prove_nobody_owns(self.state, self.settings.world, gateway_stopped=gateway_stopped)
        return Situation.STOPPED, ""

    def _examination(self, reporter: Reporter, *, deep: bool) -> Examination:
        return Examination(
            self.settings, reporter, self.state, self.book, load_acks(self.settings), deep=deep, thorough=deep
        )


def look_again(settings: Settings, book: LogBook | None, session: Session) -> Seen:
    """Examine a session anew, with everything read again but (when `book` is given) the logs.

    Raises:
        NotFoundError: it has gone.
    """
    with Ward.open(settings, SilentReporter(), book) as ward:
        return ward.look(session.key, session.agent)
