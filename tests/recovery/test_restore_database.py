"""`backups restore --live` in a database: switch, fork or hand-over, through a loopback gateway; never a write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import database_stage
import pytest
from crash_cases import COPY, DEAD_DATABASE, RESTORE, Bed, CrashCase, bed, database, foreign, reset, rewound

import branch_stage
from harness import Ran, Run

Restore = Callable[..., tuple[Bed, Ran]]


@pytest.fixture
def restore(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restore]:
    """Prepare a case and restore with these words; JSON."""
    with ExitStack() as running:

        def do(prepare: Any, *words: str, corpus: str = "2026.9.6/healthy-mid") -> tuple[Bed, Ran]:
            case = CrashCase("restore", corpus, (*RESTORE, *words, "--live"), prepare, database())
            here = running.enter_context(bed(tmp_path, case))
            monkeypatch.setenv("XDG_STATE_HOME", here.env["XDG_STATE_HOME"])
            return here, run(*here.argv(), "--json")

        yield do


def windows(here: Bed) -> list[str]:
    with branch_stage.opened(here.on.state) as connection:
        return [str(row[0]) for row in connection.execute("SELECT session_id FROM session_windows")]


def test_a_branch_is_switched_to_and_undo_switches_back(restore: Restore, run: Run) -> None:
    here, ran = restore(rewound, "KEY")
    before = here.asked("sessions.branches.switch")
    (result,) = ran.expect(0).document["results"]
    assert (result["ok"], result["reversible"], len(before)) == (True, "state", 1)
    run("undo", ran.document["operation_id"], "--yes", *here.reach, "--state-dir", here.on.state).expect(0)
    assert len(here.asked("sessions.branches.switch")) == 2
    assert len(here.asked("sessions.rewind")) == 1, "the branch in use had no end of its own"


def test_a_fork_leaves_the_key_alone_and_is_not_undone(restore: Restore, run: Run) -> None:
    here, ran = restore(reset, "KEY")
    (result,) = ran.expect(0).document["results"]
    assert (result["ok"], result["reversible"]) == (True, "no")
    (fork,) = [check["detail"] for check in result["proof"]["checks"] if check["name"] == "fork"]
    assert fork.startswith("agent:main:dashboard:")
    assert len(here.asked("sessions.fork")) == 1
    assert not here.asked("sessions.branches.switch")
    back = run("undo", ran.document["operation_id"], "--yes", *here.reach, "--state-dir", here.on.state)
    assert "nothing of" in back.expect(6).stderr


def test_what_the_database_does_not_hold_is_exported_and_handed_over(restore: Restore) -> None:
    here, ran = restore(foreign, f"foreign.jsonl{COPY}", "--key", "KEY", corpus="2026.9.6/reset-revived")
    exported = Path(ran.expect(0).document["results"][0]["backup"])
    (turn,) = here.asked("agent")
    assert str(exported) in turn["message"]
    assert turn["deliver"] is False
    assert exported.read_text().startswith("#")


def test_what_would_be_dead_at_once_is_refused_unless_distilled(restore: Restore) -> None:
    here, ran = restore(reset, "KEY", corpus=DEAD_DATABASE)
    assert "never-fits" in ran.expect(6).document["message"]
    assert not here.asked("sessions.fork")


def test_what_would_be_dead_at_once_is_handed_over_when_asked(restore: Restore) -> None:
    here, ran = restore(reset, "KEY", "--distil", corpus=DEAD_DATABASE)
    ran.expect(0)
    assert not here.asked("sessions.fork")
    assert len(here.asked("agent")) == 1


def test_a_dead_conversation_is_given_nothing(restore: Restore) -> None:
    here, ran = restore(foreign, f"foreign.jsonl{COPY}", "--key", "KEY", corpus=DEAD_DATABASE)
    assert "clawmedic rescue" in ran.expect(6).document["hint"]
    assert not here.asked("agent")


@pytest.mark.parametrize("words", [("KEY",), ("KEY", "--distil")])
def test_the_live_conversation_is_there_already(restore: Restore, words: tuple[str, ...]) -> None:
    here, ran = restore(lambda _: None, *words)
    assert "already" in ran.expect(6).document["message"]
    assert not here.asked("sessions.fork")


def test_a_dry_run_asks_for_nothing_that_changes(restore: Restore) -> None:
    here, ran = restore(reset, "KEY", "--dry-run")
    (plan,) = ran.expect(0).document["plans"]
    assert "fork" in plan["steps"][0]["sentence"]
    assert any("the model will see" in note for note in plan["notes"])
    assert not here.asked("sessions.fork")
    assert database_stage.row(here.on)["sessionId"] in windows(here)
