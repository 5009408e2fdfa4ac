"""S25 and the gates of openclaw.md 3.2: rows that OpenClaw refuses to work on."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import SignalKind
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import clock, of_session


def check(case: Case) -> Iterable[Finding]:
    """A tombstone is critical; an archived session only when somebody waits for it.

    A tombstoned conversation that goes on in another session is over, unless people write to this one.
    """
    session = case.session
    if session.tombstone is not None:
        moved = session.recovered_key
        yield of_session(
            case,
            FindingCode.TOMBSTONED,
            Severity.INFO if moved and session.is_dashboard else Severity.CRITICAL,
            f"row: restart recovery gave up: {session.tombstone or 'no reason given'}",
            *([f"row: its conversation goes on as {moved}, and this key is refused"] if moved else []),
        )
    if session.subagent_wedged is not None:
        yield of_session(
            case,
            FindingCode.TOMBSTONED,
            Severity.ERROR,
            f"row: subagent recovery is wedged: {session.subagent_wedged}",
        )
    if session.archived_at is not None:
        waiting = _waiting(case)
        yield of_session(
            case,
            FindingCode.ARCHIVED,
            Severity.CRITICAL if waiting else Severity.INFO,
            f"row: archived at {clock(session.archived_at)}",
            *waiting,
            at=session.archived_at,
        )


def _waiting(case: Case) -> list[str]:
    archived = case.session.archived_at or 0
    lines = [
        f"a message waits since {clock(item.at)} ({item.source}, {item.state})"
        for item in case.session.pending
        if item.source != "message-cache" and item.state != "cancelled" and (item.at or 0) > archived
    ]
    for turn in case.turns:
        lines += [
            f"{signal.record.source}:{signal.record.line}: {signal.record.text[:200]}"
            for signal in turn.of(SignalKind.ARCHIVED_GATE)
            if (signal.at or 0) > archived
        ]
    if not lines and (case.session.last_interaction_at or 0) > archived:
        lines.append(
            f"row: a message came at {clock(case.session.last_interaction_at)}, after it was archived"
        )
    return lines[-5:]
