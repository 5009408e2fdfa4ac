from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from clawmedic.drill.keeping import Fingerprint
from clawmedic.drill.rehearsal import NoAudience, rehearse
from clawmedic.drill.report import DrillReport, DrillResult
from clawmedic.drill.scenario import Helped, Promise, Scenario
from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.scenes import Scene
from clawmedic.drill.versions import Version
from clawmedic.errors import RefusedError
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.verdict import Verdict
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.rungs.distil import Distil
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine
from drill.recording import SVG, record, words_of
from drill.worlds import world_in

CPU_SECONDS = 20


def scenario(name: str, version: Version) -> Scenario:
    return next(one for one in scenarios() if one.name == name and one.version is version)


def play(tmp_path, *played: Scenario, **more) -> DrillReport:
    scene = Scene("", played[0].version, played)
    return rehearse(world_in(tmp_path), tmp_path / "made", NoAudience(), played=[scene], **more)


DEAD = scenario("reasoning required", Version.V7)


def test_all_of_it_is_as_promised_and_the_picture_in_the_docs_is_of_today(tmp_path):
    began = time.process_time()
    recording = record(tmp_path / "drill")
    assert time.process_time() - began < CPU_SECONDS
    report = recording.report
    assert {
        f"{one.scenario.version} {one.scenario.name}": one.complaints
        for one in report.results
        if not one.right
    } == {}
    assert {one.trouble.name: one.complaints for one in report.troubles if one.complaints} == {}
    assert len(report.results) == sum(len(one.scene.played) for one in report.scenes if one.scene.readable)
    for result in report.results:
        assert result.evidence
        if result.scenario.verdict is Verdict.HEALTHY:
            assert {finding.code for finding in result.report.findings} == set(result.scenario.findings)
        if result.treated.rungs:
            assert result.treated.proof.ok
            assert result.treated.undone
            assert result.treated.files
    assert words_of(SVG.read_text(encoding="utf-8")) == words_of(recording.svg), (
        "renew it: PYTHONPATH=tests python tests/drill/recording.py"
    )


def test_examining_changes_no_byte_and_adds_no_file(trees, tmp_path):
    for tree in trees.values():
        before = Fingerprint.of(tree.root)
        settings = Settings(world=world_in(tmp_path), state_dir=tree.state, logs=(str(tree.log),))
        examine(settings, SilentReporter())
        assert Fingerprint.of(tree.root) == before


def test_a_deep_examination_agrees(trees, tmp_path):
    for tree in trees.values():
        settings = Settings(world=world_in(tmp_path), state_dir=tree.state, logs=(str(tree.log),))
        quick, deep = examine(settings, SilentReporter()), examine(settings, SilentReporter(), deep=True)
        judged = {report.session.key: report.verdict for report in quick.sessions}
        assert {report.session.key: report.verdict for report in deep.sessions} == judged


def complaint(tmp_path, played: Scenario, **more) -> str:
    (result,) = play(tmp_path, played, **more).wrong
    assert isinstance(result, DrillResult)
    return "; ".join(result.complaints)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"verdict": Verdict.SUSPECT}, "suspect is right"),
        ({"causes": (None,)}, "the cause is reasoning-required"),
        ({"promise": Promise(Helped.RESET, Verdict.HEALTHY)}, "it ended with distil, and reset was promised"),
        ({"promise": Promise(Helped.DISTIL, Verdict.AT_RISK)}, "afterwards it is healthy"),
        (
            {"promise": Promise(Helped.DISTIL, Verdict.HEALTHY, first=("unlock",))},
            "climbed: distil; promised",
        ),
        ({"promise": Promise(Helped.DISTIL, Verdict.HEALTHY, words="call the police")}, "nobody is told"),
    ],
)
def test_what_is_not_as_promised_is_seen(tmp_path, wrong, words):
    assert words in complaint(tmp_path, replace(DEAD, **wrong))


class Broken:
    """A rung that plans like `distil`."""

    name = "distil"

    def applies(self, patient: Patient) -> Fit:
        return Distil().applies(patient)

    def plan(self, patient: Patient) -> Treatment:
        treatment = Distil().plan(patient)
        return Treatment(treatment.plan, self.action(treatment.action, patient))


class Acting:
    def __init__(self, action, patient: Patient) -> None:
        self.action, self.patient = action, patient

    def act(self, work) -> None:
        self.action.act(work)

    def prove(self, work):
        return self.action.prove(work)


class Raising(Broken):
    class action(Acting):  # noqa: N801
        def act(self, work) -> None:
            super().act(work)
            raise RefusedError("the rung broke")


class Littering(Broken):
    class action(Acting):  # noqa: N801
        def act(self, work) -> None:
            super().act(work)
            self.patient.session.transcript.path.with_name("stray.txt").write_text("mine")


class Blind(Broken):
    class action(Acting):  # noqa: N801
        """It leaves half of the transcript, and finds nothing wrong with that."""

        def act(self, work) -> None:
            path = self.patient.session.transcript.path
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[: len(lines) // 2]))
            for backup in work.backups:
                backup.path.write_bytes(b"")


@pytest.mark.parametrize(
    ("rung", "words"),
    [
        (Raising(), "it ended with"),
        (Littering(), "not as before to the byte: agents/main/sessions/stray.txt"),
        (Blind(), "could not be undone|entries of the conversation are in no file|not as before"),
    ],
)
def test_a_rung_that_breaks_is_seen(tmp_path, rung, words):
    seen = complaint(tmp_path, DEAD, rungs=(rung,))
    assert any(one in seen for one in words.split("|")), seen


def test_a_broken_rung_leaves_everything_as_it_was(tmp_path):
    (result,) = play(tmp_path, DEAD, rungs=(Raising(),)).results
    assert result.treated.differs == ()
    assert result.treated.lost == 0


def test_two_writers_are_no_outage_of_the_provider(tmp_path):
    (result,) = play(tmp_path, scenario("two writers", Version.V7)).results
    assert result.treated.helped is Helped.TOLD
    assert not any("a reset would destroy" in line for line in result.treated.told)


def test_a_living_owner_is_never_touched(tmp_path):
    from clawmedic.drill.scenes import scenes

    busy = next(one for one in scenes() if one.busy)
    report = rehearse(world_in(tmp_path), tmp_path / "made", NoAudience(), played=[busy])
    assert report.wrong == ()
    assert report.results[0].treated.helped is Helped.REFUSED


def test_an_occupied_directory_is_refused(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(RefusedError):
        rehearse(world_in(tmp_path), tmp_path, NoAudience())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
