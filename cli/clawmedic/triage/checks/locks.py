"""S09: a lock file whose owner is gone, or that a live owner holds for too long."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.session import Liveness
from clawmedic.model.spans import span
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session


def check(case: Case) -> Iterable[Finding]:
    """A dead owner's lock alone is only a finding; a live owner beyond the run timeout makes the session stuck."""
    lock = case.session.lock
    if lock is None:
        return
    if lock.liveness is Liveness.DEAD:
        yield of_session(
            case,
            FindingCode.STALE_LOCK,
            Severity.WARNING,
            f"{lock.path.name}: {lock.why}",
            at=lock.created_at,
        )
        return
    held = case.now - lock.created_at if lock.created_at is not None else 0
    if held > case.run_timeout_ms:
        owner = "alive" if lock.liveness is Liveness.ALIVE else "of unknown state"
        yield of_session(
            case,
            FindingCode.HELD_LOCK,
            Severity.ERROR if lock.liveness is Liveness.ALIVE else Severity.WARNING,
            f"{lock.path.name} held since {clock(lock.created_at)} ({span(held)}) "
            f"by pid {lock.pid}, {owner}: {lock.why}",
            at=lock.created_at,
        )
