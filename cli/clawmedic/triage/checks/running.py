"""S08: the row says running, and nobody runs it."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.session import Generation, Liveness
from clawmedic.model.spans import span
from clawmedic.transcripts.failures import is_auto_reset_text
from clawmedic.transcripts.turns import TurnOutcome
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session


def check(case: Case) -> Iterable[Finding]:
    """An error with the reason; nothing while a live owner is within the run timeout.

    A note only when the run's final answer is in the transcript: then nobody waits, and the row is merely late. So it
    is after an automatic reset: 2026.4.15 may never write the end of that run (seen under 400, 402 and 404).
    """
    if case.session.status != "running":
        return
    reason = _nobody(case)
    if reason:
        since = case.session.started_at or case.session.updated_at
        yield of_session(
            case,
            FindingCode.RUNNING_WITHOUT_PROCESS,
            Severity.INFO if _answered(case) or _was_reset(case) else Severity.ERROR,
            f"row says running since {clock(since)}, but {reason}",
            at=since,
        )


def _answered(case: Case) -> bool:
    newest = case.view.turns.newest
    if newest is None or newest.outcome is not TurnOutcome.ANSWERED or newest.ended_at is None:
        return False
    return newest.ended_at >= (case.session.started_at or 0)


def _was_reset(case: Case) -> bool:
    """Whether OpenClaw's notice of an automatic reset is all that was written since the run began."""
    newest = case.view.path.entries[-1] if case.view.path.entries else None
    if newest is None or newest.role != "assistant" or not is_auto_reset_text(newest.text):
        return False
    return newest.at is not None and newest.at >= (case.session.started_at or 0)


def _nobody(case: Case) -> str:
    """Why nothing runs, "" while something may."""
    lock = case.session.lock
    if lock is not None and lock.liveness is Liveness.DEAD:
        return f"the owner of its lock is gone: {lock.why}"
    if case.session.generation is Generation.SQLITE and not case.gateway_alive and not case.gateway_unknown:
        told = "; ".join(owner.why for owner in case.owners[:2])
        if _age(case) > case.limits.interaction_grace_ms:
            return f"no gateway owns this state directory ({told or 'no lease'})"
    held = lock is not None and lock.liveness is Liveness.ALIVE
    boot = max(
        (boot for boot in case.boots if boot <= case.now - case.limits.interaction_grace_ms), default=0
    )
    if case.session.started_at and not held and _quiet_since(case) < boot:
        return f"the gateway was started again at {clock(boot)}"
    if _age(case) > case.run_timeout_ms:
        return f"nothing was written for {span(_age(case))}, and a run may take {span(case.run_timeout_ms)}"
    return ""


def _quiet_since(case: Case) -> int:
    return max(case.session.started_at or 0, case.session.updated_at or 0)


def _age(case: Case) -> int:
    """How long ago the row or the newest entry was written, milliseconds; a clock that jumped back gives 0."""
    newest = max(
        case.session.started_at or 0,
        case.session.updated_at or 0,
        max((entry.at or 0 for entry in case.view.entries[-3:]), default=0),
    )
    return max(0, case.now - newest)
