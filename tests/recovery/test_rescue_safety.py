"""What a rescue refuses, waits for, or leaves alone; and what is left when it is killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rescue_stage import (
    PATIENT,
    RESET,
    REVIVE,
    Stage,
    files,
    planned,
    report,
    rescue,
    undo_all,
)
from rescue_stage import stage as make

from clawmedic.errors import BusyError, ExitCode, RefusedError
from clawmedic.model.notice import NoticeKind
from clawmedic.model.outcome import RungResult
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict
from clawmedic.operations.run import mutating_run
from clawmedic.recovery.ladder import GiveUp, Hold, Try
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rescue import LOOKS_AGAIN, SilentWitness, carry_out

Make = Callable[..., Stage]
DEAD = "2026.7.1/dead-compact-400-chat"
OVERLOADED = "2026.7.1/dead-compact-500-chat"
MINUTE = 60_000


def test_two_rescues_of_one_key_at_a_time(stage: Make):
    on = stage(DEAD)
    with mutating_run(on.settings) as run, planned(on, REVIVE) as made:
        with pytest.raises(BusyError), mutating_run(on.settings):
            pass
        assert carry_out(run, made).exit_code == ExitCode.OK


def write_on(on: Stage, target: str) -> None:
    """What a person or a gateway does between the look and the act."""
    if target == "row":
        store = on.sessions / "sessions.json"
        store.write_text(store.read_text().replace('"updatedAt": 1', '"updatedAt": 2'))
        return
    lines = on.transcript.read_bytes().splitlines()
    parent = json.loads(lines[-1])["id"]
    asked = {"role": "user", "content": "is anybody there?", "timestamp": 1}
    entry = {"type": "message", "id": f"feed{len(lines):04x}", "parentId": parent, "message": asked}
    with on.transcript.open("ab") as handle:
        handle.write(json.dumps(entry).encode() + b"\n")


@pytest.mark.parametrize("target", ["transcript", "row"])
def test_a_session_that_moved_on_between_plan_and_act_is_looked_at_again(stage: Make, target: str):
    on = stage(DEAD)
    with mutating_run(on.settings) as run, planned(on, REVIVE) as made:
        write_on(on, target)
        before = files(on)
        outcome = carry_out(run, made)
    assert outcome.exit_code == ExitCode.OK, outcome
    assert [one.ok for one in outcome.results[0].rungs] == [True]
    undo_all(on, outcome.operation_id)
    assert files(on) == before


class Writer(SilentWitness):
    """Writes on just before each rung."""

    def __init__(self, on: Stage) -> None:
        self.on, self.errors = on, list[str]()

    def begins(self, key: str, rung: str, sentence: str) -> None:
        del key, rung, sentence
        write_on(self.on, "transcript")
        self.before = files(self.on)

    def ended(self, key: str, result: RungResult) -> None:
        del key
        self.errors.append(result.error)


def test_one_that_never_keeps_still_is_refused_and_left_as_it_is(stage: Make):
    on = stage(DEAD)
    writer = Writer(on)
    with mutating_run(on.settings) as run, planned(on, REVIVE) as made:
        outcome = carry_out(run, made, writer)
    assert outcome.exit_code == ExitCode.REFUSED, outcome
    assert "changed" in outcome.results[0].error
    assert len(writer.errors) == LOOKS_AGAIN + 1
    assert all("changed" in error for error in writer.errors)
    assert files(on) == writer.before


class Remover(SilentWitness):
    """Takes the row away as soon as a rung has ended."""

    def __init__(self, on: Stage) -> None:
        self.on = on

    def ended(self, key: str, result: RungResult) -> None:
        del key, result
        (self.on.sessions / "sessions.json").write_text("{}")


def test_one_that_is_gone_when_it_is_looked_at_again_is_told_with_what_was_done(stage: Make):
    on = stage(DEAD)
    with mutating_run(on.settings) as run, planned(on, REVIVE) as made:
        outcome = carry_out(run, made, Remover(on))
    (result,) = outcome.results
    assert (result.ok, result.exit_code) == (False, ExitCode.NOT_FOUND)
    assert [one.ok for one in result.rungs] == [True]
    assert result.backup is not None
    assert result.backup.exists()


def test_the_lock_of_a_living_process_is_never_removed(stage: Make):
    on = stage(DEAD)
    lock = on.transcript.with_name(on.transcript.name + ".lock")
    with subprocess.Popen([sys.executable, "-c", "input()", "openclaw"], stdin=subprocess.PIPE) as owner:
        lock.write_text(json.dumps({"pid": owner.pid, "createdAt": "2099-11-23T08:00:00.000Z"}, indent=2))
        before = files(on)
        with pytest.raises(BusyError):
            rescue(on, RESET)
        assert files(on) == before
        owner.communicate(b"\n")


def test_an_open_port_of_its_config_is_a_reason_to_refuse(stage: Make):
    with socket.create_server(("127.0.0.1", 0)) as server:
        on = stage(DEAD, port=server.getsockname()[1])
        before = files(on)
        with pytest.raises(RefusedError) as caught:
            rescue(on, REVIVE)
        assert "--gateway-stopped" in caught.value.hint
        assert files(on) == before


def test_a_stale_lock_goes_and_undo_brings_it_back(stage: Make):
    on = stage("2026.4.15/running-after-sigkill")
    assert report(on).verdict is Verdict.STUCK
    assert list(on.sessions.glob("*.lock"))
    before = files(on)
    outcome = rescue(on, PATIENT)
    assert outcome.results[0].action == "unlock", outcome
    assert not list(on.sessions.glob("*.lock"))
    assert on.row["status"] == "killed"
    assert report(on).verdict is not Verdict.STUCK
    undo_all(on, outcome.operation_id)
    assert files(on) == before


def test_a_run_that_the_gateway_takes_up_itself_is_left_to_it(stage: Make):
    on = stage("2026.7.1/running-after-sigkill")
    outcome = rescue(on, PATIENT)
    assert on.row["status"] == "running", "7.1 resumes by this word"
    assert outcome.exit_code == ExitCode.EXHAUSTED
    assert any("start the gateway" in line for line in outcome.notices[0].lines)


def test_waiting_names_the_time_and_an_explicit_policy_does_not_wait(tmp_path: Path, stage: Make):
    first = stage(OVERLOADED)
    with planned(first, PATIENT) as made:
        newest = made.outlooks[0].patient.ailment.newest_failure_at
    assert newest is not None
    (tmp_path / "again").mkdir()
    on = make(tmp_path / "again", OVERLOADED, now=newest + 2 * MINUTE)
    with planned(on, PATIENT) as made:
        decision = made.outlooks[0].decision
        assert isinstance(decision, Hold)
        assert decision.until == newest + 10 * MINUTE
    with planned(on, REVIVE) as made:
        assert isinstance(made.outlooks[0].decision, Try)
    with mutating_run(on.settings) as run, planned(on, PATIENT) as made:
        outcome = carry_out(run, made)
    assert outcome.exit_code == ExitCode.FINDINGS
    assert outcome.results[0].rungs == ()


def test_one_failure_of_several_goes_on_and_is_partial(stage: Make):
    on = stage(DEAD)
    rows = json.loads((on.sessions / "sessions.json").read_text())
    other = stage("2026.7.1/failed-error-bloat-402")
    rows |= json.loads((other.sessions / "sessions.json").read_text())
    (on.sessions / "sessions.json").write_text(json.dumps(rows, indent=2))
    for path in other.sessions.glob("*.jsonl"):
        (on.sessions / path.name).write_bytes(path.read_bytes())
    with mutating_run(on.settings) as run, planned(on, PATIENT, all_ill=True) as made:
        outcome = carry_out(run, made)
    assert {result.action for result in outcome.results} == {"distil", "escalate"}
    assert outcome.exit_code == ExitCode.PARTIAL


def test_sqlite_without_a_gateway_is_told_to_start_it(tmp_path: Path):
    on = make(tmp_path, "2026.9.6/compact-400-reasoning")
    with planned(on, PATIENT) as made:
        decision = made.outlooks[0].decision
    assert isinstance(decision, GiveUp)
    with mutating_run(on.settings) as run, planned(on, RESET) as made:
        outcome = carry_out(run, made)
    assert outcome.exit_code == ExitCode.EXHAUSTED
    assert any("start the gateway" in line for line in outcome.notices[0].lines)


def test_another_users_store_is_not_taken_over(stage: Make, monkeypatch: pytest.MonkeyPatch):
    on = stage(DEAD)
    before = files(on)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    outcome = rescue(on, REVIVE)
    assert outcome.exit_code == ExitCode.REFUSED
    assert files(on) == before


@pytest.mark.parametrize(
    ("policy", "code"), [(Policy.OBSERVE, ExitCode.FINDINGS), (Policy.PRESERVE, ExitCode.EXHAUSTED)]
)
def test_a_policy_ends_where_it_says(stage: Make, policy: Policy, code: ExitCode):
    on = stage(DEAD)
    before = files(on)
    outcome = rescue(on, Mandate(policy, explicit=True, named=True, agreed=True))
    assert outcome.exit_code == code
    assert outcome.results[0].rungs == ()
    assert files(on) == before


def test_sessions_of_one_dead_provider_are_one_outage(stage: Make):
    on = stage("2026.7.1/failed-error-bloat-402")
    store = on.sessions / "sessions.json"
    rows = json.loads(store.read_text())
    other = "11111111-2222-4333-8444-555555555555"
    text = on.transcript.read_text().replace(on.row["sessionId"], other)
    (on.sessions / f"{other}.jsonl").write_text(text)
    twin = json.loads(json.dumps(on.row).replace(on.row["sessionId"], other))
    rows["agent:main:telegram:group:-100999"] = twin
    store.write_text(json.dumps(rows, indent=2))
    before = files(on)
    with mutating_run(on.settings) as run, planned(on, PATIENT, all_ill=True) as made:
        outcome = carry_out(run, made)
    assert len(outcome.results) == 2
    assert [notice.kind for notice in outcome.notices] == [NoticeKind.OUTAGE]
    assert len(outcome.notices[0].keys) == 2
    assert outcome.exit_code == ExitCode.EXHAUSTED
    assert files(on) == before
