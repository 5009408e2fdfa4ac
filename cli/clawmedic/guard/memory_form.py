"""The memory as JSON (`clawmedic.guard-memory/1`), compact: it is written at each pass. Defaults are left out."""

from __future__ import annotations

from typing import Any

from clawmedic.guard.memory import LastPass, Memory, OutageRecord
from clawmedic.guard.record import Attempt, Came, GivenUp, KeyRecord, Point, RungNumbers
from clawmedic.model.notice import Notice, NoticeKind

SCHEMA = "clawmedic.guard-memory/"
VERSION = 1

Document = dict[str, Any]
"""JSON as orjson takes and gives it; nothing of it leaves this module untyped."""


class NewerError(ValueError):
    """A later version's memory."""


def memory_document(memory: Memory) -> Document:
    """Everything that is kept."""
    last = memory.last
    return {
        "schema": f"{SCHEMA}{VERSION}",
        "written_at": memory.written_at,
        "passes": memory.passes,
        "last": [last.at, last.duration_ms, last.exit_code, dict(last.totals), last.words],
        "rescues": [[rung, came, count] for (rung, came), count in sorted(memory.rescues.items())],
        "outages": [_outage(one) for one in memory.outages.values()],
        "over": memory.over,
        "troubles": memory.troubles,
        "outbox": [_notice(one) for one in memory.outbox],
        "keys": [_record(one) for one in memory.records.values()],
    }


def memory_from(document: Document) -> Memory:
    """Back again.

    Raises:
        NewerError: a later version wrote it.
        ValueError, KeyError, TypeError, AttributeError: it is not what we wrote.
    """
    name, _, version = str(document["schema"]).partition("/")
    if f"{name}/" != SCHEMA:
        raise ValueError(name)
    if int(version) > VERSION:
        raise NewerError(version)
    at, duration_ms, exit_code, totals, words = document["last"]
    records = [_record_from(one) for one in document["keys"]]
    return Memory(
        records={(one.agent, one.key): one for one in records},
        outages={one.condition: one for one in map(_outage_from, document["outages"])},
        rescues={(str(rung), str(came)): int(count) for rung, came, count in document["rescues"]},
        over=[str(one) for one in document.get("over", ())],
        troubles=[str(one) for one in document.get("troubles", ())],
        outbox=[_notice_from(one) for one in document["outbox"]],
        passes=int(document["passes"]),
        last=LastPass(int(at), int(duration_ms), int(exit_code), tuple(sorted(totals.items())), str(words)),
        written_at=int(document["written_at"]),
    )


def _record(record: KeyRecord) -> Document:
    made: Document = {
        "agent": record.agent,
        "key": record.key,
        "session": record.session_id,
        "verdict": record.verdict,
        "since": record.since,
        "seen": record.seen_at,
        "allowed": record.allowed,
        "attempts": [_attempt(one) for one in record.attempts],
        "given_up": _given_up(record.given_up),
        "look": [record.look_again_at, record.looks, record.no_way] if record.look_again_at else None,
        "told": sorted(record.told),
        "warned": record.warned_for,
        "points": [[one.at, one.tokens, one.size_bytes, one.compactions] for one in record.points],
    }
    return {name: value for name, value in made.items() if value}


def _record_from(made: Document) -> KeyRecord:
    look_again_at, looks, no_way = made.get("look") or (0, 0, "")
    given_up = made.get("given_up")
    return KeyRecord(
        agent=str(made["agent"]),
        key=str(made["key"]),
        session_id=str(made.get("session", "")),
        verdict=str(made.get("verdict", "")),
        since=int(made.get("since", 0)),
        attempts=[_attempt_from(one) for one in made.get("attempts", ())],
        given_up=GivenUp(int(given_up[0]), str(given_up[1]), str(given_up[2])) if given_up else None,
        look_again_at=int(look_again_at),
        looks=int(looks),
        no_way=str(no_way),
        told={str(one) for one in made.get("told", ())},
        warned_for=str(made.get("warned", "")),
        points=[Point(*map(int, one)) for one in made.get("points", ())],
        seen_at=int(made.get("seen", 0)),
        allowed=int(made.get("allowed", 0)),
    )


def _given_up(given_up: GivenUp | None) -> list[object] | None:
    return [given_up.since, given_up.reason, given_up.signature] if given_up else None


def _attempt(one: Attempt) -> list[object]:
    rungs = [[r.rung, r.ok, r.tokens_before, r.tokens_after, r.bytes_before] for r in one.rungs]
    return [one.at, one.group, one.came.value, rungs, one.error]


def _attempt_from(made: list[Any]) -> Attempt:
    at, group, came, rungs, error = made
    numbers = tuple(
        RungNumbers(str(rung), bool(ok), _count(before), _count(after), _count(size))
        for rung, ok, before, after, size in rungs
    )
    return Attempt(int(at), str(group), Came(came), numbers, str(error))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _outage(one: OutageRecord) -> list[object]:
    return [one.condition, one.since, one.keys, one.next_check, one.checks, one.seen_at, one.told]


def _outage_from(made: list[Any]) -> OutageRecord:
    condition, since, keys, next_check, checks, seen_at, told = made
    return OutageRecord(
        str(condition),
        int(since),
        [str(key) for key in keys],
        int(next_check),
        int(checks),
        int(seen_at),
        bool(told),
    )


def _notice(one: Notice) -> Document:
    """Quotes of a conversation are not kept: they are taken anew where they may be told."""
    return {
        "kind": one.kind.value,
        "at": one.at,
        "keys": list(one.keys),
        "title": one.title,
        "lines": list(one.lines),
        "operation": one.operation_id,
        "unanswered": one.unanswered,
        "condition": one.condition,
    }


def _notice_from(made: Document) -> Notice:
    return Notice(
        kind=NoticeKind(made["kind"]),
        at=int(made["at"]),
        keys=tuple(map(str, made["keys"])),
        title=str(made["title"]),
        lines=tuple(map(str, made["lines"])),
        operation_id=str(made["operation"]),
        unanswered=int(made["unanswered"]),
        condition=str(made["condition"]),
    )
