"""S31: a row that OpenClaw flags as invalid, or that holds fields of a wrong type."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session


def check(case: Case) -> Iterable[Finding]:
    """An error for OpenClaw's own flag, a warning for fields we could not read."""
    lines = [f"row: {problem}" for problem in case.session.problems]
    flagged = case.session.entry_valid == 0
    if flagged:
        lines.insert(0, "session_nodes.entry_valid is 0")
    if lines:
        yield of_session(
            case, FindingCode.INVALID_ROW, Severity.ERROR if flagged else Severity.WARNING, *lines[:5]
        )
