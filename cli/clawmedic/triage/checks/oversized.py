"""S05: the transcript is large."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session, size


def check(case: Case) -> Iterable[Finding]:
    """A warning above the configured limit, or above OpenClaw's own `maxActiveTranscriptBytes` where that is set."""
    own = case.config.compaction.max_active_transcript_bytes
    limit = own if own and own > 0 else case.limits.oversized_bytes
    if case.session.transcript.exists and case.session.transcript.size_bytes > limit:
        yield of_session(
            case,
            FindingCode.OVERSIZED,
            Severity.WARNING,
            f"transcript {size(case.session.transcript.size_bytes)}, limit {size(limit)}"
            + (" (OpenClaw's maxActiveTranscriptBytes)" if limit == own else ""),
        )
