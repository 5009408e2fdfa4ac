"""What a pass came to: for the page, for JSON (`clawmedic.guard/1`), for metrics, and as an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.errors import ExitCode
from clawmedic.guard.look import Trouble
from clawmedic.model.cause import Cause
from clawmedic.model.notice import Notice
from clawmedic.model.outcome import KeyResult
from clawmedic.model.policy import Policy
from clawmedic.model.signals import GuardSignals
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings

if TYPE_CHECKING:
    from clawmedic.operations.run import Recovered


class Did(StrEnum):
    """What the guard did about one session.

    RESCUED: it answers again. FAILED: it was tried and does not; it will be tried again. HELD: nothing now, but later.
    OBSERVED: the policy only looks on. PERSON: nothing more is tried, a person is needed. OUTAGE: its provider fails.
    WARNED: it still answers; people were warned.
    """

    RESCUED = "rescued"
    FAILED = "failed"
    HELD = "held"
    OBSERVED = "observed"
    PERSON = "person"
    OUTAGE = "outage"
    WARNED = "warned"


class SessionLine(Struct, frozen=True):
    """One session that a pass had something to do with.

    Attributes:
        attempts: how many of its attempts (`of`) are used within the window.
        until: when it is looked at again, epoch milliseconds, None when that depends on other things.
        turns_left: turns until the budget is reached at its pace, None when unknown.
    """

    key: str
    agent: str
    verdict: Verdict
    cause: Cause | None
    policy: Policy
    did: Did
    reason: str
    attempts: int = 0
    of: int = 0
    until: int | None = None
    unanswered: int = 0
    turns_left: int | None = None


class OutageLine(Struct, frozen=True):
    """An outage that lasts. Times are epoch milliseconds; `passes`: it goes away by itself.

    `person`: nothing can be done about it but by a person.
    """

    provider: str
    cause: Cause
    keys: tuple[str, ...]
    since: int | None
    next_check: int | None
    passes: bool
    person: bool


class PassReport(Struct, frozen=True):
    """One pass.

    Attributes:
        at, ended_at: epoch milliseconds.
        policy: what holds where no rule says otherwise; None when nobody has said.
        paused_until: 0 when the guard is not paused.
        totals: sessions by verdict; `by_agent` the same for each agent.
        causes: ill sessions by cause.
        unanswered: messages that got no answer, all sessions together.
        rescues: rung, result ("ok", "failed") and how many there were since the memory began.
        attempts_left: key and what is left of its attempts; only of keys that had one.
        sessions: those that it had something to do with.
        results: what was tried, as `clawmedic.outcome/1` has it.
        notices: what people were told of in this pass and not before.
        recovered: operations that an earlier run had left in the middle.
        ended_early: why it did not come to its end, "" when it did.
        problems: for people, one line each.
    """

    at: int
    ended_at: int
    policy: Policy | None
    configured: bool
    dry_run: bool = False
    paused_until: int = 0
    generation: str = ""
    version: str = ""
    totals: Mapping[Verdict, int] = field(default_factory=dict)
    by_agent: Mapping[str, Mapping[Verdict, int]] = field(default_factory=dict)
    causes: Mapping[Cause, int] = field(default_factory=dict)
    unanswered: int = 0
    rescues: tuple[tuple[str, str, int], ...] = ()
    attempts_left: tuple[tuple[str, int], ...] = ()
    sessions: tuple[SessionLine, ...] = ()
    outages: tuple[OutageLine, ...] = ()
    results: tuple[KeyResult, ...] = ()
    operation_ids: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    notes: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    recovered: tuple[Recovered, ...] = ()
    problems: tuple[str, ...] = ()
    ended_early: str = ""
    read: int = 0

    def with_told(self, notices: tuple[Notice, ...], problems: tuple[str, ...]) -> PassReport:
        """The report with what people were told of."""
        return replace(self, notices=notices, problems=tuple(dict.fromkeys((*self.problems, *problems))))

    def signals(self, settings: Settings, *, waiting: int = 0) -> GuardSignals:
        """The pass as numbers; `waiting` notices were taken by no channel yet."""
        sessions = [
            (agent, verdict, count)
            for agent, counted in sorted(self.by_agent.items())
            for verdict, count in counted.items()
        ]
        return GuardSignals(
            state_dir=str(settings.state_dir),
            at=self.ended_at,
            duration_ms=self.ended_at - self.at,
            exit_code=int(self.exit_code),
            up=not self.ended_early,
            paused=self.paused_until > self.at,
            sessions=tuple(sessions),
            causes=tuple(sorted(self.causes.items())),
            rescues=self.rescues,
            attempts_left=self.attempts_left,
            unanswered=self.unanswered,
            notices_waiting=waiting,
        )

    @property
    def summary(self) -> str:
        """One line for a dead-man switch: sessions by verdict, and what was done."""
        counted = [f"{count} {verdict}" for verdict, count in self.totals.items() if count]
        did: dict[str, int] = {}
        for line in self.sessions:
            did[line.did] = did.get(line.did, 0) + 1
        return ", ".join([*counted, *(f"{word}: {count}" for word, count in did.items())]) or "no sessions"

    @property
    def exit_code(self) -> ExitCode:
        """0 nothing is left to do, 3 something is only looked at, 4 not all could be done, 9 a person is needed."""
        did = {line.did for line in self.sessions}
        needs_person = Did.PERSON in did or any(one.person for one in self.outages)
        if needs_person or self.troubles or any(not one.ok for one in self.recovered):
            return ExitCode.EXHAUSTED
        if self.ended_early or Did.FAILED in did:
            return ExitCode.PARTIAL
        if did & {Did.HELD, Did.OBSERVED, Did.OUTAGE}:
            return ExitCode.FINDINGS
        return ExitCode.OK
