from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from clawmedic.drill.rehearsal import rehearse
from clawmedic.drill.scenarios import scenarios
from clawmedic.errors import RefusedError
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine
from drill.worlds import world_in

PLAYED = scenarios()


@pytest.mark.parametrize("number", range(len(PLAYED)), ids=[f"{one.version}: {one.name}" for one in PLAYED])
def test_every_session_is_judged_right(rehearsed, number):
    result = next(
        item
        for item in rehearsed.results
        if item.scenario.name == PLAYED[number].name and item.scenario.version is PLAYED[number].version
    )
    assert result.verdict is result.scenario.verdict, result.evidence
    assert result.cause in result.scenario.causes, result.evidence
    assert result.missing == ()


def test_healthy_sessions_have_no_findings_but_the_expected_ones(rehearsed):
    for result in rehearsed.results:
        if result.scenario.verdict is Verdict.HEALTHY:
            assert {finding.code for finding in result.report.findings} == set(result.scenario.findings)


def test_it_is_quick(rehearsed):
    assert rehearsed.elapsed_ms < 20_000


def test_every_result_has_evidence(rehearsed):
    assert all(result.evidence for result in rehearsed.results)


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_examining_changes_no_byte_and_adds_no_file(trees, tmp_path):
    for tree in trees.values():
        before = digests(tree.root)
        examine(
            Settings(world=world_in(tmp_path), state_dir=tree.state, logs=(str(tree.log),)), SilentReporter()
        )
        assert digests(tree.root) == before


def test_a_deep_examination_agrees(trees, tmp_path):
    for tree in trees.values():
        settings = Settings(world=world_in(tmp_path), state_dir=tree.state, logs=(str(tree.log),))
        quick, deep = examine(settings, SilentReporter()), examine(settings, SilentReporter(), deep=True)
        judged = {report.session.key: report.verdict for report in quick.sessions}
        assert {report.session.key: report.verdict for report in deep.sessions} == judged


def test_a_wrong_verdict_is_seen(tmp_path):
    healthy = next(one for one in PLAYED if one.verdict is Verdict.HEALTHY)
    report = rehearse(
        world_in(tmp_path),
        tmp_path / "made",
        SilentReporter(),
        played=[replace(healthy, verdict=Verdict.DEAD)],
    )
    assert [result.right for result in report.results] == [False]
    assert report.wrong == report.results


def test_an_occupied_directory_is_refused(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(RefusedError):
        rehearse(world_in(tmp_path), tmp_path, SilentReporter())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
