"""What the guard remembers between passes: one private file for each state directory, replaced whole.

It is bounded, so that thousands of keys over months stay below `MOST_BYTES`; a damaged file is put aside and told
about, and attempts are then taken from the journal of operations, so that no key gets more than its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson
from msgspec import Struct, field

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import describe, read_bounded
from clawmedic.disk.places import state_folder
from clawmedic.errors import RefusedError
from clawmedic.guard.record import Attempt, Came, KeyRecord
from clawmedic.model.notice import Notice
from clawmedic.model.outcome import OperationState, OperationSummary
from clawmedic.settings import Settings

MOST_BYTES = 900_000
"""The file stays below a megabyte; what matters least is forgotten first."""
READ_BYTES = 16 * 1024 * 1024
FORGET_MS = 30 * 86_400_000
"""A key that no store has had for so long is forgotten."""
SKEW_MS = 5 * 60_000
COMMAND = "guard"
"""What the journal calls operations of the guard."""

Name = tuple[str, str]
"""Agent and key."""


class OutageRecord(Struct):
    """An outage that lasts: one provider's cause, felt by several sessions.

    Attributes:
        condition: what names it in notices.
        next_check: when it is looked at again, epoch milliseconds; `checks` doubles the pause.
        ends_unseen_at: when it was last seen.
    """

    condition: str
    since: int
    keys: list[str] = field(default_factory=list)
    next_check: int = 0
    checks: int = 0
    seen_at: int = 0
    told: bool = False


class LastPass(Struct, frozen=True):
    """What came of the newest pass. Times in milliseconds; `totals` are sessions by verdict."""

    at: int = 0
    duration_ms: int = 0
    exit_code: int = 0
    totals: tuple[tuple[str, int], ...] = ()
    words: str = ""


class Memory(Struct):
    """All that is remembered.

    Attributes:
        records: by agent and key; only keys of which there is something to remember.
        outages: by condition.
        rescues: how many rescues ended so, by (rung, "ok" or "failed"), since the memory began.
        outbox: notices that were decided on and not handed over yet; `over` are conditions that have ended, likewise.
        troubles: conditions of stores and disks that people were told of.
        passes: how many passes there were.
        problem: why the file could not be used, "" when it could; `damaged` is what it held then.
    """

    records: dict[Name, KeyRecord] = field(default_factory=dict)
    outages: dict[str, OutageRecord] = field(default_factory=dict)
    rescues: dict[tuple[str, str], int] = field(default_factory=dict)
    outbox: list[Notice] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    passes: int = 0
    last: LastPass = LastPass()
    written_at: int = 0
    problem: str = ""
    damaged: bytes | None = None

    def record(self, agent: str, key: str) -> KeyRecord:
        """The record of a key; a new one where there was none."""
        return self.records.setdefault((agent, key), KeyRecord(agent, key))

    def settle_clock(self, now: int) -> bool:
        """Bring stamps of the future to the present; whether there were any.

        A clock that was ahead and was put right must neither lock a key for years nor free attempts: they count as
        made just now.
        """
        latest = now + SKEW_MS
        jumped = self.written_at > latest
        for record in self.records.values():
            jumped = _settle(record, now, latest) or jumped
        for one in self.outages.values():
            if one.seen_at > latest or one.since > latest:
                one.seen_at, one.since, one.next_check = min(one.seen_at, now), min(one.since, now), now
                jumped = True
        return jumped

    def forget_idle(self, now: int) -> None:
        """Drop records that say nothing, and keys that are long gone."""
        self.records = {
            name: record
            for name, record in self.records.items()
            if not record.idle and now - record.seen_at <= FORGET_MS
        }


def _settle(record: KeyRecord, now: int, latest: int) -> bool:
    ahead = [one for one in record.attempts if one.at > latest]
    stale = record.seen_at > latest or record.since > latest
    if not ahead and not stale:
        return False
    record.attempts = [
        Attempt(min(one.at, now), one.group, one.came, one.rungs, one.error) for one in record.attempts
    ]
    record.seen_at, record.since = min(record.seen_at, now), min(record.since, now)
    record.look_again_at = min(record.look_again_at, now)
    record.points = [point for point in record.points if point.at <= latest]
    return True


def guard_folder(settings: Settings) -> Path:
    """Where the guard keeps its files for a state directory; it need not exist."""
    return state_folder(settings.world, settings.state_dir) / "guard"


def memory_file(settings: Settings) -> Path:
    """The memory of a state directory; it need not exist."""
    return guard_folder(settings) / "memory.json"


def load_memory(settings: Settings) -> Memory:
    """What is remembered; an empty memory when there is none. Changes nothing.

    A damaged file gives an empty memory with its `problem`.

    Raises:
        RefusedError: it was written by a newer clawmedic, or it cannot be read.
    """
    from clawmedic.guard.memory_form import NewerError, memory_from

    path = memory_file(settings)
    try:
        content = read_bounded(path, READ_BYTES)
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        raise RefusedError(f"the guard's memory {path} {describe(error)}", hint="nothing was done") from error
    try:
        return memory_from(orjson.loads(content.data))
    except NewerError as error:
        raise RefusedError(
            f"the guard's memory {path} was written by a newer clawmedic", hint="update this one"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Memory(problem=f"{path}: {type(error).__name__}", damaged=content.data)


def save_memory(settings: Settings, memory: Memory) -> None:
    """Write it; what matters least is left out where it would grow too large.

    Raises:
        RefusedError: the disk refuses; the file is as it was.
    """
    from clawmedic.guard.memory_form import memory_document

    memory.written_at = settings.now()
    data = orjson.dumps(memory_document(memory))
    if len(data) > MOST_BYTES:
        _shrink(memory)
        data = orjson.dumps(memory_document(memory))
    write_atomically(memory_file(settings), data)


def _shrink(memory: Memory) -> None:
    """Forget growth first, then the keys that were not seen for longest among those without attempts or breaker."""
    from clawmedic.guard.memory_form import memory_document

    for record in memory.records.values():
        record.points = record.points[-2:]
    ordered = sorted(
        memory.records.values(), key=lambda one: (bool(one.attempts or one.given_up), one.seen_at)
    )
    while ordered and len(orjson.dumps(memory_document(memory))) > MOST_BYTES:
        for record in ordered[: max(1, len(ordered) // 8)]:
            memory.records.pop((record.agent, record.key), None)
        ordered = ordered[max(1, len(ordered) // 8) :]


def put_damaged_aside(settings: Settings, memory: Memory) -> Path | None:
    """Keep a damaged file's content beside it, and name the place; None when nothing was damaged.

    Raises:
        RefusedError: the disk refuses.
    """
    if memory.damaged is None:
        return None
    path = memory_file(settings)
    aside = path.with_name(f"{path.name}.damaged")
    write_atomically(aside, memory.damaged)
    memory.damaged = None
    return aside


def recall_attempts(memory: Memory, operations: Iterable[OperationSummary], since: int) -> None:
    """Take attempts from the journal, which outlives a lost memory; `operations` newest first."""
    found: dict[tuple[str, str], Attempt] = {}
    for one in operations:
        if one.command != COMMAND or one.at <= since:
            continue
        group = one.operation_id.partition(".")[0]
        came = Came.RESCUED if one.state is OperationState.DONE else Came.FAILED
        for key in one.keys:
            earlier = found.get((key, group))
            if earlier is None or came is Came.RESCUED:
                found[key, group] = Attempt(one.at, group, came)
    for (key, _), attempt in sorted(found.items(), key=lambda item: item[1].at):
        agent = key.split(":")[1] if key.startswith("agent:") and key.count(":") > 1 else "main"
        record = memory.record(agent, key)
        record.seen_at = max(record.seen_at, attempt.at)
        record.add_attempt(attempt)
