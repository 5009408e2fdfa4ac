"""S29: a final answer was produced and not delivered."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.spans import span
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session


def check(case: Case) -> Iterable[Finding]:
    """A warning once the delivery is older than a run may take."""
    since = case.session.pending_delivery_at
    if since is not None and case.now - since > case.run_timeout_ms:
        yield of_session(
            case,
            FindingCode.DELIVERY_PENDING,
            Severity.WARNING,
            f"row: final delivery pending since {clock(since)} ({span(case.now - since)})",
            at=since,
        )
