"""A running gateway of this state directory: what may be done beside it, and what is refused by name.

The gateway is a real process with OpenClaw's own process title and this state directory in its environment.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rescue_stage import PATIENT, RESET, Stage, files, ids_in, planned, report, rescue

from clawmedic.errors import ExitCode
from clawmedic.model.outcome import RungResult
from clawmedic.model.verdict import Verdict
from clawmedic.operations.run import mutating_run
from clawmedic.recovery.rescue import carry_out
from harness import Run

Make = Callable[..., Stage]
DEAD = "2026.7.1/dead-compact-400-chat"


@contextmanager
def running_gateway(on: Stage) -> Iterator[None]:
    with subprocess.Popen(
        ["openclaw-gateway", "900"], executable="/bin/sleep", env={"OPENCLAW_STATE_DIR": str(on.state)}
    ) as process:
        try:
            yield
        finally:
            process.kill()


def test_the_history_is_relinked_under_the_locks_of_4_15(stage: Make):
    on = stage("2026.4.15/autoreset-compact-400")
    present = ids_in(on.transcript)
    with running_gateway(on):
        outcome = rescue(on, PATIENT)
    assert outcome.results[0].action == "relink", outcome
    assert outcome.exit_code == ExitCode.OK
    assert ids_in(on.transcript) - present
    assert not list(on.sessions.glob("*.lock"))
    assert report(on).verdict not in (Verdict.DEAD, Verdict.DAMAGED)


@pytest.mark.parametrize("name", [DEAD, "2026.4.15/harddead-compact-400"])
def test_files_are_left_to_the_gateway(stage: Make, name: str):
    on = stage(name)
    before = files(on)
    with running_gateway(on):
        outcome = rescue(on, RESET)
    assert outcome.exit_code == ExitCode.EXHAUSTED
    assert "stop the gateway" in " ".join(outcome.notices[0].lines)
    assert files(on) == before


@pytest.mark.parametrize("command", [["mend"], ["reset"], ["compact", "--distil"]])
def test_what_was_ordered_is_refused_with_its_hazard(stage: Make, run: Run, command: list[str]):
    on = stage(DEAD)
    before = files(on)
    with running_gateway(on):
        ran = run(command[0], on.key, *command[1:], *on.options, "--yes").expect(6)
    assert "hazard live-store" in " ".join((ran.stdout + ran.stderr).split())
    assert files(on) == before


def test_vouching_does_not_overrule_what_is_proven(stage: Make, run: Run):
    on = stage(DEAD)
    before = files(on)
    with running_gateway(on):
        run("compact", on.key, "--distil", *on.options, "--yes", "--gateway-stopped").expect(6)
    assert files(on) == before


def test_a_live_restore_beside_a_gateway_is_refused(stage: Make, run: Run):
    on = stage("2026.7.1/healthy-chat")
    copy = on.transcript.with_name(on.transcript.name + ".bak")
    copy.write_bytes(on.transcript.read_bytes())
    before = files(on)
    with running_gateway(on):
        ran = run("backups", "restore", copy.name, "--live", *on.options, "--yes").expect(6)
    assert "live-store" in ran.stderr
    assert files(on) == before


def test_a_database_is_refused_by_name(stage: Make, run: Run):
    on = stage("2026.9.6/compact-400-reasoning")
    before = files(on)
    ran = run("mend", on.key, *on.options, "--yes").expect(6)
    assert "hazard sqlite" in " ".join(ran.stdout.split())
    assert files(on) == before


def test_progress_is_told_for_each_rung(stage: Make):
    told: list[str] = []

    class Teller:
        def begins(self, key: str, rung: str, sentence: str) -> None:
            told.append(f"{key}: {rung} begins: {sentence}")

        def ended(self, key: str, result: RungResult) -> None:
            told.append(f"{key}: {result.rung} {result.ok}")

    on = stage(DEAD)
    with mutating_run(on.settings) as run, planned(on, PATIENT) as made:
        carry_out(run, made, Teller())
    assert told[0].startswith(f"{on.key}: distil begins: keep ")
    assert told[1] == f"{on.key}: distil True"
