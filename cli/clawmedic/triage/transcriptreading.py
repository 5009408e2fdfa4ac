"""What a transcript says happened, as dated events."""

from __future__ import annotations

from msgspec.structs import replace

from clawmedic.logs.causes import cause_of
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Evidence
from clawmedic.transcripts.failures import is_auto_reset_text
from clawmedic.transcripts.turns import Turn, TurnOutcome
from clawmedic.transcripts.view import TranscriptView
from clawmedic.triage.events import Event, EventKind

OWN_ENTRY = "clawmedic:"
"""Custom entries of this name mark a transcript that was rewritten on purpose: older failures are over."""

_COMPACTION_REPLIES = (
    "auto-compaction could not recover",
    "auto-compaction failed",
    "context is too large",
    "context limit exceeded",
    "context overflow:",
    "preflight compaction required",
)


def read_transcript(view: TranscriptView, *, source: str, stop_is_failure: bool) -> list[Event]:
    """Answers, resets and failed turns of the branch in use.

    `stop_is_failure`: an aborted newest turn was ended by the run timeout, not by a person (the row and the log
    tell; the entry looks the same: openclaw-files.md 7).
    """
    events = [
        Event(EventKind.ANSWERED, entry.at, "transcript") for entry in view.path.entries if entry.is_answer
    ]
    events += [
        Event(EventKind.COMPACTED, entry.at, "transcript")
        for entry in view.path.entries
        if entry.type == "compaction"
    ]
    events += [
        Event(EventKind.RESET, entry.at, "transcript")
        for entry in view.path.entries
        if entry.type == "reset" or (entry.type == "custom" and entry.custom_type.startswith(OWN_ENTRY))
    ]
    newest = view.turns.newest
    for turn in view.turns.all:
        stopped = turn.outcome is TurnOutcome.ABORTED and stop_is_failure and turn is newest
        if turn.failed and is_auto_reset_text(turn.error):
            events.append(replace(_failure(turn, source), kind=EventKind.RESET))
        elif (turn.failed or stopped) and not turn.repeated:
            events.append(_failure(turn, source))
    return events


def unanswered_turns(view: TranscriptView) -> list[Turn]:
    """People's turns after the newest real answer, oldest first, each once."""
    turns = [turn for turn in (*view.turns.failed_since, *view.turns.unanswered) if not turn.repeated]
    return sorted(turns, key=lambda turn: turn.line)


def _failure(turn: Turn, source: str) -> Event:
    lowered = turn.error.lower()
    refused = turn.outcome is TurnOutcome.REFUSED and any(reply in lowered for reply in _COMPACTION_REPLIES)
    cause = Cause.TIMEOUT if turn.outcome is TurnOutcome.ABORTED else cause_of(turn.error)
    if refused and cause is Cause.CONTEXT_OVERFLOW:
        cause = None  # OpenClaw's own frame: the consequence, not the cause
    at = turn.ended_at if turn.ended_at is not None else turn.at
    return Event(
        kind=EventKind.REFUSED if refused else EventKind.FAILED,
        at=at,
        origin="transcript",
        struck=Struck.COMPACTION if refused else Struck.MODEL_CALL,
        cause=cause,
        confidence=0.9 if cause else 0.0,
        evidence=(Evidence(source, turn.line or None, at, _one_line(turn.error or "the run was stopped")),),
        provider=turn.model.partition("/")[0],
    )


def _one_line(text: str, limit: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
