"""How full the model's window is before and after, and how much a shortened history may take."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.transcripts.context import Context
from clawmedic.triage.case import Case

AIM = 0.6
"""The share of the budget that a rescued session may use (design.md 5): a fuller one dies again soon."""
MOST_OVERHEAD = 0.25
"""What the system prompt and the tools may be taken for; more than that is an old or shortened transcript."""
FALLBACK_BUDGET = 16_000
"""Tokens, where neither log, row nor config tell of a window: what the smallest useful models leave."""
LEAST_TARGET = 1_000


class Room(Struct, frozen=True):
    """Tokens.

    Attributes:
        budget: what the window leaves for the prompt; None when unknown.
        overhead: what stands in every prompt beside the transcript: system prompt and tools, as far as it shows.
        target: how much of the transcript the model may be shown, so that `AIM` is kept.
    """

    budget: int | None
    overhead: int
    target: int

    def share(self, transcript_tokens: int) -> float | None:
        """How full the window is with so much of a transcript; None when the window is not known."""
        return (transcript_tokens + self.overhead) / self.budget if self.budget else None


def room_for(case: Case, context: Context) -> Room:
    """How much room there is for a session's history; `context` is what the model is sent of its present transcript."""
    budget = case.budget.budget_tokens
    whole = budget or FALLBACK_BUDGET
    overhead = min(_overhead(context), int(MOST_OVERHEAD * whole))
    return Room(budget, overhead, max(int(AIM * whole) - overhead, LEAST_TARGET))


def _overhead(context: Context) -> int:
    """What the newest real prompt took beyond the transcript that was in it."""
    if context.usage is None or context.usage_stale:
        return 0
    return max(context.usage.prompt - context.estimated_tokens, 0)


def tokens_in(context: Context) -> int:
    """What a conversation takes: its length, or what its newest answer reported where that is more.

    OpenClaw believes the report rather than the text (openclaw.md 5.4).
    """
    told = 0 if context.usage is None or context.usage_stale else context.usage.prompt
    return max(context.estimated_tokens, told)


def tokens_for(context: Context, room: Room) -> int:
    """About how many tokens the next prompt takes; a report of usage says all of it, a length only its own part."""
    return max(tokens_in(context), context.estimated_tokens + room.overhead)


def sight_in_words(context: Context, room: Room) -> str:
    """What the model will see of a conversation, and how full its window will be; one line for a plan."""
    shown = len(context.entries)
    after = " after a summary" if context.compaction else ""
    filling = (
        f"; the window will be {tokens_for(context, room) / room.budget:.0%} full" if room.budget else ""
    )
    return (
        f"the model will see {shown} message{'' if shown == 1 else 's'}{after}, "
        f"about {context.estimated_tokens} tokens{filling}"
    )
