"""Incidents that the logs tell of sessions this state directory does not hold, or of no session by name.

A log may be shared by several gateways, or be all that is left of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from clawmedic.model.cause import Cause
from clawmedic.model.incident import Incident, IncidentOutcome
from clawmedic.model.session import Generation
from clawmedic.triage.events import Event, EventKind
from clawmedic.triage.logbook import LogBook, LogTurn
from clawmedic.triage.logreading import read_turn
from clawmedic.triage.story import Chapter, chapters, tell

MOST_KEYS = 500


def loose_incidents(
    book: LogBook, held: Collection[str], *, generation: Generation, dialect: str
) -> tuple[Incident, ...]:
    """Incidents of keys that are not in `held`, and of turns that name no key; oldest first."""
    told: list[Incident] = []
    for key in sorted(book.known_keys() - set(held))[:MOST_KEYS]:
        events = _events(book.turns_of_key(key), dialect=dialect)
        told += _incidents(key, events, generation=generation, dialect=dialect)
    # Lines that name nobody may be of many sessions and stand in any order: what failed alike is told together.
    strays: dict[tuple[Cause, str], list[Event]] = defaultdict(list)
    for event in _events(list(book.strays), dialect=dialect):
        if event.cause is not None:
            strays[event.cause, event.provider].append(event)
    for alike in strays.values():
        told += _incidents(None, alike, generation=generation, dialect=dialect)
    return tuple(sorted(told, key=lambda incident: incident.started_at or 0))


def _events(turns: list[LogTurn], *, dialect: str) -> list[Event]:
    read = (read_turn(turn, dialect=dialect) for turn in turns)
    return list(tell(event for event in read if event is not None).events)


def _incidents(
    key: str | None, events: list[Event], *, generation: Generation, dialect: str
) -> list[Incident]:
    if not events:
        return []
    from clawmedic.triage.knowledge import remedies_for, upstream_for  # a catalogue: a healthy log needs none

    return [
        Incident(
            key=key,
            session_id=next((event.session_id for event in chapter.failures if event.session_id), None),
            started_at=chapter.failures[0].at,
            ended_at=chapter.closed_by.at if chapter.closed_by else None,
            cause=chapter.cause,
            struck=chapter.struck,
            confidence=round(min(chapter.confidence, 0.7), 2),
            outcome=_outcome(chapter),
            attempts=chapter.attempts(),
            count=chapter.count,
            evidence=chapter.evidence(),
            remedies=remedies_for(chapter.cause, generation, dialect, struck=chapter.struck),
            upstream=upstream_for(chapter.cause),
            provider=next((event.provider for event in reversed(chapter.failures) if event.provider), ""),
        )
        for chapter in chapters(events)
        if chapter.cause is not Cause.UNKNOWN or any(event.is_failure for event in chapter.failures)
    ]


def _outcome(chapter: Chapter) -> IncidentOutcome:
    if chapter.closed_by is None:
        return IncidentOutcome.UNKNOWN
    reset = chapter.closed_by.kind is EventKind.RESET
    return IncidentOutcome.RESET if reset else IncidentOutcome.RECOVERED
