"""Clock jumps, full and read-only disks, stores that vanish, gateways that do not answer, passes that hang."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from guard_stage import DAY, HOUR, MINUTE, Guarded, files, gateway_process
from msgspec.structs import replace

from clawmedic.errors import ExitCode, NotFoundError, RefusedError
from clawmedic.guard.memory import guard_folder, load_memory, memory_file
from clawmedic.guard.orders import Orders, Tools
from clawmedic.guard.report import Did
from clawmedic.guard.stopping import PassEnd, Stopping, Why
from clawmedic.guard.watch import guard_pass
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import Policy
from clawmedic.model.signals import Action
from clawmedic.notify.post import Post
from harness import process_environment
from small_disk import as_root, small_disk

Make = Callable[..., Guarded]


@pytest.mark.parametrize("jump", [400 * DAY, -400 * DAY])
def test_a_clock_that_jumps_and_comes_back_neither_frees_nor_locks(guard: Make, jump: int):
    on = guard(policy=Policy.PRESERVE)
    on.once()
    on.clock.now += jump
    on.once()
    on.clock.now -= jump - MINUTE
    report = on.once()
    assert report.exit_code == ExitCode.EXHAUSTED
    assert on.kinds == [NoticeKind.ESCALATION], "told once"
    on.configure(policy=Policy.REVIVE)
    assert on.later(7 * HOUR).exit_code == ExitCode.OK, "and it can still be rescued"


def test_a_store_that_vanishes_is_told_once_and_its_return_is_seen(guard: Make):
    on = guard(policy=None)
    on.once()
    aside = on.on.state.with_name("aside")
    on.on.state.rename(aside)
    for _ in range(2):
        with pytest.raises(NotFoundError):
            on.later(HOUR)
    told = Post.open(on.on.settings, on.configuration)
    assert load_memory(on.on.settings).outbox == [], "it was handed over"
    aside.rename(on.on.state)
    report = on.later(HOUR)
    assert report.exit_code == ExitCode.FINDINGS
    assert told.waiting == 0


def test_a_store_that_is_damaged_needs_a_person(guard: Make):
    on = guard()
    on.once()
    (on.on.sessions / "sessions.json").write_bytes(b'{"agent:main:x": {"sess')
    report = on.later(HOUR)
    assert report.exit_code == ExitCode.EXHAUSTED
    assert on.kinds[-1] is NoticeKind.TROUBLE
    on.later(HOUR)
    assert on.kinds.count(NoticeKind.TROUBLE) == 1


@as_root
def test_a_full_disk_under_its_own_files_stops_it_before_anything_is_touched(tmp_path: Path, guard: Make):
    on = guard()
    before = files(on.on)
    with small_disk(tmp_path / "disk", "64k") as disk:
        env = {**on.on.settings.world.env, "XDG_STATE_HOME": str(disk)}
        settings = replace(on.on.settings, world=replace(on.on.settings.world, env=env))
        on.on = dataclasses.replace(on.on, settings=settings)
        (disk / "filler").write_bytes(b"x" * 60_000)
        with pytest.raises(RefusedError, match=r"cannot (write|create|lock)"):
            on.once()
        assert files(on.on) == before
        (disk / "filler").unlink()
        (disk / "filler").write_bytes(b"x" * 8_000)
        report = on.once()
        assert report.exit_code in (ExitCode.EXHAUSTED, ExitCode.PARTIAL)
        assert files(on.on) == before, "no room for the operation's own copies: refused"


@as_root
def test_a_read_only_store_is_refused_counted_and_escalated(tmp_path: Path, guard: Make):
    on = guard()
    with small_disk(tmp_path / "disk", "600m") as disk:
        shutil.copytree(on.on.state, disk / "state")
        on.on = dataclasses.replace(on.on, settings=replace(on.on.settings, state_dir=disk / "state"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        report = on.once()
        assert (report.exit_code, [line.did for line in report.sessions]) == (ExitCode.PARTIAL, [Did.FAILED])
        assert "read-only" in report.sessions[0].reason
        for _ in range(4):
            report = on.later(2 * HOUR)
        assert report.exit_code == ExitCode.EXHAUSTED
        assert on.kinds == [NoticeKind.ESCALATION]


def test_its_own_folder_that_cannot_be_written_is_one_clear_line(guard: Make):
    on = guard()
    folder = guard_folder(on.on.settings)
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    with pytest.raises(RefusedError, match="not a directory"):
        on.once()


def test_a_running_gateway_that_is_not_reached_is_told_to_people(guard: Make):
    on = guard()
    before = files(on.on)
    with gateway_process(on.on):
        report = on.once()
        assert report.exit_code == ExitCode.EXHAUSTED
        assert files(on.on) == before
    assert any("a gateway runs" in line for line in on.told[0].lines)
    assert on.later(HOUR).exit_code == ExitCode.OK, "stopped, it can be rescued"


def command(on: Guarded, *words: str) -> list[str]:
    options = ("--state-dir", str(on.on.state), "--max-runtime", "2s", *words)
    return [sys.executable, "-m", "clawmedic", "guard", "--once", "--policy", "revive", *options]


def environment(on: Guarded) -> dict[str, str]:
    return process_environment(on.on.root, 100, {"XDG_STATE_HOME": str(on.on.root / "own")})


def test_a_pass_that_hangs_is_ended_in_time(guard: Make, tmp_path: Path):
    """A log that is a FIFO nobody writes to: the open never returns."""
    on = guard()
    before = files(on.on)
    os.mkfifo(tmp_path / "fifo")
    began = time.monotonic()
    done = subprocess.run(
        command(on, "--log", str(tmp_path / "fifo")),
        env=environment(on),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stdout) == (ExitCode.PARTIAL, ""), done.stderr
    assert "its time was up" in done.stderr
    assert time.monotonic() - began < 30
    assert files(on.on) == before


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_pass_that_waits(guard: Make, tmp_path: Path, how: signal.Signals):
    on = guard()
    os.mkfifo(tmp_path / "fifo")
    words = command(on, "--log", str(tmp_path / "fifo"), "--max-runtime", "60s")
    with subprocess.Popen(words, env=environment(on), stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3000):
            if memory_file(on.on.settings).parent.is_dir():
                break
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(how)
        assert process.wait(30) == ExitCode.INTERRUPTED


class Interrupting:
    """A diary that sends a signal to its own process after the first rung."""

    def __init__(self) -> None:
        self.rungs = 0

    def note(self, action: Action) -> None:
        if action.event == "rung":
            self.rungs += 1
            os.kill(os.getpid(), signal.SIGTERM)


def two_dead(guard: Make) -> Guarded:
    """Two dead sessions of two agents."""
    on = guard()
    agents = on.on.state / "agents"
    shutil.copytree(agents / "main", agents / "other")
    store = agents / "other" / "sessions" / "sessions.json"
    store.write_text(
        store.read_text().replace("agent:main:", "agent:other:").replace("100384130225", "100777")
    )
    return on


def test_sigterm_ends_a_pass_between_rungs_and_what_was_done_is_remembered(guard: Make):
    on = two_dead(guard)
    diary, stopping = Interrupting(), Stopping()
    post = Post.open(on.on.settings, on.configuration)
    with stopping.listening():
        report = guard_pass(on.on.settings, Orders(on.configuration), Tools(None, post, diary, stopping))
    assert diary.rungs == 1
    assert report.ended_early == "the pass was ended: by a signal"
    assert len(report.results) == 1
    memory = on.memory
    assert [len(record.attempts) for record in memory.records.values() if record.attempts] == [1]
    later = on.later(15 * MINUTE)
    assert later.exit_code == ExitCode.OK
    assert on.kinds.count(NoticeKind.RESCUED) == 2, "what nobody was told in the first pass is told now"


def ended_by(wanted: Callable[[Stopping], None]) -> Why | None:
    stopping = Stopping()
    try:
        with stopping.listening():
            wanted(stopping)
    except PassEnd as end:
        return end.why
    return None


def test_no_signal_ends_a_rung_but_the_next_does_not_begin():
    done: list[str] = []

    def work(stopping: Stopping) -> None:
        with stopping.climbing():
            stopping.require_time_for_rung()
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("the rung went on")
            stopping.require_time_for_rung()
            done.append("another one")

    assert ended_by(work) is Why.SIGNAL
    assert done == ["the rung went on"]


def test_the_end_of_its_time_ends_a_rung_too_and_nothing_sealed():
    done: list[str] = []

    def work(stopping: Stopping) -> None:
        with stopping.sealed():
            os.kill(os.getpid(), signal.SIGALRM)
            done.append("written")
        stopping.check()

    assert ended_by(work) is Why.TIME
    assert done == ["written"]

    def hang(stopping: Stopping) -> None:
        with stopping.climbing():
            threading.Event().wait(0.01)
            os.kill(os.getpid(), signal.SIGALRM)
            done.append("never")

    assert ended_by(hang) is Why.TIME
    assert done == ["written"]


def test_no_rung_begins_in_the_last_part_of_the_time(guard: Make):
    on = guard()
    before = files(on.on)
    now = [0.0]
    stopping = Stopping(lambda: now[0])
    post = Post.open(on.on.settings, on.configuration)
    with stopping.armed(60_000, on.on.settings.world):
        now[0] = 37.0
        report = guard_pass(
            on.on.settings, Orders(on.configuration), Tools(None, post, Interrupting(), stopping)
        )
    assert report.ended_early == "the pass was ended: its time was up"
    assert files(on.on) == before
    assert report.exit_code == ExitCode.PARTIAL


def test_a_broken_configuration_is_one_line_with_its_place(run, tmp_path: Path):
    broken = tmp_path / "config.toml"
    broken.write_text('[guard]\npolicy = "revife"\n')
    (tmp_path / "agents").mkdir()
    ran = run("guard", "--once", "--state-dir", tmp_path, "--config", broken).expect(ExitCode.USAGE)
    assert "config.toml:2" in ran.stderr
    assert ran.stdout == ""
