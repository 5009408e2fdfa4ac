"""`history` and `undo` as people call them."""

from __future__ import annotations

import os
import signal

import mutation_stage as stage
import pytest
from msgspec.structs import replace

from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.execute import execute
from clawmedic.operations.history import list_operations
from clawmedic.operations.ids import member_id, new_operation_id
from clawmedic.operations.run import mutating_run
from clawmedic.output.operations_documents import OPERATION_SCHEMAS
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from json_check import problems
from killing import killed_at


@pytest.fixture
def words(settings: Settings) -> tuple[str, ...]:
    return ("--state-dir", str(settings.state_dir), "--utc")


def checked(document: dict[str, object]) -> dict[str, object]:
    assert problems(document, OPERATION_SCHEMAS[str(document["schema"])]) == []
    return document


def interrupt(settings: Settings) -> None:
    class Dies(stage.Distil):
        def act(self, work: stage.Work) -> None:
            super().act(work)
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
            plan, action = stage.distil_plan(settings, stage.session_of(state))
            execute(run, plan, Dies(action.session, action.expected, action.row), state=state)

    assert killed_at(1_000_000, work)


def test_an_untouched_directory_has_no_history(run, words) -> None:
    assert run("history", *words).expect(0).stdout.strip() == "nothing was ever changed here"
    assert checked(run("history", "--json", *words).expect(0).document)["operations"] == []


def test_history_then_undo_then_history(run, words, settings: Settings) -> None:
    before = stage.tree(settings.state_dir)
    done = stage.rescue(settings)
    page = run("history", *words, width=140).expect(0).stdout
    assert done.operation_id in page
    assert "rescue (distil)" in page
    assert stage.KEY in page
    shown = run("undo", done.operation_id, "--dry-run", *words).expect(0).stdout
    assert f"put back {stage.SESSION_ID}.jsonl as it was" in shown
    assert stage.without_backups(stage.tree(settings.state_dir)) != before
    plan = checked(run("undo", done.operation_id, "--dry-run", "--json", *words).expect(0).document)
    assert plan["plans"][0]["undoes"] == done.operation_id
    run("undo", done.operation_id, *words).expect(6)
    assert stage.without_backups(stage.tree(settings.state_dir)) != before
    outcome = checked(run("undo", done.operation_id, "--yes", "--json", *words).expect(0).document)
    assert outcome["results"][0]["ok"] is True
    assert outcome["results"][0]["key"] == stage.KEY
    assert stage.without_backups(stage.tree(settings.state_dir)) == before
    history = checked(run("history", "--json", *words).expect(0).document)
    assert [(one["command"], one["state"]) for one in history["operations"]] == [
        ("undo", "done"),
        ("rescue", "undone"),
    ]
    assert "undone already" in run("undo", done.operation_id, "--yes", *words).expect(6).stderr


def test_reading_history_changes_nothing(run, words, settings: Settings) -> None:
    stage.rescue(settings)
    own = stage.tree(settings.world.data_home)
    run("history", *words).expect(0)
    assert stage.tree(settings.world.data_home) == own


def test_an_unknown_operation_and_a_busy_directory(run, words, settings: Settings) -> None:
    run("undo", "20200101T000000-000000", "--yes", *words).expect(5)
    done = stage.rescue(settings)
    with mutating_run(settings):
        ran = run("undo", done.operation_id, "--yes", "--json", *words).expect(7)
    assert ran.document["code"] == "busy"


def test_an_interrupted_operation_is_shown_and_rolled_back_by_undo(run, words, settings: Settings) -> None:
    before = stage.tree(settings.state_dir)
    interrupt(settings)
    (one,) = checked(run("history", "--json", *words).expect(0).document)["operations"]
    assert one["state"] == "interrupted"
    assert "rolled back by the next command" in run("history", *words).expect(0).stdout
    ran = run("undo", one["operation_id"], "--yes", *words).expect(0)
    assert "interrupted" in ran.stdout
    assert stage.tree(settings.state_dir) == before


def test_an_interrupted_operation_that_moved_on_needs_a_person(run, words, settings: Settings) -> None:
    interrupt(settings)
    path = settings.state_dir / "agents/main/sessions" / f"{stage.SESSION_ID}.jsonl"
    with path.open("ab") as file:
        file.write(stage.entry(77, "news").encode() + b"\n")
    moved = stage.tree(settings.state_dir)
    name = list_operations(settings)[0].operation_id
    with mutating_run(settings) as again:
        (left,) = again.recovered
        assert not left.ok
        assert str(path) in left.detail
        with pytest.raises(Exception, match="left in the middle"):
            stage.rescue_within(again, "distil")
    now = stage.tree(settings.state_dir)
    assert {name: value for name, value in now.items() if not name.endswith(".lock")} == {
        name: value for name, value in moved.items() if not name.endswith(".lock")
    }
    page = run("history", *words, width=140).expect(0).stdout
    assert "changed by something else" in page
    assert "--force" in run("undo", name, "--yes", *words).expect(6).stderr
    run("undo", name, "--yes", "--force", *words).expect(0)
    assert path.read_bytes() == stage.transcript(stage.SESSION_ID, 12)
    kept = [backup for backup in path.parent.glob("*.bak.recovered.*") if b"news" in backup.read_bytes()]
    assert len(kept) == 1
    assert run("history", "--json", *words).expect(0).document["operations"][-1]["state"] == "undone"


def test_the_members_of_one_call_are_undone_together(run, words, settings: Settings) -> None:
    before = stage.tree(settings.state_dir)
    group = new_operation_id(settings.now())
    with mutating_run(settings) as going:
        for number, key in enumerate((stage.KEY, stage.OTHER, stage.KEY), 1):
            with open_for_reading(settings, SilentReporter()) as state:
                plan, action = stage.distil_plan(settings, stage.session_of(state, key))
                if number == 3:
                    action = Relabel(action.session, "", action.row)
                plan = replace(plan, operation_id=member_id(group, number))
                assert execute(going, plan, action, state=state).ok
    document = checked(run("undo", group, "--yes", "--json", *words).expect(0).document)
    assert [result["key"] for result in document["results"]] == [stage.KEY, stage.OTHER, stage.KEY]
    assert stage.without_backups(stage.tree(settings.state_dir)) == before


class Relabel(stage.Distil):
    def act(self, work: stage.Work) -> None:
        work.editor().edit_row(self.session, changed={"label": "again"}, expected_row=self.row)

    def prove(self, work: stage.Work) -> stage.Proof:
        del work
        return stage.Proof((stage.Check("label", ok='"again"' in self.session.store.read_text()),))


def test_on_a_terminal_it_asks_once(run_terminal, words, settings: Settings) -> None:
    done = stage.rescue(settings)
    ran = run_terminal("undo", done.operation_id, "--no-input", *words, width=140)
    ran.expect(6)
    assert "nobody can be asked" in ran.stdout
