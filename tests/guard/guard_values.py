"""Sights, records and sections as the guard's pure parts take them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from clawmedic.configuration.sections import GuardSection
from clawmedic.guard.policy import Terms
from clawmedic.guard.record import Attempt, Came, KeyRecord, RungNumbers
from clawmedic.guard.sight import Sight
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.policy import ChatKind, Policy
from clawmedic.model.verdict import Verdict

NOW = 1_795_500_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
KEY = "agent:main:telegram:group:-100700700800"

_DEAD = Sight(
    key=KEY,
    agent="main",
    session_id="s1",
    verdict=Verdict.DEAD,
    why="a required compaction failed",
    cause=Cause.QUALITY_GUARD,
    struck=Struck.COMPACTION,
    provider="fake",
    failed_at=NOW - HOUR,
    tokens=50_000,
    budget=40_000,
    size_bytes=200_000,
    pace=None,
    compactions=1,
    unanswered=2,
    channel="telegram",
    chat=ChatKind.GROUP,
)
_TERMS = Terms(Policy.REVIVE, (), 3, 6 * HOUR, 10 * MINUTE, 6 * HOUR, notify=True, rule="[guard]")


def sight(**changes: Any) -> Sight:
    return replace(_DEAD, **changes)


def terms(**changes: Any) -> Terms:
    return replace(_TERMS, **changes)


def section(**changes: Any) -> GuardSection:
    return replace(GuardSection(), **changes)


def record(*ages_ms: int, came: Came = Came.FAILED, **changes: Any) -> KeyRecord:
    """A record with attempts of these ages, oldest first."""
    made = KeyRecord("main", KEY, session_id="s1", verdict="dead", seen_at=NOW)
    for number, age in enumerate(ages_ms):
        made.add_attempt(attempt(NOW - age, f"g{number}", came))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def attempt(at: int, group: str, came: Came = Came.FAILED, *, error: str = "no", after: int = 900) -> Attempt:
    ok = came is Came.RESCUED
    return Attempt(at, group, came, (RungNumbers("compact", ok, 50_000, after, 200_000),), error)
