"""What the guard remembers, for people (`guard status`), and what they can take back (`guard retry`)."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.configuration.sections import Configuration
from clawmedic.errors import AmbiguousError, NotFoundError
from clawmedic.guard.memory import LastPass, Memory, OutageRecord, load_memory, save_memory
from clawmedic.guard.orders import Notifier
from clawmedic.guard.pausing import load_pause
from clawmedic.guard.record import KeyRecord
from clawmedic.guard.sight import ILL
from clawmedic.guard.watch import watching
from clawmedic.model.policy import Policy
from clawmedic.settings import Settings

_SHOWN = 5


class KeyStatus(Struct, frozen=True):
    """One key that something is remembered of. Times are epoch milliseconds, None where there is none.

    Attributes:
        attempts: within the window, of the `of` that its rule allowed when it was last seen.
        given_up: why nothing more is tried, "" when something is.
        waits_until: when it is looked at again.
        newest: what came of the newest attempt, "" for none; `newest_at` when that was.
        growing: tokens at the times that are remembered, oldest first.
    """

    key: str
    agent: str
    verdict: str
    since: int | None
    attempts: int
    of: int
    given_up: str
    waits_until: int | None
    newest: str
    newest_at: int | None
    growing: tuple[tuple[int, int], ...]


class GuardStatus(Struct, frozen=True):
    """All of it. `policy` None: nobody has said how far the guard may go."""

    at: int
    policy: Policy | None
    configured: bool
    paused_until: int
    passes: int
    last: LastPass | None
    keys: tuple[KeyStatus, ...]
    outages: tuple[OutageRecord, ...]
    rescues: tuple[tuple[str, str, int], ...]
    notices_waiting: int
    problem: str


def guard_status(settings: Settings, configuration: Configuration, waiting: int) -> GuardStatus:
    """What is remembered now. Takes no lock, changes nothing; `waiting` notices no channel has taken yet.

    Raises:
        RefusedError: the memory cannot be read, or a newer clawmedic wrote it.
    """
    memory, now, guard = load_memory(settings), settings.now(), configuration.guard
    rules = any(rule.policy is not None and not rule.built_in for rule in guard.rules)
    return GuardStatus(
        at=now,
        policy=guard.policy,
        configured=guard.policy is not None or rules,
        paused_until=load_pause(settings).until,
        passes=memory.passes,
        last=memory.last if memory.passes else None,
        keys=tuple(
            sorted(
                (_key_status(one, now, guard.window_ms, guard.attempts) for one in memory.records.values()),
                key=lambda one: (not _worth_showing(one), not one.given_up, -(one.newest_at or 0), one.key),
            )
        ),
        outages=tuple(memory.outages.values()),
        rescues=tuple((*came, count) for came, count in sorted(memory.rescues.items())),
        notices_waiting=waiting + len(memory.outbox),
        problem=memory.problem,
    )


def _worth_showing(one: KeyStatus) -> bool:
    return bool(one.attempts or one.given_up or one.waits_until or one.verdict in ILL or one.newest)


def _key_status(record: KeyRecord, now: int, window_ms: int, of: int) -> KeyStatus:
    newest = record.attempts[-1] if record.attempts else None
    return KeyStatus(
        key=record.key,
        agent=record.agent,
        verdict=record.verdict,
        since=record.since or None,
        attempts=len(record.attempts_since(now - window_ms)),
        of=record.allowed or of,
        given_up=record.given_up.reason if record.given_up else record.no_way,
        waits_until=record.look_again_at if record.look_again_at > now else None,
        newest=newest.came.value if newest else "",
        newest_at=newest.at if newest else None,
        growing=tuple((point.at, point.tokens) for point in record.points),
    )


def retry(settings: Settings, wanted: str, notifier: Notifier) -> str:
    """Let the guard try a key again, with all its attempts: the next pass does.

    Args:
        settings: where.
        wanted: a key that the guard remembers, or an unambiguous part of one.
        notifier: forgets what it told about the key, so that people hear of what comes now.

    Returns:
        The key.

    Raises:
        NotFoundError, AmbiguousError: no such key is remembered, or several.
        BusyError: a pass goes on. RefusedError: the memory cannot be read or written.
    """
    with watching(settings):
        memory = load_memory(settings)
        record = _meant(memory, wanted)
        record.close()
        record.attempts.clear()
        conditions = sorted(record.told)
        record.told.clear()
        for outage in memory.outages.values():
            if record.key in outage.keys:
                outage.next_check = outage.checks = 0
        save_memory(settings, memory)
        notifier.forget(*conditions)
        notifier.send(())
    return record.key


def _meant(memory: Memory, wanted: str) -> KeyRecord:
    folded = wanted.strip().casefold()
    exact = [one for one in memory.records.values() if one.key == wanted]
    fits = exact or [one for one in memory.records.values() if folded and folded in one.key.casefold()]
    if not fits:
        raise NotFoundError(
            f"the guard remembers no key {wanted!r}", hint="`clawmedic guard status` lists those it does"
        )
    if len(fits) > 1:
        names = ", ".join(one.key for one in fits[:_SHOWN])
        raise AmbiguousError(f"{wanted!r} fits {len(fits)} keys: {names}", hint="give more of it")
    return fits[0]
