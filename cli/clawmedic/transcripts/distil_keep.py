"""Which turns a distilled transcript keeps: the newest ones that fit, whole, from a user entry on."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.transcripts.digest_facts import Step
from clawmedic.transcripts.envelope import bare_text, continues_turn

_REPLACED = ("compaction", "reset", "leaf", "session")
"""The digest takes their place; an old one among the kept entries would hide it."""


class Kept(Struct, frozen=True):
    """What stays.

    Attributes:
        steps: the kept entries in order; the first is a user entry.
        start: index of the first kept entry among the steps given; their number when nothing is kept.
        turns: how many turns they are.
        tokens: what they take in a prompt.
    """

    steps: tuple[Step, ...]
    start: int
    turns: int
    tokens: int


def choose(steps: Sequence[Step], first_visible: int, room: int) -> Kept:
    """The newest turns of a branch that fit into so many tokens.

    Args:
        steps: the branch, root first.
        first_visible: index of the first entry that the model sees now; nothing before it is kept.
        room: tokens.
    """
    starts = [at for at in range(first_visible, len(steps)) if _begins_turn(steps[at])]
    kept = Kept((), len(steps), 0, 0)
    for turns, start in enumerate(reversed(starts), 1):
        chosen = tuple(step for step in steps[start:] if step.entry.type not in _REPLACED)
        tokens = sum(step.tokens for step in chosen)
        if tokens > room:
            break
        kept = Kept(chosen, start, turns, tokens)
    if kept.turns or not starts:
        return kept
    return _reduced(steps, starts[-1], room)


def _begins_turn(step: Step) -> bool:
    return step.entry.role == "user" and not continues_turn(bare_text(step.entry.text))


def _reduced(steps: Sequence[Step], start: int, room: int) -> Kept:
    """A newest turn that is too large by itself: its question and its last plain answer, or the question alone."""
    asked = steps[start]
    answers = [step for step in steps[start + 1 :] if _is_plain_answer(step)]
    for chosen in ((asked, *answers[-1:]), (asked,)):
        tokens = sum(step.tokens for step in chosen)
        if tokens <= room:
            return Kept(chosen, start, 1, tokens)
    return Kept((), len(steps), 0, 0)


def _is_plain_answer(step: Step) -> bool:
    entry = step.entry
    return entry.role == "assistant" and not entry.tool_calls and entry.is_answer
