"""Every store that a real gateway left behind gets the verdict, the cause and the findings that are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from triage_cases import CorpusCase, Examiner, copy_case, corpus_cases, report_for, story_of, tree_hash

CASES = corpus_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("deep", [False, True], ids=["tail", "deep"])
def test_verdict_cause_and_findings(case: CorpusCase, examiner: Examiner, *, deep: bool):
    report = examiner(case.path / "state", *case.logs, deep=deep)
    one = report_for(report, case.truth["session_key"])
    story = story_of(report, one)
    assert one.verdict in case.truth["verdict_any_of"], story
    codes = {finding.code for finding in (*one.findings, *report.store_findings)}
    assert set(case.truth["must_find"]) <= codes, story
    assert one.cause == case.truth["cause"], story
    if case.truth["cause"] is not None:
        assert one.incidents[-1].cause == case.truth["cause"], story


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_nothing_alive_is_called_dead_without_logs(case: CorpusCase, examiner: Examiner):
    report = examiner(case.path / "state")
    one = report_for(report, case.truth["session_key"])
    if case.truth["alive"]:
        assert one.verdict != "dead", story_of(report, one)


def test_no_byte_changes(tmp_path: Path, examiner: Examiner):
    for case in CASES:
        copied = copy_case(case, tmp_path / "case" / case.name)
        before = tree_hash(copied)
        examiner(copied / "state", *CorpusCase(copied, case.truth).logs)
        assert tree_hash(copied) == before, case.name
