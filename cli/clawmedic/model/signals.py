"""What a pass of the guard tells machines: numbers for a monitoring system, and one action for each line of a log."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from clawmedic.model.cause import Cause
from clawmedic.model.verdict import Verdict

Scalar: TypeAlias = bool | int | float | str | None


class GuardSignals(Struct, frozen=True):
    """One pass, as numbers. Counters go on from pass to pass: the guard's memory holds them.

    Attributes:
        state_dir: of the OpenClaw that is watched; a label of every number.
        at: when the pass ended, epoch milliseconds.
        duration_ms: how long it took.
        exit_code: what it ended with.
        up: whether the pass could do its work at all.
        paused: whether the guard is paused (`guard pause`).
        sessions: agent, verdict and how many there are.
        causes: the cause of sessions that are not healthy, and how many there are.
        rescues: rung, result ("ok", "failed") and how many there were since the memory began (a counter).
        attempts_left: key and what is left of its attempts; only of keys that had an attempt.
        unanswered: messages that wait for an answer, all sessions together.
        notices_waiting: notices that no channel has taken yet.
    """

    state_dir: str
    at: int
    duration_ms: int
    exit_code: int
    up: bool = True
    paused: bool = False
    sessions: tuple[tuple[str, Verdict, int], ...] = ()
    causes: tuple[tuple[Cause, int], ...] = ()
    rescues: tuple[tuple[str, str, int], ...] = ()
    attempts_left: tuple[tuple[str, int], ...] = ()
    unanswered: int = 0
    notices_waiting: int = 0


class Action(Struct, frozen=True):
    """One thing that was done or found.

    Attributes:
        at: epoch milliseconds.
        event: a word, such as "rescue", "dead", "outage", "warning", "notice".
        key: the session, "" for none.
        fields: more, in the order they are written; None is left out. Never a word of a conversation.
    """

    at: int
    event: str
    key: str = ""
    fields: tuple[tuple[str, Scalar], ...] = ()
