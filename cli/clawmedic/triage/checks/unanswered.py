"""S03: messages that came in and never got an answer. Their words are for `show`: evidence travels far."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.spans import span
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session


def check(case: Case) -> Iterable[Finding]:
    """A warning for waiting messages; an error when the row says that the newest one never reached a run."""
    waiting = case.waiting
    lines = [
        f"{item.source} ({item.state}) {clock(item.at)}, {len(item.text)} characters" for item in waiting[-5:]
    ]
    if case.interaction_unseen:
        since = case.session.last_interaction_at or 0
        lines.append(
            f"row: last interaction {clock(since)} is {span(since - case.newest_run_at)} newer than any run"
            if case.newest_run_at
            else f"row: last interaction {clock(since)}, and no run is recorded"
        )
    if lines:
        severity = Severity.ERROR if case.interaction_unseen else Severity.WARNING
        yield of_session(
            case,
            FindingCode.UNANSWERED,
            severity,
            *lines,
            at=waiting[-1].at if waiting else case.session.last_interaction_at,
        )
