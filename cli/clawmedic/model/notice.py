"""A notice: what people should be told. Whoever asked for the work sends it; this is only what to say."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import ClassVar

from clawmedic.model.discreet import Discreet


class NoticeKind(StrEnum):
    """What a notice is about.

    RESCUED: a session answers again.
    ESCALATION: everything that may be tried was tried; a person is needed.
    OUTAGE: an ordinary model call fails, for one or several sessions, for one cause of one provider.
    DEAD: a session does not answer, and the policy only looks on.
    RECOVERED: what was reported answers again, and we did nothing.
    WARNING: a session still answers, and will not for long.
    PAUSED: the guard was paused, or goes on.
    TROUBLE: the guard itself cannot do its work: a store, the gateway, the configuration or the disk.
    TEST: `clawmedic notify test`.
    """

    RESCUED = "rescued"
    ESCALATION = "escalation"
    OUTAGE = "outage"
    DEAD = "dead"
    RECOVERED = "recovered"
    WARNING = "warning"
    PAUSED = "paused"
    TROUBLE = "trouble"
    TEST = "test"


class Notice(Discreet, frozen=True):
    """One notice. It quotes no message of a conversation, other than in `quotes`.

    Attributes:
        at: epoch milliseconds.
        keys: the sessions it is about.
        title: one line.
        lines: what a person should know and do, one sentence each.
        operation_id: of the operation it tells about, "" when none was begun. Nobody is told twice of one.
        unanswered: how many messages got no answer.
        condition: where no operation is told about: names what lasts, such as "outage anthropic quota"; nobody is told
            twice of one condition until `Post.forget` ends it. "" means that kind, keys and title name it.
        quotes: texts of the unanswered messages. They leave the process only where `[notify] transcript_text` says so.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"quotes"})

    kind: NoticeKind
    at: int
    keys: tuple[str, ...]
    title: str
    lines: tuple[str, ...] = ()
    operation_id: str = ""
    unanswered: int = 0
    condition: str = ""
    quotes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Of two notices the same: kind with operation and keys, else with condition, else with keys and title."""
        what = (self.operation_id, *self.keys) if self.operation_id else (self.condition,)
        named = what if any(what) else (*self.keys, self.title)
        return hashlib.sha256("\n".join((self.kind.value, *named)).encode("utf-8", "replace")).hexdigest()[
            :24
        ]
