"""S04: failed turns pile up in the transcript."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session, size

MANY = 5


def check(case: Case) -> Iterable[Finding]:
    """A warning from five error entries in what was read."""
    errors = [entry for entry in case.view.entries if entry.role == "assistant" and entry.stop_reason == "error"]
    if len(errors) >= MANY:
        yield of_session(
            case,
            FindingCode.ERROR_BLOAT,
            Severity.WARNING,
            f"{len(errors)} error entries ({size(sum(entry.size_bytes for entry in errors))}), newest in line {errors[-1].line}: "
            f"{(errors[-1].error_message or errors[-1].text)[:120]}",
            at=errors[-1].at,
        )
