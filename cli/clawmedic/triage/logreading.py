"""What one turn of the log did to its session."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import Signal, SignalKind
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Attempt, Evidence
from clawmedic.triage.events import Event, EventKind
from clawmedic.triage.logbook import LogTurn

EVIDENCE_TEXT = 600
"""Characters of a quoted line; longer ones are cut with an ellipsis."""

_REQUIRED_TRIGGERS = frozenset({"overflow", "budget", "timeout_recovery", "cli_budget"})
_COMPACTION_WORDS = (
    SignalKind.QUALITY_REJECTED,
    SignalKind.COMPACTION_CAUSE,
    SignalKind.COMPACTION_FAILED,
    SignalKind.TURN_REFUSED,
    SignalKind.RESUME_FAILED,
)
_QUOTED = frozenset(
    {
        SignalKind.COMPACTION_FAILED,
        SignalKind.COMPACTION_CAUSE,
        SignalKind.COMPACTION_REJECTED,
        SignalKind.QUALITY_REJECTED,
        SignalKind.OPTIONAL_MAINTENANCE_FAILED,
        SignalKind.TURN_REFUSED,
        SignalKind.AUTO_RESET,
        SignalKind.RUN_FAILED,
        SignalKind.RUN_TIMEOUT,
        SignalKind.RESUME_FAILED,
        SignalKind.OVERFLOW_DIAG,
        SignalKind.SILENT_SWALLOW,
        SignalKind.TAKEOVER,
        SignalKind.LOCK_TIMEOUT,
        SignalKind.INIT_CONFLICT,
        SignalKind.TOMBSTONED,
    },
)

# A class is never a cause, but three of them can mean one thing only when no words are left.
_CLASS_CAUSES = {
    "timeout": Cause.TIMEOUT,
    "already_compacted": Cause.ALREADY_COMPACTED,
    "already_compacted_recently": Cause.ALREADY_COMPACTED,
    "provider_error_5xx": Cause.PROVIDER_5XX,
    "no_compactable_entries": Cause.NOTHING_TO_COMPACT,
    "live_context_still_exceeds_target": Cause.CONTEXT_OVERFLOW,
}


def read_turn(turn: LogTurn, *, dialect: str) -> Event | None:
    """The event that a turn's lines describe, None when they describe nothing that counts.

    `dialect` is "4.15", "7.1", "9.6" or "": on 4.15 a failed compaction before the run is not fatal
    (openclaw.md 1.6), later it is.
    """
    if turn.has(SignalKind.AUTO_RESET, SignalKind.MEMORY_ROTATED):
        return _event(turn, EventKind.RESET, Struck.COMPACTION)
    trouble = _last_trouble(turn, dialect=dialect)
    failed = turn.of(
        SignalKind.RUN_FAILED, SignalKind.RUN_TIMEOUT, SignalKind.LOCK_TIMEOUT, SignalKind.TAKEOVER
    )
    last = trouble or (failed[-1] if failed else None)
    struck = Struck.COMPACTION if trouble else Struck.MODEL_CALL
    if last is not None:
        return _event(turn, _kind_of(turn, last, trouble=trouble, dialect=dialect), struck)
    if turn.has(SignalKind.OPTIONAL_MAINTENANCE_FAILED):
        return _event(turn, EventKind.STRAINED, Struck.COMPACTION)
    if turn.has(SignalKind.COMPACTION_DONE, SignalKind.RUN_OK, SignalKind.RESUMED):
        return _event(turn, EventKind.ANSWERED, Struck.RUN)
    return None


def _kind_of(turn: LogTurn, last: Signal, *, trouble: Signal | None, dialect: str) -> EventKind:
    if _recovered_after(turn, last):
        return EventKind.ANSWERED
    if trouble is None:
        return EventKind.FAILED
    return EventKind.STRAINED if _optional(turn, dialect=dialect) else EventKind.REFUSED


def quote(signals: Iterable[Signal]) -> tuple[Evidence, ...]:
    """The lines that tell the story, each once by its text."""
    seen: set[str] = set()
    quoted = []
    for signal in signals:
        text = signal.record.text.strip()
        if signal.kind not in _QUOTED or text in seen:
            continue
        seen.add(text)
        cut = text if len(text) <= EVIDENCE_TEXT else text[: EVIDENCE_TEXT - 1] + "…"
        quoted.append(Evidence(signal.record.source, signal.record.line, signal.at, cut))
    return tuple(quoted)


def _last_trouble(turn: LogTurn, *, dialect: str) -> Signal | None:
    """The last line that says that a compaction failed; 4.15's non-fatal preflight does not count."""
    fatal = [
        signal
        for signal in turn.of(
            SignalKind.COMPACTION_FAILED,
            SignalKind.COMPACTION_CAUSE,
            SignalKind.TURN_REFUSED,
            SignalKind.RESUME_FAILED,
        )
        if not (
            dialect == "4.15" and signal.kind is SignalKind.COMPACTION_FAILED and signal.trigger == "budget"
        )
    ]
    return fatal[-1] if fatal else None


