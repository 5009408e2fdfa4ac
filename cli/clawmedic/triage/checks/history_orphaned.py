"""S10: an automatic reset of 2026.4.15 left the conversation on disk without a row."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session, size


def check(case: Case) -> Iterable[Finding]:
    """An error: the history is lost to the model, and whole on disk."""
    if not case.orphans:
        return
    lines = [
        f"{orphan.path.name}: {size(orphan.size_bytes)}, "
        f"{clock(orphan.first_at)} to {clock(orphan.last_at)}; {orphan.why}"
        for orphan in case.orphans
    ]
    newest = max((orphan.last_at or 0 for orphan in case.orphans), default=0)
    yield of_session(case, FindingCode.HISTORY_ORPHANED, Severity.ERROR, *lines, at=newest or None)
