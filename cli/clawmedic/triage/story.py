"""The story of one session: events of all sources in order, what is still open, and the incidents they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Attempt, Evidence
from clawmedic.triage.events import Event, EventKind, turns_of, when

TWIN_MS = 1_500
"""Console and file log write the same line within a moment; a console on a terminal tells whole seconds only."""
SAME_TURN_MS = 20_000
"""Sources that tell of one failed turn differ by less: a `failed` row is 15 s late (openclaw-files.md 7)."""


_ENDED_BY_COMPACTION = (EventKind.REFUSED, EventKind.STRAINED)


class Story(Struct, frozen=True):
    """Events in order.

    Attributes:
        events: all of them, oldest first.
        ended_at: when the newest answer or reset was, epoch milliseconds; failures up to then no longer count.
        open: failures (refused or failed turns) after that, oldest first.
        strained: failed compactions after that which refused nobody.
    """

    events: tuple[Event, ...]
    ended_at: int | None
    open: tuple[Event, ...]
    strained: tuple[Event, ...]

    @property
    def refused(self) -> tuple[Event, ...]:
        """Open turns that died because a required compaction failed."""
        return tuple(event for event in self.open if event.kind is EventKind.REFUSED)

    @property
    def failed_turns(self) -> int:
        """How many turns in a row got no answer. Sources that tell of the same turns are not added up."""
        return turns_of(self.open)

    @property
    def cause(self) -> Cause | None:
        """The cause of what is open: the newest one that was named."""
        return next((event.cause for event in reversed(self.open) if event.cause is not None), None)


def tell(events: Iterable[Event]) -> Story:
    """Put events in order and see what is still open."""
    ordered = tuple(without_twins(sorted(events, key=when)))
    endings = [when(event) for event in ordered if event.kind in (EventKind.ANSWERED, EventKind.RESET)]
    ended_at = max(endings) if endings else None
    compacted_at = max((when(event) for event in ordered if event.kind is EventKind.COMPACTED), default=0)
    later = [
        event
        for event in ordered
        if (ended_at is None or when(event) > ended_at)
        and not (event.kind in _ENDED_BY_COMPACTION and when(event) < compacted_at)
    ]
    return Story(
        events=ordered,
        ended_at=ended_at,
        open=tuple(event for event in later if event.is_failure),
        strained=tuple(event for event in later if event.kind is EventKind.STRAINED),
    )


def without_twins(ordered: Sequence[Event]) -> list[Event]:
    """The events without those that a second log tells again: a gateway's file log and its console say the same.

    Of two such events the one that names a cause stays.
    """
    kept: list[Event] = []
    for event in ordered:
        twin = next((place for place, known in enumerate(kept[-8:]) if _twins(known, event)), None)
        if twin is None:
            kept.append(event)
            continue
        place = max(len(kept) - 8, 0) + twin
        if kept[place].cause is None and event.cause is not None:
            kept[place] = event
    return kept


def _twins(first: Event, second: Event) -> bool:
    if first.origin != "log" or second.origin != "log" or first.kind is not second.kind:
        return False
    if first.at is None or second.at is None or second.at - first.at > TWIN_MS:
        return False
    sources = {item.source for item in first.evidence}, {item.source for item in second.evidence}
    return all(sources) and sources[0].isdisjoint(sources[1])


class Chapter(Struct, frozen=True):
    """Failures of one cause without an answer between them; `closed_by` is what ended them."""

    failures: tuple[Event, ...]
    closed_by: Event | None

    @property
    def cause(self) -> Cause:
        """The cause most failures name, the newest one among equals."""
        named = [event.cause for event in self.failures if event.cause is not None]
        if not named:
            return Cause.UNKNOWN
        counted = Counter(named)
        best = max(counted.values())
        return next(cause for cause in reversed(named) if counted[cause] == best)

    @property
    def struck(self) -> Struck:
        """Where most failures struck; a refused turn decides."""
        if any(event.kind is EventKind.REFUSED for event in self.failures):
            return Struck.COMPACTION
        return Counter(event.struck for event in self.failures).most_common(1)[0][0]

    @property
    def count(self) -> int:
        """How many turns: the source that saw most of them."""
        return turns_of(self.failures)

    @property
    def confidence(self) -> float:
        """The best confidence of those that name the cause; 0.2 where nobody named one."""
        named = [event.confidence for event in self.failures if event.cause is self.cause]
        return max(named, default=0.2)

    def evidence(self, limit: int = 12) -> tuple[Evidence, ...]:
        """Quoted lines, each text once, the first and the newest where there are many."""
        seen: dict[str, Evidence] = {}
        for event in self.failures:
            for item in event.evidence:
                seen.setdefault(item.text, item)
        items = list(seen.values())
        return tuple(items if len(items) <= limit else [*items[: limit // 2], *items[-limit // 2 :]])

    def attempts(self, limit: int = 50) -> tuple[Attempt, ...]:
        """The newest attempts."""
        return tuple(attempt for event in self.failures for attempt in event.attempts)[-limit:]


def chapters(events: Sequence[Event]) -> list[Chapter]:
    """Cut the story where an answer or a reset ends a run of failures, or where the cause changes."""
    done: list[Chapter] = []
    current: list[Event] = []
    for event in events:
        if event.kind in (EventKind.ANSWERED, EventKind.RESET):
            _close(done, current, event)
            current = []
            continue
        if event.kind is EventKind.COMPACTED:
            if current and all(one.kind in _ENDED_BY_COMPACTION for one in current):
                done.append(Chapter(tuple(current), event))
                current = []
            continue
        if current and _other_cause(current, event):
            done.append(Chapter(tuple(current), None))
            current = []
        current.append(event)
    if current:
        done.append(Chapter(tuple(current), None))
    return done


def _close(done: list[Chapter], current: list[Event], event: Event) -> None:
    """An answer or a reset ends the chapter. An automatic reset is itself the end of a failed turn."""
    if event.kind is EventKind.RESET and event.evidence:
        if not _echo(done, event):
            current.append(event)
        elif not current:
            # The transcript and the log tell of one reset, in either order: only the log knows the cause.
            done[-1] = Chapter((*done[-1].failures, event), done[-1].closed_by)
    if current:
        done.append(Chapter(tuple(current), event))


def _echo(done: Sequence[Chapter], event: Event) -> bool:
    """Whether the log or the transcript told of this automatic reset already."""
    closed = done[-1].closed_by if done else None
    return (
        closed is not None and closed.kind is EventKind.RESET and when(event) - when(closed) <= SAME_TURN_MS
    )


def _other_cause(current: Sequence[Event], event: Event) -> bool:
    if event.cause is None:
        return False
    named = [known for known in current if known.cause is not None]
    if not named or named[-1].cause is event.cause:
        return False
    # Two sources may word the failure of one turn differently: the log's own words stand.
    near = event.at is not None and named[-1].at is not None and event.at - named[-1].at <= SAME_TURN_MS
    return not (near and named[-1].origin != event.origin)
