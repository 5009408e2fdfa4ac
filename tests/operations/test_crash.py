"""Killed at any write, fsync, rename: the next run finds the store as before or as planned, never in between."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mutation_stage as stage
import pytest

from clawmedic.model.outcome import OperationState
from clawmedic.model.plan import Access
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.execute import execute
from clawmedic.operations.history import list_operations
from clawmedic.operations.run import mutating_run
from clawmedic.operations.undo import plan_undo, undo
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from killing import killed_at

Work = Callable[[Settings], object]
Tree = dict[str, tuple[str, int, int, int]]
step_by_step = pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.crash)])
"""By default some injection points, with `-m crash` every one."""
DEAD_LOCK = json.dumps(
    {"pid": 4194303, "createdAt": "2026-11-23T08:00:00.000Z", "starttime": 5}, indent=2
).encode()


def points(
    tmp_path: Path, prepare: Callable[[Path], Settings], work: Work, step: int
) -> Iterator[tuple[Settings, Tree, Tree]]:
    """For each `step`-th injection point: a fresh store, its child killed there; before and as planned."""
    whole = prepare(tmp_path / "whole")
    work(whole)
    planned = stage.without_backups(stage.tree(whole.state_dir))
    number = 1
    while True:
        base = tmp_path / f"at-{number}"
        settings = prepare(base)
        before = stage.tree(settings.state_dir)
        if not killed_at(number, lambda settings=settings: work(settings)):
            assert stage.without_backups(stage.tree(settings.state_dir)) == planned
            break
        yield settings, before, planned
        shutil.rmtree(base)
        number += step
    assert number > 30, "the loop has hardly met a change"


def fresh(base: Path, *, dead_lock: bool = False) -> Settings:
    """The same bytes in every directory: the rows' paths are not this directory's, as in a copied store."""
    base.mkdir(parents=True)
    stage.build(base / "state")
    sessions = base / "state/agents/main/sessions"
    store = sessions / "sessions.json"
    store.write_text(store.read_text().replace(str(sessions), "/home/node/.openclaw/agents/main/sessions"))
    if dead_lock:
        (sessions / f"{stage.SESSION_ID}.jsonl.lock").write_bytes(DEAD_LOCK)
    return stage.settings_for(base)


def recovered(settings: Settings, before: Tree, planned: Tree) -> str:
    """Let the next run find it; what it is then."""
    with mutating_run(settings) as run:
        assert all(one.ok for one in run.recovered), run.recovered
    now = stage.tree(settings.state_dir)
    assert all(one.state is not OperationState.INTERRUPTED for one in list_operations(settings))
    if now == before:
        return "before"
    assert stage.without_backups(now) == planned
    assert stage.SESSION_ID in " ".join(set(now) - set(before) or {stage.SESSION_ID})
    return "planned"


@step_by_step
def test_a_rescue_killed_anywhere_is_whole_or_undone(quick_path: Path, step: int) -> None:
    seen = {
        recovered(settings, before, planned)
        for settings, before, planned in points(
            quick_path, lambda base: fresh(base, dead_lock=True), stage.rescue, step
        )
    }
    assert seen == {"before", "planned"} if step == 1 else "before" in seen


@step_by_step
def test_a_rescue_killed_anywhere_can_be_done_again(quick_path: Path, step: int) -> None:
    for settings, _, planned in points(quick_path, fresh, stage.rescue, step):
        with mutating_run(settings):
            pass
        if any(one.state is OperationState.DONE for one in list_operations(settings)):
            continue
        assert stage.rescue(settings).ok
        assert stage.without_backups(stage.tree(settings.state_dir)) == planned


@step_by_step
def test_a_roll_back_killed_anywhere_ends_as_before(quick_path: Path, step: int) -> None:
    def fails(settings: Settings) -> object:
        return stage.rescue(settings, holds=False)

    for settings, before, _ in points(quick_path, fresh, fails, step):
        assert recovered(settings, before, before) == "before"


@step_by_step
def test_a_recovery_killed_anywhere_is_taken_up_again(quick_path: Path, step: int) -> None:
    def interrupted(base: Path) -> Settings:
        settings = fresh(base)
        killed_in_the_middle(settings)
        return settings

    def next_run(settings: Settings) -> None:
        with mutating_run(settings):
            pass

    original = stage.tree(fresh(quick_path / "original").state_dir)
    number = 1
    while True:
        settings = interrupted(quick_path / f"at-{number}")
        assert stage.tree(settings.state_dir) != original
        killed = killed_at(number, lambda settings=settings: next_run(settings))
        with mutating_run(settings) as run:
            assert all(one.ok for one in run.recovered)
        assert stage.tree(settings.state_dir) == original
        if not killed:
            break
        number += step
    assert number > 10


def killed_in_the_middle(settings: Settings) -> None:
    """Leave a rescue between the transcript and the row."""

    class Dies(stage.Distil):
        def act(self, work: stage.Work) -> None:
            super().act(work)
            killed_here()

    def killed_here() -> None:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
            plan, action = stage.distil_plan(settings, stage.session_of(state))
            execute(run, plan, Dies(action.session, action.expected, action.row), state=state)

    assert killed_at(1_000_000, work)


@step_by_step
def test_an_undo_killed_anywhere_is_whole_or_as_before(quick_path: Path, step: int) -> None:
    def rescued(base: Path) -> Settings:
        settings = fresh(base, dead_lock=True)
        stage.rescue(settings, "reset")
        return settings

    def undone(settings: Settings) -> None:
        name = list_operations(settings)[0].operation_id
        with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
            undo(run, plan_undo(settings, name), state=state)

    original = stage.tree(fresh(quick_path / "original", dead_lock=True).state_dir)
    seen = set()
    for settings, before, planned in points(quick_path, rescued, undone, step):
        assert planned == original
        seen.add(recovered(settings, before, planned))
    assert seen == {"before", "planned"} if step == 1 else "before" in seen


@contextmanager
def living_lock(path: Path) -> Iterator[bytes]:
    """A lock that another, living process holds."""
    with subprocess.Popen([sys.executable, "-c", "input()", "openclaw"], stdin=subprocess.PIPE) as owner:
        payload = json.dumps({"pid": owner.pid, "createdAt": "2099-11-23T08:00:00.000Z"}, indent=2).encode()
        path.write_bytes(payload)
        yield payload
        owner.communicate(b"\n")


@step_by_step
def test_beside_a_running_gateway_no_lock_of_another_is_touched(quick_path: Path, step: int) -> None:
    def under_locks(settings: Settings) -> object:
        with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
            plan, action = stage.distil_plan(settings, stage.session_of(state), access=Access.UNDER_LOCKS)
            return execute(run, plan, action, state=state)

    foreign = f"agents/main/sessions/{stage.OTHER_ID}.jsonl.lock"
    with living_lock(quick_path / "foreign.lock") as payload:

        def prepare(base: Path) -> Settings:
            settings = fresh(base)
            (settings.state_dir / foreign).write_bytes(payload)
            return settings

        for settings, before, planned in points(quick_path, prepare, under_locks, step):
            recovered(settings, before, planned)
            assert (settings.state_dir / foreign).read_bytes() == payload
