"""What a rung is, and what it is given: to add one, write a file in `rungs/` and a line in `table.py`.

A rung looks and plans; `operations.execute` acts. What a rung's action raises, and a proof that does not hold, rolls
everything back that it did.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from clawmedic.gateway.calling import Caller
from clawmedic.model.plan import Plan
from clawmedic.model.report import SessionReport
from clawmedic.model.session import Generation, Session
from clawmedic.operations.work import Action
from clawmedic.recovery.ailment import Ailment
from clawmedic.recovery.policy import Mandate
from clawmedic.settings import Settings
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader
from clawmedic.triage.case import Case
from clawmedic.triage.logbook import LogBook


class Situation(StrEnum):
    """Who owns the state directory (design.md 6.1).

    STOPPED: nobody, proven or vouched for by `--gateway-stopped`: files may be changed.
    RUNNING: a gateway; only it (or OpenClaw's own locks) may change anything.
    """

    STOPPED = "stopped"
    RUNNING = "running"


class Patient(Struct, frozen=True):
    """One session as a rung sees it. `ailment` is what the rescue is against; `gateway` None when none is reached.

    Attributes:
        store: the reader of the session's own store.
        member: the name that the next operation on it will have.
        command: the command that asks, for the journal.
        why_running: what says that a gateway owns the state directory, "" when none does.
        book: the logs as they were read; a proof reads them again where a gateway writes them.
    """

    settings: Settings
    state: StateReader
    store: StoreReader
    case: Case
    report: SessionReport
    ailment: Ailment
    mandate: Mandate
    situation: Situation
    member: str
    book: LogBook
    command: str = "rescue"
    gateway: Caller | None = None
    why_running: str = ""

    @property
    def session(self) -> Session:
        """Its row."""
        return self.case.session

    @property
    def offline(self) -> bool:
        """Whether its files may be changed: the file generation, and nobody owns the directory."""
        return self.session.generation is Generation.FILES and self.situation is Situation.STOPPED


class Fit(Struct, frozen=True):
    """Whether a rung is tried, and why or why not: one sentence without a full stop."""

    ok: bool
    reason: str


class Treatment(Struct, frozen=True):
    """A plan and what carries it out; both see the same moment."""

    plan: Plan
    action: Action


class Rung(Protocol):
    """One means of bringing a session back. It holds nothing: the same object serves every session."""

    @property
    def name(self) -> str:
        """The word of design.md 5, as plans, journal and output show it."""

    def applies(self, patient: Patient) -> Fit:
        """Whether it is tried on this session, by the table of design.md 5. Looks at nothing but the patient."""

    def plan(self, patient: Patient) -> Treatment:
        """What it would do, as data, with what its undo can give back; reads, and changes nothing.

        Raises:
            RefusedError: looking closer, it cannot be done safely; why.
        """
