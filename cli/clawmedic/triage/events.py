"""What happened to a session, as dated events: failures, answers, resets. All sources meet here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Attempt, Evidence


class EventKind(StrEnum):
    """What an event did to the session.

    REFUSED: a turn died because a required compaction failed. One is enough for a death.
    FAILED: an ordinary turn ended in an error.
    STRAINED: a compaction failed that no turn needed: an early warning.
    ANSWERED: a real model's answer.
    COMPACTED: a compaction was written: turns that were refused for want of one are over, failed calls are not.
    RESET: the conversation was replaced (automatic reset, reset event, new session id).
    """

    REFUSED = "refused"
    FAILED = "failed"
    STRAINED = "strained"
    ANSWERED = "answered"
    COMPACTED = "compacted"
    RESET = "reset"


class Event(Struct, frozen=True):
    """One dated event.

    Attributes:
        at: epoch milliseconds; None sorts first.
        cause: named by the words of the failure; None where the words name none.
        confidence: 0 to 1, of the cause and of the assignment to this session.
        turn: identifies the inbound turn, so that several sources of one turn count once.
        origin: "log", "transcript", "run" or "row".
    """

    kind: EventKind
    at: int | None
    origin: str
    struck: Struck = Struck.RUN
    cause: Cause | None = None
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    provider: str = ""
    session_id: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether a turn got no answer."""
        return self.kind in (EventKind.REFUSED, EventKind.FAILED)


def turns_of(events: Iterable[Event]) -> int:
    """How many turns some events are. Sources that tell of the same turns are not added up."""
    return max(Counter(event.origin for event in events).values(), default=0)


def counted(events: Iterable[Event], word: str) -> str:
    """The number of turns with its word: "1 refused turn", "3 refused turns"."""
    number = turns_of(events)
    return f"{number} {word}{'' if number == 1 else 's'}"


def when(event: Event) -> int:
    """Sort key: epoch milliseconds, undated events first."""
    return event.at if event.at is not None else -1
