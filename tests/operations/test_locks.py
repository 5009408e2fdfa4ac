"""OpenClaw's locks as OpenClaw makes and judges them, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutation_stage as stage
import pytest
from msgspec.structs import replace

from clawmedic.disk.locks import LockHooks, OpenClawLocks
from clawmedic.errors import BusyError, RefusedError
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Liveness
from clawmedic.operations.run import Run, mutating_run
from clawmedic.settings import Settings
from clawmedic.stores.locks import read_lock
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.processes import ProcessTable
from killing import killed_at

TABLE = ProcessTable(Path("/proc"))


def looks_like_openclaw(pid: int) -> bool:
    """2026.7.1's rule for the owner of a session lock (isOpenClawSessionOwnerArgv)."""
    argv = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    return Path(argv[0]).name in {"openclaw", "openclaw-gateway"} or any(
        word == "openclaw" or word.endswith(("/openclaw", "openclaw.mjs")) for word in argv
    )


def hooks(announced: list[Path] | None = None) -> LockHooks:
    return LockHooks(
        start_ticks=TABLE.start_ticks,
        now_iso=lambda: "2026-11-23T08:15:51.024Z",
        announce=lambda path, _: announced.append(path) if announced is not None else None,
        clear_dead=lambda _: False,
        tag="test",
    )


def test_the_lock_is_as_openclaw_writes_it_and_its_owner_passes_the_rule(tmp_path: Path) -> None:
    transcript = tmp_path / "one.jsonl"
    announced: list[Path] = []
    with OpenClawLocks(hooks(announced)) as held:
        held.take(transcript)
        lock = tmp_path / "one.jsonl.lock"
        assert announced == [lock]
        content = json.loads(lock.read_text())
        assert list(content) == ["pid", "createdAt", "starttime"]
        assert lock.read_text() == json.dumps(content, indent=2)
        assert lock.stat().st_mode & 0o777 == 0o644
        assert content["pid"] != os.getpid()
        assert looks_like_openclaw(content["pid"])
        found = read_lock(lock, TABLE, 0)
        assert found is not None
        assert found.liveness is Liveness.ALIVE
        assert TABLE.start_ticks(content["pid"]) == content["starttime"]
        held.require_held()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl.lock"]
    assert list(tmp_path.iterdir()) == []
    assert TABLE.judge(content["pid"], content["starttime"])[0] is Liveness.DEAD


def test_this_process_alone_would_not_pass_the_rule() -> None:
    assert not looks_like_openclaw(os.getpid())


def test_for_7_1_the_longest_hold_is_said_too(tmp_path: Path) -> None:
    with OpenClawLocks(hooks(), with_max_hold=True) as held:
        held.take(tmp_path / "one.jsonl")
        assert json.loads((tmp_path / "one.jsonl.lock").read_text())["maxHoldMs"] == 8000


def test_the_lock_dies_with_its_time_even_when_we_hang(tmp_path: Path) -> None:
    with OpenClawLocks(hooks(), hold_seconds=1.3) as held:
        held.take(tmp_path / "one.jsonl")
        held.require_held()
        time.sleep(2.0)
        found = read_lock(tmp_path / "one.jsonl.lock", TABLE, 0)
        assert found is not None
        assert found.liveness is Liveness.DEAD
        with pytest.raises(RefusedError, match="longer than"):
            held.require_held()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_taken_away_is_noticed_and_a_new_one_left_alone(tmp_path: Path) -> None:
    lock = tmp_path / "one.jsonl.lock"
    with OpenClawLocks(hooks()) as held:
        held.take(tmp_path / "one.jsonl")
        lock.write_text('{"pid": 1}')
        with pytest.raises(RefusedError, match="taken away"):
            held.require_held()
    assert lock.read_text() == '{"pid": 1}'


