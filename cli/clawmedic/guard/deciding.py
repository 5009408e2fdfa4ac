"""What is decided about each session that is dead or stuck, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from clawmedic.guard.memory import Memory, OutageRecord
from clawmedic.guard.outages import Outage, outages_among
from clawmedic.guard.policy import Hour, MayNot, Permit, Terms, permit
from clawmedic.guard.record import KeyRecord
from clawmedic.guard.report import Did, SessionLine
from clawmedic.guard.sight import Sight
from clawmedic.model.policy import Policy

_UNTOUCHED = "its provider fails; there is nothing in the session to repair"


class Ill(Struct, frozen=True):
    """A dead or stuck session, what the rules say of it, and what may be done about it now."""

    sight: Sight
    terms: Terms
    record: KeyRecord
    permit: Permit
    outage: Outage | None = None

    def effective(self, now: int) -> Terms:
        """The terms that a rescue goes by: in an outage it goes less far."""
        return self.terms.capped(self.outage.most(now)) if self.outage is not None else self.terms


class Ruling(Struct, frozen=True):
    """What is done about a session without touching it."""

    did: Did
    reason: str
    until: int | None = None


def the_ill(
    sights: Iterable[tuple[Sight, Terms]], memory: Memory, hour: Hour
) -> tuple[list[Ill], tuple[Outage, ...]]:
    """The sessions that something is to be decided about, and the outages.

    The least tried stand in front, then those that failed first.
    """
    cared_for = [(sight, terms) for sight, terms in sights if terms.policy is not Policy.IGNORE]
    outages = outages_among((sight for sight, _ in cared_for), memory.outages)
    of_sight = {sight.name: outage for outage in outages for sight in outage.sights}
    ill = [
        Ill(sight, terms, record, permit(sight, terms, record, hour), of_sight.get(sight.name))
        for sight, terms in cared_for
        if sight.ill and (record := memory.record(*sight.name))
    ]
    return sorted(ill, key=_in_turn), outages


def _in_turn(one: Ill) -> tuple[int, int, int, str]:
    tried = len(one.record.attempts) + one.record.looks
    return one.sight.verdict.rank, tried, one.sight.failed_at or 0, one.sight.key


def rule(one: Ill, outages: dict[str, OutageRecord], now: int) -> Ruling | None:
    """What is done about a session without touching it; None when a rescue may be tried."""
    if isinstance(one.permit, MayNot) and one.terms.policy is Policy.OBSERVE:
        return Ruling(Did.OBSERVED, one.permit.reason)
    if one.outage is not None and not one.outage.touchable:
        return Ruling(Did.OUTAGE, _UNTOUCHED)
    if isinstance(one.permit, MayNot):
        return Ruling(Did.PERSON if one.permit.person else Did.HELD, one.permit.reason, one.permit.until)
    known = outages.get(one.outage.condition) if one.outage is not None else None
    if known is not None and now < known.next_check:
        return Ruling(Did.HELD, "it is part of an outage", known.next_check)
    return None


def line_of(one: Ill, ruling: Ruling, now: int) -> SessionLine:
    """A session's line in the report."""
    sight, terms = one.sight, one.terms
    return SessionLine(
        key=sight.key,
        agent=sight.agent,
        verdict=sight.verdict,
        cause=sight.cause,
        policy=terms.policy,
        did=ruling.did,
        reason=ruling.reason,
        attempts=len(one.record.attempts_since(now - terms.window_ms)),
        of=terms.attempts,
        until=ruling.until,
        unanswered=sight.unanswered,
        turns_left=sight.turns_left,
    )
