"""S32: a row without any life: no transcript, no status, no tokens, nobody waits."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session

AGE_MS = 24 * 3600 * 1000


def check(case: Case) -> Iterable[Finding]:
    """A note for a row that is older than a day and never ran."""
    session = case.session
    lived = (
        session.transcript.exists
        or session.status
        or session.total_tokens
        or session.pending
        or session.started_at
    )
    known_since = session.updated_at or session.created_at
    if not lived and known_since is not None and case.now - known_since > AGE_MS:
        yield of_session(
            case,
            FindingCode.GHOST_ROW,
            Severity.INFO,
            f"row of {clock(known_since)} without transcript, status or tokens",
        )
