"""S02: the gateway's own failure replies stand at the end of the transcript."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session


def check(case: Case) -> Iterable[Finding]:
    """An error for each run of failure replies after the last real answer."""
    replies = [entry for entry in case.view.path.entries if entry.failure_text]
    ended = case.story.ended_at
    newest = [entry for entry in replies if ended is None or (entry.at or 0) > ended]
    if newest:
        text = " ".join(newest[-1].text.split())[:160]
        yield of_session(
            case,
            FindingCode.FAILURE_REPLIES,
            Severity.ERROR,
            f"{len(newest)} after the last real answer, newest in line {newest[-1].line}: {text}",
            at=newest[-1].at,
        )
