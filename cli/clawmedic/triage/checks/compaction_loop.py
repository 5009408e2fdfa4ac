"""S18: compactions follow one another and free nothing, as the log tells it."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import SignalKind
from clawmedic.model.cause import Cause
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session
from clawmedic.triage.events import counted

MANY = 4
WINDOW_MS = 10 * 60_000


def check(case: Case) -> Iterable[Finding]:
    """A warning for many successful compactions in ten minutes, an error for OpenClaw's own `Already compacted`."""
    if any(flaw.code is FindingCode.COMPACTION_LOOP for flaw in case.view.flaws):
        return
    already = [event for event in case.story.open if event.cause is Cause.ALREADY_COMPACTED]
    if already:
        yield of_session(
            case,
            FindingCode.COMPACTION_LOOP,
            Severity.ERROR,
            f"{counted(already, 'turn')} ended in 'Already compacted', newest {clock(already[-1].at)}: "
            "the last compaction freed nothing",
            at=already[-1].at,
        )
        return
    done = [turn.at for turn in case.turns if turn.at is not None and turn.has(SignalKind.COMPACTION_DONE)]
    recent = [at for at in done if done and at > done[-1] - WINDOW_MS]
    if len(recent) >= MANY:
        yield of_session(
            case,
            FindingCode.COMPACTION_LOOP,
            Severity.WARNING,
            f"{len(recent)} compactions between {clock(recent[0])} and {clock(recent[-1])}",
            at=recent[-1],
        )
