"""`diagnose --follow`: examine again and again, and tell what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clawmedic.model.incident import Incident

FOLLOW_SECONDS = 5.0


def follow(
    look: Callable[[], Sequence[Incident]], *, wait: Callable[[], None]
) -> Iterator[tuple[Incident, ...]]:
    """What is new or changed at each look, for ever; the first look yields everything.

    Args:
        look: one examination.
        wait: called between two looks; the caller decides how long.
    """
    seen: set[tuple[object, ...]] = set()
    while True:
        fresh = tuple(incident for incident in look() if _state(incident) not in seen)
        seen.update(_state(incident) for incident in fresh)
        if fresh:
            yield fresh
        wait()


def _state(incident: Incident) -> tuple[object, ...]:
    """An incident that grew or ended is told again."""
    return (
        incident.key,
        incident.session_id,
        incident.started_at,
        incident.cause,
        incident.count,
        incident.outcome,
    )
