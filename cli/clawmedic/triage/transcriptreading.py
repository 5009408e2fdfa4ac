"""What a transcript's entries say happened, as dated events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clawmedic.logs.causes import cause_of
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Evidence
from clawmedic.triage.events import Event, EventKind
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.turns import is_synthetic

_COMPACTION_REPLIES = (
    "auto-compaction could not recover",
    "context is too large",
    "context limit exceeded",
    "context overflow: prompt too large",
)
OWN_ENTRY = "clawmedic:"
"""Custom entries of this name mark a transcript that was rewritten on purpose: older failures are over."""


def read_entries(entries: Sequence[Entry], *, source: str, stop_is_failure: bool) -> list[Event]:
    """Events in file order.

    `stop_is_failure`: an aborted newest turn was ended by the run timeout, not by a person (the row and the log
    tell; the entry looks the same: openclaw-files.md 7).
    """
    events: list[Event] = []
    asked: Entry | None = None
    counted: Event | None = None
    for entry in entries:
        if entry.active is False:
            continue
        if entry.type == "reset":
            events.append(Event(EventKind.RESET, entry.at, "transcript"))
        elif entry.type == "custom" and entry.custom_type.startswith(OWN_ENTRY):
            events.append(Event(EventKind.RESET, entry.at, "transcript"))
        elif entry.role == "user" and not is_synthetic(entry):
            asked, counted = entry, None
        elif entry.is_answer:
            events.append(Event(EventKind.ANSWERED, entry.at, "transcript"))
            asked, counted = None, None
        elif entry.is_failed_answer or (entry.stop_reason == "aborted" and stop_is_failure):
            event = _failure(entry, source)
            if counted is not None:
                events[-1] = _merged(counted, event)
            else:
                events.append(event)
            counted = events[-1]
            if asked is None and counted.kind is EventKind.REFUSED:
                counted = None  # a refusal without a stored question is a turn of its own
    return events


def _failure(entry: Entry, source: str) -> Event:
    words = entry.error_message or entry.text
    lowered = words.lower()
    refused = entry.failure_text and any(reply in lowered for reply in _COMPACTION_REPLIES)
    cause = None if refused else _cause(entry, words)
    return Event(
        kind=EventKind.REFUSED if refused else EventKind.FAILED,
        at=entry.at,
        origin="transcript",
        struck=Struck.COMPACTION if refused else Struck.MODEL_CALL,
        cause=cause,
        confidence=0.9 if cause else 0.0,
        evidence=(Evidence(source, entry.line, entry.at, _one_line(words)),),
        provider="" if entry.provider == "openclaw" else entry.provider,
    )


def _cause(entry: Entry, words: str) -> Cause | None:
    if entry.stop_reason == "aborted":
        return Cause.TIMEOUT
    return cause_of(words)


def _merged(first: Event, second: Event) -> Event:
    """Several error entries of one turn (4.15 keeps one for each retry) are one failed turn."""
    return replace(
        first,
        at=second.at if second.at is not None else first.at,
        cause=second.cause or first.cause,
        confidence=max(first.confidence, second.confidence),
        evidence=second.evidence,
    )


def _one_line(text: str, limit: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def unanswered_entries(entries: Sequence[Entry]) -> list[Entry]:
    """User entries after the newest real answer, oldest first; OpenClaw's own synthetic ones are left out."""
    waiting: list[Entry] = []
    for entry in entries:
        if entry.active is False:
            continue
        if entry.type == "reset" or entry.is_answer:
            waiting = []
        elif entry.role == "user" and not is_synthetic(entry):
            waiting.append(entry)
    return waiting
