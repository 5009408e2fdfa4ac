"""Which messages wait for an answer: the transcript's tail, pending inputs, the ingress spool, the channel's cache."""

from __future__ import annotations

from clawmedic.model.session import PendingInput
from clawmedic.triage.case import Case
from clawmedic.triage.transcriptreading import unanswered_turns

SAME_MESSAGE_MS = 15_000


def waiting_messages(case: Case) -> tuple[PendingInput, ...]:
    """Messages newer than the newest answer or reset, oldest first, each once.

    Sources that keep what was refused: openclaw-channels.md 0.2 and 3, openclaw-sqlite.md 1. A message that is
    being worked on by a live owner does not wait.
    """
    ended = max(case.story.ended_at or 0, case.view.inherited_at or 0)
    found: list[PendingInput] = []
    candidates = [item for item in case.session.pending if item.source != "message-cache"]
    candidates += _from_transcript(case)
    # The channel's cache holds every message, answered or not: it speaks only where the row says one was not seen.
    if case.interaction_unseen or case.story.refused:
        candidates += [item for item in case.session.pending if item.source == "message-cache"]
    for item in sorted(candidates, key=lambda item: item.at or 0):
        if item.state == "cancelled" or (item.at or 0) <= max(ended, _answered_until(case, item)):
            continue
        if not any(_same(item, known) for known in found):
            found.append(item)
    return tuple(found)


def _answered_until(case: Case, item: PendingInput) -> int:
    """A message in the channel's cache counts only when no run started after it."""
    return case.newest_run_at if item.source == "message-cache" else 0


def _from_transcript(case: Case) -> list[PendingInput]:
    if case.session.status == "running":
        return []
    return [
        PendingInput("transcript", turn.outcome, turn.at, turn.text) for turn in unanswered_turns(case.view)
    ]


def _same(first: PendingInput, second: PendingInput) -> bool:
    if first.at is None or second.at is None or abs(first.at - second.at) > SAME_MESSAGE_MS:
        return False
    shorter, longer = sorted((first.text.strip(), second.text.strip()), key=len)
    return shorter in longer
