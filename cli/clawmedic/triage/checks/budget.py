"""S06: the history fills the model's window."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session


def check(case: Case) -> Iterable[Finding]:
    """Over budget is an error; near it (80 % by default) a warning. The budget is the window less the reserve."""
    share = case.budget.share
    if share is None or share < case.limits.near_budget:
        return
    over = share >= 1
    yield of_session(
        case,
        FindingCode.OVER_BUDGET if over else FindingCode.NEAR_BUDGET,
        Severity.ERROR if over else Severity.WARNING,
        f"{case.budget.used_tokens} of {case.budget.budget_tokens} tokens ({share:.0%}); "
        f"used: {case.budget.used_source}; budget: {case.budget.budget_source}",
    )
