"""S36: a channel's message is claimed by a gateway that is gone, or tried again and again."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import SignalKind
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.session import Liveness
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session

RETRIES = 3


def check(case: Case) -> Iterable[Finding]:
    """An error. 9.6 replays the message when a gateway starts (openclaw-channels.md 3); until then nobody answers."""
    spooled = [item for item in case.session.pending if item.source == "ingress"]
    lines = [
        f"ingress event {item.state} since {clock(item.at)}, its owner is gone"
        for item in spooled
        if item.owner is Liveness.DEAD and case.now - (item.at or 0) > case.limits.interaction_grace_ms
    ]
    retries = [signal for turn in case.turns for signal in turn.of(SignalKind.INGRESS_RETRY)]
    if len(retries) >= RETRIES:
        lines.append(
            f"{retries[-1].record.source}:{retries[-1].record.line}: {retries[-1].record.text[:200]}"
        )
    if lines:
        yield of_session(
            case, FindingCode.INGRESS_BLOCKED, Severity.ERROR, *lines, at=spooled[-1].at if spooled else None
        )
