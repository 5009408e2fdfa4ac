"""Many sessions, agents and gateways in one store and one log file: the same verdicts as each alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from triage_cases import Examiner, corpus_cases, merged, report_for, story_of

VERSIONS = ("2026.4.15", "2026.7.1", "2026.9.6")


@pytest.mark.parametrize("version", VERSIONS)
def test_merged_cases_keep_their_verdicts(version: str, tmp_path: Path, examiner: Examiner):
    cases = [case for case in corpus_cases() if case.path.parent.name == version]
    state, log = merged(cases, tmp_path)
    report = examiner(state, str(log))
    for number, case in enumerate(cases):
        one = report_for(report, case.truth["session_key"], agent=f"a{number:02d}")
        story = f"{case.name}\n{story_of(report, one)}"
        assert one.verdict in case.truth["verdict_any_of"], story
        assert one.cause == case.truth["cause"], story
        own = {finding.code for finding in one.findings}
        assert {code for code in case.truth["must_find"] if code != "history-orphaned"} <= own, story
