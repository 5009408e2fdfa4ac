"""S22, S23, S24, S27, S28: symptoms that only the log shows. Each counts while no answer came after it."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import Signal, SignalKind
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session

_SYMPTOMS = (
    (SignalKind.SILENT_SWALLOW, FindingCode.SILENT_SWALLOW, Severity.ERROR),
    (SignalKind.INIT_CONFLICT, FindingCode.INIT_CONFLICT, Severity.ERROR),
    (SignalKind.TAKEOVER, FindingCode.TAKEOVER, Severity.ERROR),
    (SignalKind.STUCK_RECOVERY, FindingCode.ABORT_INEFFECTIVE, Severity.ERROR),
)
FLUSHES = 3


def check(case: Case) -> Iterable[Finding]:
    """One finding for each kind of symptom that is newer than the newest answer."""
    open_signals = [signal for turn in case.turns for signal in turn.signals if _still_open(case, signal)]
    for kind, code, severity in _SYMPTOMS:
        seen = [signal for signal in open_signals if signal.kind is kind and _counts(signal)]
        if seen:
            newest = seen[-1]
            yield of_session(
                case,
                code,
                severity,
                f"{len(seen)} time(s), newest {clock(newest.at)}",
                f"{newest.record.source}:{newest.record.line}: {newest.record.text[:300]}",
                at=newest.at,
            )
    yield from _flushes(case, open_signals)


def _flushes(case: Case, open_signals: list[Signal]) -> Iterable[Finding]:
    failed = [signal for signal in open_signals if signal.kind is SignalKind.FLUSH_FAILED]
    counted = case.session.memory_flush_failures or 0
    if counted >= FLUSHES or len(failed) >= FLUSHES:
        yield of_session(
            case,
            FindingCode.FLUSH_LOOP,
            Severity.WARNING,
            f"memory flush failed: row counts {counted}, log shows {len(failed)} since the newest answer",
        )


def _counts(signal: Signal) -> bool:
    """A stuck-session recovery that released something did its work (openclaw.md S27)."""
    return signal.kind is not SignalKind.STUCK_RECOVERY or "released=0" in signal.record.text


def _still_open(case: Case, signal: Signal) -> bool:
    return case.story.ended_at is None or (signal.at or 0) > case.story.ended_at
