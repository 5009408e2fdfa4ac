"""S26: restart recovery tries the session again and again, and each time the turn is refused."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import SignalKind
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session

LOOP = 2


def check(case: Case) -> Iterable[Finding]:
    """Critical from two failed resumptions without an answer between them; a warning for one."""
    ended = case.story.ended_at or 0
    failed = [
        signal
        for turn in case.turns
        for signal in turn.of(SignalKind.RESUME_FAILED)
        if (signal.at or 0) > ended
    ]
    if failed:
        newest = failed[-1]
        yield of_session(
            case,
            FindingCode.RESUME_LOOP,
            Severity.CRITICAL if len(failed) >= LOOP else Severity.WARNING,
            f"{len(failed)} failed resumption(s), newest {clock(newest.at)}",
            f"{newest.record.source}:{newest.record.line}: {newest.record.text[:300]}",
            at=newest.at,
        )
