"""S11: a row points to a transcript that is not there."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session


def check(case: Case) -> Iterable[Finding]:
    """An error when turns were answered before or it cannot be read; a note when the session may never have run."""
    session = case.session
    if case.view.problem and session.transcript.exists:
        yield of_session(
            case,
            FindingCode.MISSING_TRANSCRIPT,
            Severity.ERROR,
            f"cannot be read: {session.transcript.path}: {case.view.problem}",
        )
    elif not session.transcript.exists:
        used = not case.in_motion and bool(session.status or session.total_tokens or session.compaction_count)
        written = f" (row: {session.transcript.as_written})" if session.transcript.as_written else ""
        yield of_session(
            case,
            FindingCode.MISSING_TRANSCRIPT,
            Severity.ERROR if used else Severity.INFO,
            f"not there: {session.transcript.path}{written}",
        )
