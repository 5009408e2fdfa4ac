"""Changes that a gateway makes: announced, put back on a failed proof, after a crash at any point, and by `undo`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import mutation_stage as stage
import pytest

from clawmedic.disk.records import Call
from clawmedic.errors import RefusedError, SupersededError
from clawmedic.model.outcome import OperationState, RungResult
from clawmedic.model.plan import Access, Plan, Reversible, Step
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.execute import execute
from clawmedic.operations.history import list_operations
from clawmedic.operations.ids import new_operation_id
from clawmedic.operations.run import mutating_run
from clawmedic.operations.undo import plan_undo, undo
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from killing import killed_at


@dataclass
class Model:
    """A setting that somebody else keeps: a file stands for it."""

    path: Path
    holds: bool = True
    answers: bool = True
    replaced: bool = False

    def set(self, value: str) -> str:
        with self.path.open("w") as file:
            file.write(value)
        if not self.answers:
            raise RefusedError("no answer")
        return value

    def reverse(self, call: Call) -> None:
        if self.replaced:
            raise SupersededError("another conversation")
        self.path.write_text(str(call.params["model"]))

    def act(self, work: stage.Work) -> None:
        work.call(
            Call("sessions.patch", {"key": stage.KEY, "model": "other"}),
            lambda: self.set("other"),
            reverse=Call("sessions.patch", {"key": stage.KEY, "model": "own"}),
        )
        work.call(Call("sessions.compact", {"key": stage.KEY}), lambda: None, reverse=None)
        with pytest.raises(RefusedError):
            work.editor()

    def prove(self, work: stage.Work) -> stage.Proof:
        del work
        return stage.Proof((stage.Check("model", ok=self.holds and self.path.read_text() == "other"),))


def plan_for(settings: Settings) -> Plan:
    return Plan(
        operation_id=new_operation_id(settings.now()),
        command="compact",
        keys=(stage.KEY,),
        state_dir=settings.state_dir,
        steps=(Step("compact", "compact with another model", reversible=Reversible.STATE),),
        access=Access.GATEWAY,
    )


def compact(settings: Settings, model: Model) -> RungResult:
    with (
        mutating_run(settings, reverse_call=model.reverse) as run,
        open_for_reading(settings, SilentReporter()) as state,
    ):
        return execute(run, plan_for(settings), model, state=state)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    (tmp_path / "model").write_text("own")
    return Model(tmp_path / "model")


def test_a_failed_proof_puts_the_call_back_and_says_what_stands(settings: Settings, model: Model) -> None:
    result = compact(settings, replace(model, holds=False))
    assert result.state is OperationState.ROLLED_BACK
    assert model.path.read_text() == "own"
    assert "sessions.compact stands" in list_operations(settings)[0].detail


def test_a_call_without_an_answer_is_put_back(settings: Settings, model: Model) -> None:
    with pytest.raises(RefusedError, match="no answer"):
        compact(settings, replace(model, answers=False))
    assert model.path.read_text() == "own"


def test_undo_asks_for_the_reverse(settings: Settings, model: Model) -> None:
    done = compact(settings, model)
    assert (done.ok, done.reversible) == (True, Reversible.STATE)
    assert model.path.read_text() == "other"
    with (
        mutating_run(settings, reverse_call=model.reverse) as run,
        open_for_reading(settings, SilentReporter()) as state,
    ):
        assert undo(run, plan_undo(settings, done.operation_id), state=state).exit_code == 0
    assert model.path.read_text() == "own"
    states = {one.operation_id: one.state for one in list_operations(settings)}
    assert states[done.operation_id] is OperationState.UNDONE


def test_what_something_else_has_replaced_stands_and_holds_up_nobody(
    settings: Settings, model: Model
) -> None:
    replaced = replace(model, holds=False, replaced=True)
    for _ in range(2):
        result = compact(settings, replaced)
        assert result.state is OperationState.ROLLED_BACK
    details = {one.detail for one in list_operations(settings)}
    assert len(details) == 1
    assert "sessions.patch, sessions.compact stands" in details.pop()
    done = compact(settings, replace(model, replaced=True))
    with (
        mutating_run(settings, reverse_call=replaced.reverse) as run,
        open_for_reading(settings, SilentReporter()) as state,
        pytest.raises(SupersededError),
    ):
        undo(run, plan_undo(settings, done.operation_id), state=state)


def test_killed_anywhere_the_next_run_with_a_gateway_puts_it_back(quick_path: Path) -> None:
    def fresh(base: Path) -> tuple[Settings, Model]:
        base.mkdir()
        stage.build(base / "state")
        (base / "model").write_text("own")
        return stage.settings_for(base), Model(base / "model")

    number, hindered = 1, 0
    while True:
        base = quick_path / f"at-{number}"
        settings, model = fresh(base)
        work: Callable[[], object] = lambda settings=settings, model=model: compact(settings, model)  # noqa: E731
        if not killed_at(number, work):
            break
        with mutating_run(settings) as run:  # without a gateway
            hindered += any(not one.ok and "not reachable" in one.detail for one in run.recovered)
        with mutating_run(settings, reverse_call=model.reverse) as run:
            assert all(one.ok for one in run.recovered)
        state = list_operations(settings)[0].state if list_operations(settings) else None
        assert model.path.read_text() == ("other" if state is OperationState.DONE else "own")
        shutil.rmtree(base)
        number += 1
    assert number > 15
    assert hindered > 3
