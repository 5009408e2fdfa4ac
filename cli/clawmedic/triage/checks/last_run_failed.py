"""S07: the newest turns ended in an error of the ordinary model call."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session
from clawmedic.triage.events import EventKind, counted

ENOUGH_FOR_DEATH = 2


def check(case: Case) -> Iterable[Finding]:
    """Critical when the two newest turns failed, an error for one; a person's own stop is no failure (design.md 3)."""
    failed = [event for event in case.story.open if event.kind is EventKind.FAILED]
    if not failed:
        return
    cause = case.story.cause
    dead = case.story.failed_turns >= ENOUGH_FOR_DEATH
    lines = [
        f"{counted(case.story.open, 'turn')} in a row without an answer, newest {clock(failed[-1].at)}"
        + (f", cause {cause}" if cause else "")
        + f"; row status {case.session.status or 'absent'}",
    ]
    quoted = [item for event in failed[-3:] for item in event.evidence[-1:]]
    lines += [
        f"{item.source}:{item.line}: {item.text}" if item.line else f"{item.source}: {item.text}"
        for item in quoted
    ]
    yield of_session(
        case,
        FindingCode.LAST_RUN_FAILED,
        Severity.CRITICAL if dead else Severity.ERROR,
        *lines,
        at=failed[-1].at,
    )
