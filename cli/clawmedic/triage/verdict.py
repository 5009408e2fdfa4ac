"""From findings to a verdict, by an explicit table. The first row that applies wins (design.md 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.verdict import Verdict

_RANK = {severity: rank for rank, severity in enumerate(Severity)}

# verdict -> finding -> the least severity at which it counts. Acknowledged findings never count.
TABLE: Mapping[Verdict, Mapping[FindingCode, Severity]] = {
    Verdict.DEAD: {
        FindingCode.TOMBSTONED: Severity.CRITICAL,
        FindingCode.ARCHIVED: Severity.CRITICAL,
        FindingCode.COMPACTION_FAILING: Severity.CRITICAL,
        FindingCode.RESUME_LOOP: Severity.CRITICAL,
        FindingCode.LAST_RUN_FAILED: Severity.CRITICAL,
    },
    Verdict.STUCK: {
        FindingCode.RUNNING_WITHOUT_PROCESS: Severity.ERROR,
        FindingCode.HELD_LOCK: Severity.ERROR,
        FindingCode.INGRESS_BLOCKED: Severity.ERROR,
        FindingCode.ABORT_INEFFECTIVE: Severity.ERROR,
        FindingCode.TOMBSTONED: Severity.ERROR,
    },
    Verdict.SUSPECT: {
        FindingCode.LAST_RUN_FAILED: Severity.ERROR,
        FindingCode.RESUME_LOOP: Severity.WARNING,
        FindingCode.FAILURE_REPLIES: Severity.ERROR,
        FindingCode.UNANSWERED: Severity.ERROR,
        FindingCode.SILENT_SWALLOW: Severity.ERROR,
        FindingCode.INIT_CONFLICT: Severity.ERROR,
        FindingCode.TAKEOVER: Severity.ERROR,
    },
    Verdict.DAMAGED: {
        FindingCode.HISTORY_ORPHANED: Severity.ERROR,
        FindingCode.LOSSY_COMPACTION: Severity.ERROR,
        FindingCode.BAD_HEADER: Severity.ERROR,
        FindingCode.MALFORMED_LINES: Severity.ERROR,
        FindingCode.TORN_TAIL: Severity.ERROR,
        FindingCode.BROKEN_CHAIN: Severity.ERROR,
        FindingCode.UNPAIRED_TOOL_CALLS: Severity.ERROR,
        FindingCode.MISSING_TRANSCRIPT: Severity.ERROR,
        FindingCode.INVALID_ROW: Severity.ERROR,
    },
    Verdict.AT_RISK: {
        FindingCode.OVER_BUDGET: Severity.WARNING,
        FindingCode.NEAR_BUDGET: Severity.WARNING,
        FindingCode.OVERSIZED: Severity.WARNING,
        FindingCode.COMPACTION_FAILING: Severity.WARNING,
        FindingCode.COMPACTION_LOOP: Severity.WARNING,
        FindingCode.FLUSH_LOOP: Severity.WARNING,
        FindingCode.ERROR_BLOAT: Severity.WARNING,
        FindingCode.DELIVERY_PENDING: Severity.WARNING,
    },
}


def judge(findings: Iterable[Finding]) -> tuple[Verdict, Finding | None]:
    """The verdict, and the finding that decided it (None for `healthy`)."""
    counted = [finding for finding in findings if not finding.acknowledged]
    for verdict, rows in TABLE.items():
        for finding in counted:
            least = rows.get(finding.code)
            if least is not None and _RANK[finding.severity] >= _RANK[least]:
                return verdict, finding
    return Verdict.HEALTHY, None


def sentence(decisive: Finding | None) -> str:
    """One sentence that says what decided the verdict."""
    if decisive is None:
        return "nothing found that speaks against it"
    return f"{decisive.code}: {decisive.evidence[0]}" if decisive.evidence else str(decisive.code)
