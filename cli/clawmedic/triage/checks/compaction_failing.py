"""S01: a compaction that a turn needed keeps failing."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session
from clawmedic.triage.events import counted


def check(case: Case) -> Iterable[Finding]:
    """Critical for a refused turn (one is enough, design.md 3); a warning for one that refused nobody."""
    refused = case.story.refused
    if refused:
        cause = case.story.cause
        lines = [
            f"{counted(refused, 'refused turn')} since {clock(refused[0].at)}"
            + (f", newest {clock(refused[-1].at)}" if len(refused) > 1 else "")
            + (f", cause {cause}" if cause else ""),
        ]
        told = next((event for event in reversed(refused) if event.cause is not None), refused[-1])
        lines += [f"{item.source}:{item.line}: {item.text}" for item in told.evidence[-4:]]
        yield of_session(case, FindingCode.COMPACTION_FAILING, Severity.CRITICAL, *lines, at=refused[-1].at)
    elif case.story.strained:
        strained = case.story.strained
        lines = [f"a compaction failed at {clock(strained[-1].at)}; no turn was refused by it yet"]
        lines += [f"{item.source}:{item.line}: {item.text}" for item in strained[-1].evidence[-3:]]
        yield of_session(case, FindingCode.COMPACTION_FAILING, Severity.WARNING, *lines, at=strained[-1].at)