def _optional(turn: LogTurn, *, dialect: str) -> bool:
    """Whether no inbound turn was refused by this failure.

    After the last good turn 9.6 tries a compaction on its own (openclaw-channels.md 3): an early warning. A manual
    or threshold compaction that fails refuses nobody either.
    """
    if turn.has(SignalKind.TURN_REFUSED, SignalKind.RESUME_FAILED):
        return False
    if turn.has(SignalKind.OPTIONAL_MAINTENANCE_FAILED):
        return True
    triggers = {signal.trigger for signal in turn.of(SignalKind.COMPACTION_FAILED) if signal.trigger}
    if dialect == "4.15":
        triggers.discard("budget")
    return bool(triggers) and triggers.isdisjoint(_REQUIRED_TRIGGERS)


def _recovered_after(turn: LogTurn, trouble: Signal) -> bool:
    position = turn.signals.index(trouble)
    return any(
        signal.kind in (SignalKind.COMPACTION_DONE, SignalKind.RUN_OK, SignalKind.RESUMED)
        for signal in turn.signals[position + 1 :]
    )


def _event(turn: LogTurn, kind: EventKind, struck: Struck) -> Event:
    cause, confidence = _cause(turn, struck)
    models = [signal.model for signal in turn.signals if signal.model]
    return Event(
        kind=kind,
        at=turn.at,
        origin="log",
        struck=struck,
        cause=cause,
        confidence=confidence,
        evidence=quote(turn.signals),
        attempts=_attempts(turn),
        provider=models[-1].partition("/")[0] if models else "",
        session_id=next((signal.session_id for signal in turn.signals if signal.session_id), ""),
    )


def _cause(turn: LogTurn, struck: Struck) -> tuple[Cause | None, float]:
    """The cause in the words of the turn; the class only where nothing else is left."""
    spoken: list[Signal] = []
    if struck is Struck.COMPACTION:
        spoken = [signal for signal in turn.of(*_COMPACTION_WORDS) if signal.cause is not None]
        rejected = [signal for signal in spoken if signal.kind is SignalKind.QUALITY_REJECTED]
        spoken = rejected or spoken
    if not spoken:
        spoken = [signal for signal in turn.signals if signal.cause is not None]
    if spoken:
        traced = bool(turn.signals[0].record.trace_id) or bool(turn.session_ids)
        return spoken[-1].cause, 0.95 if traced else 0.85
    classes = [signal.failure_class for signal in turn.of(SignalKind.COMPACTION_FAILED)]
    for failure_class in reversed(classes):
        if failure_class in _CLASS_CAUSES:
            return _CLASS_CAUSES[failure_class], 0.6
    return None, 0.0


def _attempts(turn: LogTurn) -> tuple[Attempt, ...]:
    tries = turn.of(SignalKind.COMPACTION_FAILED) or turn.of(SignalKind.RUN_FAILED, SignalKind.RUN_TIMEOUT)
    return tuple(Attempt(signal.at, signal.model, signal.trigger, signal.failure_class) for signal in tries)
