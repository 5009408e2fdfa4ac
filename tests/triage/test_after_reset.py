"""2026.4.15 resets a session by itself, and may leave the row as if the run went on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.verdict import Verdict
from harness import CorpusCase
from triage_cases import Examiner


@pytest.mark.parametrize("seconds_before_the_notice", [2, -60])
def test_a_running_row_after_the_notice_of_a_reset_is_late_and_not_stuck(
    corpus_case: Callable[[str], CorpusCase], examiner: Examiner, seconds_before_the_notice: int
):
    case = corpus_case("2026.4.15/autoreset-compact-400")
    store = next(case.state.rglob("sessions.json"))
    rows = json.loads(store.read_text())
    (row,) = rows.values()
    entries = [
        json.loads(line) for line in store.with_name(f"{row['sessionId']}.jsonl").read_text().splitlines()
    ]
    notice = next(entry for entry in entries if entry["type"] == "message")
    kept = entries[: entries.index(notice) + 1]
    store.with_name(f"{row['sessionId']}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in kept))
    at = notice["message"]["timestamp"]
    row |= {"status": "running", "startedAt": at - 1000 * seconds_before_the_notice, "endedAt": None}
    row["updatedAt"] = row["startedAt"]
    store.write_text(json.dumps(rows))
    report = examiner(case.state)
    (session,) = report.sessions
    found = {finding.code: finding.severity for finding in session.findings}
    late = seconds_before_the_notice > 0
    assert found[FindingCode.RUNNING_WITHOUT_PROCESS] is (Severity.INFO if late else Severity.ERROR)
    assert session.verdict is (Verdict.DAMAGED if late else Verdict.STUCK)


def test_a_history_that_goes_on_elsewhere_is_no_left_over(
    corpus_case: Callable[[str], CorpusCase], examiner: Examiner
):
    case = corpus_case("2026.4.15/autoreset-compact-400")
    store = next(case.state.rglob("sessions.json"))
    (row,) = json.loads(store.read_text()).values()
    own = store.with_name(f"{row['sessionId']}.jsonl")
    lost = next(one for one in store.parent.glob("*.jsonl") if one != own and "checkpoint" not in one.name)
    header, _, rest = own.read_text().partition("\n")
    own.write_text(
        json.dumps({**json.loads(header), "parentSession": f"/elsewhere/{lost.name}"}) + "\n" + rest
    )
    report = examiner(case.state)
    (session,) = report.sessions
    assert FindingCode.HISTORY_ORPHANED not in {finding.code for finding in session.findings}
    assert FindingCode.ORPHAN_TRANSCRIPT not in {finding.code for finding in report.store_findings}
    own.write_text(header + "\n" + rest)
    assert FindingCode.HISTORY_ORPHANED in {
        finding.code for finding in examiner(case.state).sessions[0].findings
    }
