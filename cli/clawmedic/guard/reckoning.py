"""From what was seen to what is remembered and told: recoveries, early warnings, deaths that are only looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from clawmedic.guard.growth import note_growth, warning
from clawmedic.guard.look import Trouble
from clawmedic.guard.memory import Memory, OutageRecord
from clawmedic.guard.policy import Terms, signature
from clawmedic.guard.record import GivenUp, KeyRecord
from clawmedic.guard.sight import ILL, Sight
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import KeyResult
from clawmedic.model.verdict import Verdict

ANSWERS = frozenset({Verdict.HEALTHY, Verdict.AT_RISK, Verdict.DAMAGED})
"""A session with such a verdict answers; `suspect` may be on either way."""
STOP_WARNING = 4
"""Lines of a notice about what can be done; more does not help at night."""


def take_note(memory: Memory, sight: Sight, terms: Terms, now: int) -> list[Notice]:
    """Bring a session's record up to date; what is worth telling about a session that answers (again)."""
    known = memory.records.get(sight.name)
    if known is None and not sight.ill and not _grows(sight):
        return []
    record = known or memory.record(*sight.name)
    record.seen_at, record.allowed = now, terms.attempts
    notices: list[Notice] = []
    if sight.verdict in ANSWERS and record.verdict in ILL:
        notices += _recovered(record, sight, terms, now)
    if record.verdict != sight.verdict:
        record.verdict, record.since = sight.verdict.value, now
    record.session_id = sight.session_id
    note_growth(record, sight, now)
    return notices


def _grows(sight: Sight) -> bool:
    return bool(sight.tokens and sight.budget and sight.tokens >= sight.budget // 4)


def _recovered(record: KeyRecord, sight: Sight, terms: Terms, now: int) -> list[Notice]:
    """It answers again: the breaker closes, and those who were told hear of it. Attempts stay counted."""
    was_told = bool(record.told)
    record.close()
    if not was_told or not terms.notify:
        return []
    return [
        Notice(
            kind=NoticeKind.RECOVERED,
            at=now,
            keys=(sight.key,),
            title=f"{sight.key} answers again",
            lines=(f"it is {sight.verdict} now; the guard did nothing for that",),
            unanswered=sight.unanswered,
            condition=f"recovered {sight.agent} {sight.key} {now}",
        )
    ]


def ended_conditions(memory: Memory, sights: Iterable[Sight]) -> list[str]:
    """What people were told of and is over, or stands in no store any more; taken out of the records."""
    present = {sight.name: sight for sight in sights}
    over: list[str] = []
    for name, record in memory.records.items():
        sight = present.get(name)
        if record.told and (sight is None or sight.verdict in ANSWERS):
            over += sorted(record.told)
            record.told.clear()
        if sight is None and record.verdict in ILL:
            record.verdict = ""
            record.close()
    return over


def early_warning(record: KeyRecord, sight: Sight, terms: Terms, warn_turns: int, now: int) -> Notice | None:
    """The warning for a session that answers and will not for long."""
    if not terms.notify:
        return None
    return warning(record, sight, warn_turns=warn_turns, now=now)


def observed(record: KeyRecord, sight: Sight, terms: Terms, now: int, *, configured: bool) -> Notice | None:
    """A death that is only looked at, told once for each conversation and cause."""
    if not terms.notify:
        return None
    condition = f"{sight.verdict} {sight.agent} {sight.key} {sight.session_id} {sight.cause or ''}".strip()
    record.told.add(condition)
    cause = f": {sight.cause}" if sight.cause else ""
    how = "" if configured else "; no policy is configured (`clawmedic setup config`)"
    return Notice(
        kind=NoticeKind.DEAD,
        at=now,
        keys=(sight.key,),
        title=f"{sight.key} is {sight.verdict}{cause}",
        lines=(sight.why, f"nothing was done: the guard only looks on{how}", f"clawmedic rescue {sight.key}"),
        unanswered=sight.unanswered,
        condition=condition,
    )


def give_up(
    record: KeyRecord, sight: Sight, terms: Terms, *, reason: str, lines: Iterable[str], now: int
) -> Notice | None:
    """Open the breaker: nothing more is tried until the cause changes or a person says so."""
    record.given_up = GivenUp(now, reason, signature(sight, terms))
    return person_needed(record, sight, terms, reason=reason, lines=lines, now=now)


def person_needed(
    record: KeyRecord, sight: Sight, terms: Terms, *, reason: str, lines: Iterable[str], now: int
) -> Notice | None:
    """The one notice that a person is needed."""
    if not terms.notify:
        return None
    condition = f"person {sight.agent} {sight.key} {signature(sight, terms)}"
    record.told.add(condition)
    cause = f" ({sight.cause})" if sight.cause else ""
    shown = [line for line in dict.fromkeys((reason, *lines)) if line]
    return Notice(
        kind=NoticeKind.ESCALATION,
        at=now,
        keys=(sight.key,),
        title=f"{sight.key} does not answer{cause}, and a person is needed",
        lines=(*shown[: STOP_WARNING + 2], f"clawmedic guard retry {sight.key}"),
        unanswered=sight.unanswered,
        condition=condition,
    )


def rescued_notice(sight: Sight, result: KeyResult, now: int) -> Notice:
    """That a session answers again, where the rescue itself left no notice: its pass was killed."""
    lines = (f"the whole history is kept: {result.backup.name}",) if result.backup else ()
    return Notice(
        kind=NoticeKind.RESCUED,
        at=now,
        keys=(sight.key,),
        title=f"{sight.key} can be used again ({result.action})",
        lines=lines,
        operation_id=next((one.operation_id for one in reversed(result.rungs) if one.ok), ""),
        unanswered=sight.unanswered,
    )


def over_notice(outage: OutageRecord, now: int) -> Notice:
    """That an outage is over, and nobody did anything about it."""
    return Notice(
        kind=NoticeKind.RECOVERED,
        at=now,
        keys=tuple(outage.keys),
        title=f"over: {outage.condition}",
        lines=("its sessions answer again",),
        condition=f"over {outage.condition} {outage.since}",
    )


def paused_notice(until: int, now: int) -> Notice:
    """That the guard is paused."""
    at = datetime.fromtimestamp(until / 1000, tz=UTC)
    return Notice(
        kind=NoticeKind.PAUSED,
        at=now,
        keys=(),
        title=f"the guard is paused until {at:%Y-%m-%d %H:%M} UTC",
        lines=("nothing is rescued meanwhile; `clawmedic guard resume` ends it",),
        condition=f"paused {until}",
    )


def trouble_notice(trouble: Trouble, now: int) -> Notice:
    """Something wrong with a store or the disk."""
    return Notice(
        kind=NoticeKind.TROUBLE,
        at=now,
        keys=(),
        title=f"{trouble.code}: {trouble.subject}",
        lines=tuple(filter(None, (trouble.evidence, trouble.remedy))),
        condition=trouble_condition(trouble),
    )


def trouble_condition(trouble: Trouble) -> str:
    """What names it."""
    return f"trouble {trouble.code} {trouble.subject}"
