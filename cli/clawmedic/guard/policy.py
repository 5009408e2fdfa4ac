"""What may be done about a session: the configured rules, the attempts it has had, the time of day. Pure functions.

The order of the questions: is anything allowed at all (policy), is the key given up (breaker), is it too early
(cool-down, quiet hours, a pause), are attempts left. The first that says no is the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.configuration.sections import GuardRule, GuardSection
from clawmedic.guard.record import Attempt, KeyRecord
from clawmedic.guard.sight import Sight
from clawmedic.model.cause import CauseKind
from clawmedic.model.policy import Policy

_ORDER = (Policy.IGNORE, Policy.OBSERVE, Policy.PRESERVE, Policy.REVIVE, Policy.RESET)
NEVER_ACTS = frozenset({Policy.OBSERVE, Policy.IGNORE})


class Terms(Struct, frozen=True):
    """What the rules say of one session.

    Attributes:
        policy: how far a rescue may go.
        models: alternative models for a compaction, best first.
        attempts: rescues within `window_ms`.
        cooldown_ms: after the first; doubles with each, at most `cooldown_max_ms`.
        notify: whether people are told of it.
        rule: which rule decided, for people: "the built-in rule for cron, subagent and hook sessions", ...
    """

    policy: Policy
    models: tuple[str, ...]
    attempts: int
    window_ms: int
    cooldown_ms: int
    cooldown_max_ms: int
    notify: bool
    rule: str

    def capped(self, most: Policy) -> Terms:
        """The same, going no further than `most`."""
        further = _ORDER.index(self.policy) > _ORDER.index(most)
        return replace(self, policy=most) if further else self


def terms_for(sight: Sight, guard: GuardSection, override: Policy | None = None) -> Terms:
    """The terms of a session: the first rule that fits, completed by `[guard]`.

    Args:
        sight: the session as it is now.
        guard: the configuration.
        override: `--policy`. It stands in for the configured policy and for every rule's own, but a rule that
            ignores a session is obeyed: nobody asked for those to be touched.
    """
    number, rule = next(
        ((at, one) for at, one in enumerate(guard.rules, 1) if fits(one, sight)), (0, GuardRule())
    )
    policy = rule.policy or guard.policy or Policy.OBSERVE
    if override is not None and policy is not Policy.IGNORE:
        policy = override
    return Terms(
        policy=policy,
        models=guard.models if rule.models is None else rule.models,
        attempts=guard.attempts if rule.attempts is None else rule.attempts,
        window_ms=guard.window_ms,
        cooldown_ms=guard.cooldown_ms if rule.cooldown_ms is None else rule.cooldown_ms,
        cooldown_max_ms=guard.cooldown_max_ms,
        notify=rule.notify and policy is not Policy.IGNORE,
        rule=_words(number, rule),
    )


def fits(rule: GuardRule, sight: Sight) -> bool:
    """Whether everything that a rule names is so. Keys are compared without regard to case."""
    kind = sight.cause.kind if sight.cause is not None else None
    return (
        (not rule.key or fnmatchcase(sight.key.casefold(), rule.key.casefold()))
        and (not rule.agent or rule.agent == sight.agent)
        and (not rule.channel or rule.channel.casefold() == sight.channel.casefold())
        and (not rule.chats or sight.chat in rule.chats)
        and (not rule.verdicts or sight.verdict in rule.verdicts)
        and (not rule.kinds or kind in rule.kinds)
    )


def _words(number: int, rule: GuardRule) -> str:
    if not number:
        return "[guard]"
    return f"the built-in rule for {', '.join(rule.chats)}" if rule.built_in else f"rule {number}"


class May(Struct, frozen=True):
    """A rescue may be tried now; it is number `attempt` of `of` within the window."""

    attempt: int
    of: int


class MayNot(Struct, frozen=True):
    """Nothing is done now. `until` is epoch milliseconds, None where time alone changes nothing.

    `person`: somebody is needed, waiting helps nothing.
    """

    reason: str
    until: int | None = None
    person: bool = False


Permit: TypeAlias = May | MayNot


class Hour(Struct, frozen=True):
    """The moment of a pass.

    Attributes:
        now: epoch milliseconds.
        paused_until: the end of a pause (`guard pause`), 0 for none.
    """

    now: int
    guard: GuardSection
    paused_until: int = 0

    @property
    def paused(self) -> bool:
        """Whether a pause lasts."""
        return self.paused_until > self.now

    @property
    def quiet(self) -> bool:
        """Whether this is a quiet hour."""
        hours = self.guard.quiet_hours
        return hours is not None and hours.covers(minute_of_day(self.now, self.guard.timezone))


def minute_of_day(now: int, timezone: str) -> int:
    """Minutes after midnight, in a zone by its IANA name; "" is the local one."""
    moment = datetime.fromtimestamp(now / 1000, tz=UTC)
    if timezone:
        from zoneinfo import ZoneInfo

        local = moment.astimezone(ZoneInfo(timezone))
    else:
        local = moment.astimezone()
    return local.hour * 60 + local.minute


def permit(sight: Sight, terms: Terms, record: KeyRecord, hour: Hour) -> Permit:
    """Whether a dead or stuck session may be rescued now; the reason when not."""
    used = record.attempts_since(hour.now - terms.window_ms)
    refused = _forbidden(sight, terms, record) or _not_now(terms, record, hour, used)
    return refused or May(len(used) + 1, terms.attempts)


def _forbidden(sight: Sight, terms: Terms, record: KeyRecord) -> MayNot | None:
    """What time alone does not change."""
    if terms.policy in NEVER_ACTS:
        return MayNot(f"the policy is {terms.policy}: nothing is changed")
    if record.given_up is not None and record.given_up.signature == signature(sight, terms):
        return MayNot(record.given_up.reason, person=True)
    return None


def _not_now(terms: Terms, record: KeyRecord, hour: Hour, used: Sequence[Attempt]) -> MayNot | None:
    if hour.paused:
        return MayNot("the guard is paused", hour.paused_until)
    if hour.quiet:
        return MayNot("these are quiet hours")
    due = cool_until(record, terms, hour.now)
    if due > hour.now:
        return MayNot(
            record.no_way or "it was tried or looked at a short while ago", due, bool(record.no_way)
        )
    if len(used) >= terms.attempts:
        free = used[0].at + terms.window_ms if used else None
        # Given up for another cause: this one is tried when the window allows it.
        person = record.given_up is None
        return MayNot(f"all {terms.attempts} attempts of this window are used up", free, person=person)
    return None


def cool_until(record: KeyRecord, terms: Terms, now: int) -> int:
    """Until when nothing is tried again after the newest attempt, or after a look that found no way; 0 for now."""
    newest = record.attempts[-1] if record.attempts else None
    used = record.attempts_since(now - terms.window_ms)
    after_attempt = newest.at + back_off(len(used), terms) if newest is not None and used else 0
    return max(after_attempt, record.look_again_at)


def back_off(times: int, terms: Terms) -> int:
    """The pause after so many tries, milliseconds: it doubles, up to the greatest."""
    return min(terms.cooldown_ms << min(max(times - 1, 0), 30), terms.cooldown_max_ms)


def signature(sight: Sight, terms: Terms) -> str:
    """What a key was given up for. When any of it changes, it is tried again: "until the cause changes"."""
    parts = (
        sight.session_id,
        sight.verdict,
        sight.cause or "",
        sight.struck or "",
        terms.policy,
        *terms.models,
    )
    return "|".join(map(str, parts))


def passing(sight: Sight) -> bool:
    """Whether the named cause goes away by itself."""
    return sight.cause is not None and sight.cause.kind is CauseKind.TRANSIENT and sight.cause != "unknown"