def test_an_exception_releases(tmp_path: Path) -> None:
    def work() -> None:
        with OpenClawLocks(hooks()) as held:
            held.take(tmp_path / "one.jsonl")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_leaves_a_lock_that_openclaw_removes_by_itself(tmp_path: Path) -> None:
    def work() -> None:
        with OpenClawLocks(hooks()) as held:
            held.take(tmp_path / "one.jsonl")
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed_at(1_000_000, work)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = read_lock(tmp_path / "one.jsonl.lock", TABLE, 0)
        assert found is not None
        if found.liveness is Liveness.DEAD:
            return
        time.sleep(0.05)
    pytest.fail("the owner outlived us")


def test_two_takers_never_hold_the_same_lock(tmp_path: Path) -> None:
    with OpenClawLocks(hooks()) as first, OpenClawLocks(hooks(), patience_seconds=0.2) as second:
        first.take(tmp_path / "one.jsonl")
        with pytest.raises(BusyError, match="pid"):
            second.take(tmp_path / "one.jsonl")
        first.require_held()


@contextmanager
def living() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def lock_of(settings: Settings) -> Path:
    return settings.state_dir / "agents/main/sessions" / f"{stage.SESSION_ID}.jsonl.lock"


def test_a_living_owner_is_busy_and_its_lock_stays(settings: Settings) -> None:
    lock = lock_of(settings)
    with living() as pid:
        lock.write_text(
            json.dumps(
                {"pid": pid, "createdAt": "2026-11-23T08:15:51.024Z", "starttime": TABLE.start_ticks(pid)}
            )
        )
        before = stage.tree(settings.state_dir)
        with pytest.raises(BusyError, match="held"):
            stage.rescue(settings)
        assert stage.tree(settings.state_dir) == before


def test_an_owner_that_appears_after_the_gate_is_busy_and_the_backup_goes(settings: Settings) -> None:
    lock = lock_of(settings)
    with (
        living() as pid,
        mutating_run(settings) as run,
        open_for_reading(settings, SilentReporter()) as state,
    ):
        plan, action = stage.distil_plan(settings, stage.session_of(state), access=stage.Access.UNDER_LOCKS)
        lock.write_text(
            json.dumps(
                {"pid": pid, "createdAt": "2026-11-23T08:15:51.024Z", "starttime": TABLE.start_ticks(pid)}
            )
        )
        before = stage.tree(settings.state_dir)
        with pytest.raises(BusyError, match="OpenClaw holds"):
            stage.execute(run, plan, action, state=state)
        assert stage.tree(settings.state_dir) == before


@pytest.mark.parametrize("recycled", [False, True])
def test_a_dead_owner_is_proven_by_pid_or_start_time(settings: Settings, recycled: bool) -> None:  # noqa: FBT001
    pid = os.getpid() if recycled else 4194303
    lock_of(settings).write_text(
        json.dumps({"pid": pid, "createdAt": "2026-11-23T08:15:51.024Z", "starttime": 1})
    )
    assert stage.rescue(settings).ok
    assert not lock_of(settings).exists()


def test_an_unlock_takes_only_what_is_proven_dead(settings: Settings) -> None:
    lock = lock_of(settings)
    lock.write_text('{"pid": 4194303, "createdAt": "2026-11-23T08:15:51.024Z"}')

    class Unlock(stage.Distil):
        def act(self, work: stage.Work) -> None:
            work.editor().remove_lock(lock)

        def prove(self, work: stage.Work) -> stage.Proof:
            del work
            return stage.Proof((stage.Check("lock", ok=not lock.exists()),))

    def unlock(run: Run) -> bool:
        with open_for_reading(settings, SilentReporter()) as state:
            plan, action = stage.distil_plan(settings, stage.session_of(state))
            steps = (stage.Step("unlock", "take the stale lock away", writes=(stage.expect_file(lock),)),)
            plan = replace(plan, steps=steps, backups=(), locks=(), access=stage.Access.UNDER_LOCKS)
            return stage.execute(run, plan, Unlock(action.session, "", ""), state=state).ok

    with mutating_run(settings) as run:
        assert unlock(run)
    assert not lock.exists()
    with living() as pid, mutating_run(settings) as run:
        lock.write_text(json.dumps({"pid": pid, "createdAt": "2099-11-23T08:15:51.024Z"}))
        with pytest.raises(RefusedError, match="not proven dead: pid"):
            unlock(run)
        assert lock.exists()
