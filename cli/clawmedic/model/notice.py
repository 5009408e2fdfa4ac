"""A notice: what people should be told. Whoever asked for the work sends it; this is only what to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about.

    RESCUED: a session answers again.
    ESCALATION: everything that may be tried was tried; a person is needed.
    OUTAGE: an ordinary model call fails, for one or several sessions, for one cause of one provider.
    """

    RESCUED = "rescued"
    ESCALATION = "escalation"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. It quotes no message of a conversation.

    Attributes:
        at: epoch milliseconds.
        keys: the sessions it is about.
        title: one line.
        lines: what a person should know and do, one sentence each.
        operation_id: of the operation it tells about, "" when none was begun. Nobody is told twice of one.
        unanswered: how many messages got no answer.
    """

    kind: NoticeKind
    at: int
    keys: tuple[str, ...]
    title: str
    lines: tuple[str, ...] = ()
    operation_id: str = ""
    unanswered: int = 0
