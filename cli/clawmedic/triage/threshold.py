"""Whether what was found is bad enough for exit code 3 (design.md 2)."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, Severity
from clawmedic.model.report import SessionReport
from clawmedic.model.verdict import Verdict

STORE_LEVEL = {
    Severity.CRITICAL: Verdict.DEAD,
    Severity.ERROR: Verdict.SUSPECT,
    Severity.WARNING: Verdict.AT_RISK,
    Severity.INFO: Verdict.HEALTHY,
}
"""A finding about a store has no verdict of its own: its severity stands for one."""


def reaches(
    sessions: Iterable[SessionReport], store_findings: Iterable[Finding], threshold: Verdict | None
) -> bool:
    """Whether a verdict or a finding about a store is at or above the threshold; None: nothing is."""
    if threshold is None:
        return False
    return any(item.verdict.at_least(threshold) for item in sessions) or any(
        STORE_LEVEL[finding.severity].at_least(threshold)
        for finding in store_findings
        if not finding.acknowledged
    )
