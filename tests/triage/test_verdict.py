"""The table from findings to verdicts."""

from __future__ import annotations

import pytest

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.verdict import Verdict
from clawmedic.triage.verdict import TABLE, judge


def finding(code: FindingCode, severity: Severity, *, acknowledged: bool = False) -> Finding:
    return Finding(code, severity, "agent:main:x", ("seen",), acknowledged=acknowledged)


def test_nothing_found_is_healthy():
    assert judge([]) == (Verdict.HEALTHY, None)


@pytest.mark.parametrize(
    ("verdict", "code", "least"),
    [(verdict, code, least) for verdict, rows in TABLE.items() for code, least in rows.items()],
)
def test_each_row_of_the_table_decides(verdict: Verdict, code: FindingCode, least: Severity):
    assert judge([finding(code, least)])[0] is verdict


def test_the_worst_verdict_wins_whatever_the_order():
    findings = [
        finding(FindingCode.OVERSIZED, Severity.WARNING),
        finding(FindingCode.HISTORY_ORPHANED, Severity.ERROR),
        finding(FindingCode.COMPACTION_FAILING, Severity.CRITICAL),
    ]
    assert judge(findings)[0] is Verdict.DEAD
    assert judge(findings[::-1])[0] is Verdict.DEAD


def test_an_acknowledged_finding_no_longer_counts():
    findings = [finding(FindingCode.LOSSY_COMPACTION, Severity.ERROR, acknowledged=True)]
    assert judge(findings)[0] is Verdict.HEALTHY


def test_a_dead_owners_lock_alone_is_only_a_finding():
    assert judge([finding(FindingCode.STALE_LOCK, Severity.WARNING)])[0] is Verdict.HEALTHY


def test_old_unanswered_inputs_alone_raise_nothing():
    assert judge([finding(FindingCode.UNANSWERED, Severity.WARNING)])[0] is Verdict.HEALTHY
