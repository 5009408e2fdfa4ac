"""S04: failed turns pile up in the transcript."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session

MANY = 5


def check(case: Case) -> Iterable[Finding]:
    """A warning for flaws of the transcript, or from five error entries since the newest answer."""
    lines = [flaw.detail for flaw in case.view.flaws if flaw.code is FindingCode.ERROR_BLOAT]
    turns = case.view.turns
    if not lines and turns.errors_since_answer >= MANY:
        lines = [
            f"{turns.errors_since_answer} error entries since the newest answer: {turns.last_error_text[:120]}"
        ]
    if lines:
        yield of_session(case, FindingCode.ERROR_BLOAT, Severity.WARNING, *lines[:5], at=turns.last_error_at)
