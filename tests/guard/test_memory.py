from __future__ import annotations

import json
import os
from pathlib import Path
from types import MappingProxyType

import pytest
from guard_values import DAY, HOUR, KEY, MINUTE, NOW, attempt, record

from clawmedic.errors import RefusedError
from clawmedic.guard.memory import (
    LastPass,
    Memory,
    OutageRecord,
    load_memory,
    memory_file,
    put_damaged_aside,
    recall_attempts,
    save_memory,
)
from clawmedic.guard.record import Came, GivenUp, KeyRecord, Point
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import OperationState, OperationSummary
from clawmedic.model.plan import Reversible
from clawmedic.settings import Settings, World


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    env = MappingProxyType({"XDG_STATE_HOME": str(tmp_path / "own")})
    world = World(env, tmp_path, tmp_path, tmp_path, os.getuid(), clock=lambda: NOW)
    return Settings(world, tmp_path / "state")


def full() -> Memory:
    made = record(HOUR, 20 * MINUTE, came=Came.RESCUED)
    made.given_up = GivenUp(NOW, "it failed", "dead|auth")
    made.told, made.warned_for, made.look_again_at, made.looks = {"dead x", "near"}, "s1/0", NOW + 5, 2
    made.points = [Point(NOW - HOUR, 100, 2000), Point(NOW, 200, 4000, 1)]
    notice = Notice(
        NoticeKind.OUTAGE, NOW, (KEY, "b"), "title", ("one", "two"), unanswered=3, condition="outage p auth"
    )
    return Memory(
        records={("main", KEY): made},
        outages={"outage p auth": OutageRecord("outage p auth", NOW, [KEY], NOW + 5, 2, NOW, told=True)},
        rescues={("compact", "ok"): 4},
        outbox=[notice],
        passes=7,
        last=LastPass(NOW, 120, 3, (("dead", 1), ("healthy", 2)), "1 dead"),
    )


def test_what_was_written_comes_back(settings):
    made = full()
    save_memory(settings, made)
    assert load_memory(settings) == made
    assert memory_file(settings).stat().st_mode & 0o777 == 0o600


def test_no_file_is_an_empty_memory(settings):
    assert load_memory(settings) == Memory()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"schema": 3}', b'{"schema": "clawmedic.guard-memory/1"}']
)
def test_a_damaged_file_is_put_aside(settings, content):
    memory_file(settings).parent.mkdir(parents=True)
    memory_file(settings).write_bytes(content)
    memory = load_memory(settings)
    assert str(memory_file(settings)) in memory.problem
    aside = put_damaged_aside(settings, memory)
    assert aside is not None
    assert aside.read_bytes() == content
    save_memory(settings, memory)
    assert load_memory(settings).problem == ""


def test_a_newer_file_is_left_alone(settings):
    save_memory(settings, Memory())
    document = json.loads(memory_file(settings).read_text())
    memory_file(settings).write_text(json.dumps(document | {"schema": "clawmedic.guard-memory/2"}))
    with pytest.raises(RefusedError, match="newer"):
        load_memory(settings)


def test_what_cannot_be_read_is_one_clear_line(settings):
    memory_file(settings).mkdir(parents=True)
    with pytest.raises(RefusedError, match="directory"):
        load_memory(settings)


def test_a_lost_memory_takes_its_attempts_from_the_journal():
    def operation(name: str, at: int, state: OperationState, command: str = "guard") -> OperationSummary:
        return OperationSummary(name, at, command, (KEY,), state, Reversible.NO)

    memory = Memory()
    recall_attempts(
        memory,
        [
            operation("c.1", NOW - MINUTE, OperationState.DONE),
            operation("b.2", NOW - HOUR, OperationState.DONE),
            operation("b.1", NOW - HOUR, OperationState.ROLLED_BACK),
            operation("x", NOW - HOUR, OperationState.DONE, "rescue"),
            operation("a.1", NOW - DAY, OperationState.DONE),
        ],
        NOW - 6 * HOUR,
    )
    made = memory.records["main", KEY].attempts
    assert [(one.group, one.came) for one in made] == [("b", Came.RESCUED), ("c", Came.RESCUED)]


def test_thousands_of_keys_stay_below_a_megabyte(settings):
    memory = Memory()
    for number in range(6000):
        made = record(HOUR) if number % 3 == 0 else KeyRecord("main", "")
        made.key, made.session_id = f"agent:main:telegram:group:-100{number:010d}", "x" * 36
        made.seen_at = NOW - number
        made.points = [Point(NOW - at, 100_000 + at, 2_000_000 + at) for at in range(8)]
        memory.records["main", made.key] = made
    save_memory(settings, memory)
    assert memory_file(settings).stat().st_size < 1_000_000
    kept = load_memory(settings)
    assert sum(bool(one.attempts) for one in kept.records.values()) == 2000, "attempts are kept longest"


def test_idle_and_long_gone_keys_are_forgotten():
    memory = Memory()
    for name, made in {
        "healthy": KeyRecord("main", "healthy", verdict="healthy", seen_at=NOW),
        "tried": record(HOUR, key="tried"),
        "gone": record(HOUR, key="gone", seen_at=NOW - 31 * DAY),
    }.items():
        memory.records["main", name] = made
    memory.forget_idle(NOW)
    assert set(memory.records) == {("main", "tried")}


def test_stamps_of_the_future_neither_lock_nor_free():
    """A clock that was a year ahead made two attempts."""
    ahead = NOW + 365 * DAY
    made = record(8 * HOUR)
    made.attempts += [attempt(ahead, "f1"), attempt(ahead + MINUTE, "f2")]
    made.look_again_at, made.seen_at, made.since = ahead, ahead, ahead
    memory = Memory({("main", KEY): made}, written_at=ahead)
    assert memory.settle_clock(NOW)
    assert [one.at for one in made.attempts] == [NOW - 8 * HOUR, NOW, NOW]
    assert len(made.attempts_since(NOW - 6 * HOUR)) == 2, "they count"
    assert (made.look_again_at, made.seen_at) == (NOW, NOW)
    memory.written_at = NOW
    assert not memory.settle_clock(NOW)
