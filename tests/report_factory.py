"""Reports made by hand, for pages and formats that only draw what they are given."""

from __future__ import annotations

from pathlib import Path

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.chart import AnatomySlice, LargeEntry, SessionChart, TimelineItem
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.incident import Attempt, Evidence, Incident, IncidentOutcome
from clawmedic.model.report import Budget, ScanReport, SessionReport
from clawmedic.model.session import Generation, PendingInput, Session, TranscriptRef
from clawmedic.model.verdict import Verdict

NOW = 1_795_430_000_123
MINUTE = 60_000
STORE = Path("/srv/openclaw/agents/main/sessions/sessions.json")
EVIL = "agent:main:[bold red]x[/]:\x1b[2J\x07:line\nbreak:\u202eexe.txt:表示🙂:\ud800|pipe"


def finding(
    code=FindingCode.COMPACTION_FAILING,
    severity=Severity.CRITICAL,
    *,
    subject="agent:main:main",
    at=NOW,
    **more,
):
    more.setdefault("evidence", ("gateway.log:120 outcome=failed reason=guard_blocked",))
    more.setdefault("remedy", f"clawmedic diagnose {subject}")
    return Finding(code=code, severity=severity, subject=subject, at=at, **more)


def incident(key="agent:main:main", **more):
    given = {
        "session_id": "sid-1",
        "started_at": NOW - 20 * MINUTE,
        "ended_at": None,
        "cause": Cause.REASONING_REQUIRED,
        "struck": Struck.COMPACTION,
        "confidence": 1.0,
        "outcome": IncidentOutcome.DEAD,
        "attempts": (Attempt(NOW - 20 * MINUTE, "fake/big", "overflow", "provider_error_4xx"),),
        "count": 3,
        "evidence": (
            Evidence(
                "gateway.log",
                120,
                NOW - 20 * MINUTE,
                "auto-compaction failed for fake/big: Summarization failed: 400",
            ),
        ),
        "remedies": ("clawmedic rescue agent:main:main",),
        "upstream": ("openclaw#69202",),
        "provider": "fake",
    }
    return Incident(key=key, **{**given, **more})


def session_report(
    key="agent:main:main", verdict=Verdict.HEALTHY, *, agent="main", session_id="", size=120_000, **more
):
    session = Session(
        key=key,
        agent=agent,
        session_id=session_id or f"id-of-{key}",
        generation=Generation.FILES,
        store=STORE,
        transcript=TranscriptRef(
            STORE.with_name("t.jsonl"), None, exists=True, size_bytes=size, mtime_ms=NOW
        ),
        status="done",
        updated_at=more.pop("updated_at", NOW - 3 * MINUTE),
        started_at=NOW - 5 * MINUTE,
        ended_at=NOW - 4 * MINUTE,
        model="fake/big",
        previous_session_ids=more.pop("previous", ()),
    )
    given = {
        "why": "compaction-failing: 3 turns refused"
        if verdict is Verdict.DEAD
        else "nothing found that speaks against it",
        "cause": Cause.REASONING_REQUIRED if verdict is Verdict.DEAD else None,
        "findings": (finding(subject=key),) if verdict is Verdict.DEAD else (),
        "incidents": (),
        "budget": Budget(23_500, "row", 24_000, "precheck"),
        "entries": 240,
    }
    return SessionReport(session=session, verdict=verdict, **{**given, **more})


def scan_report(*sessions, store_findings=(), logs=("gateway.log",), **more):
    given = {
        "state_dir": Path("/srv/openclaw"),
        "generation": Generation.FILES,
        "version": "2026.7.1",
        "scanned_at": NOW,
        "incidents": (),
        "owners": (),
        "problems": (),
    }
    return ScanReport(
        sessions=tuple(sessions),
        store_findings=tuple(store_findings),
        log_sources=tuple(logs),
        **{**given, **more},
    )


def every_verdict():
    """One session of each verdict."""
    return [
        session_report(f"agent:main:telegram:group:-10010000000{place:02d}", verdict)
        for place, verdict in enumerate(Verdict)
    ]


def chart(report=None, **more):
    given = {
        "anatomy": (AnatomySlice("tool results", 800_000, 120), AnatomySlice("thinking", 200_000, 60)),
        "largest": (LargeEntry(120, "toolResult", 230_000),),
        "timeline": (
            TimelineItem(NOW - 30 * MINUTE, "turn", "answered by fake/big"),
            TimelineItem(NOW - 20 * MINUTE, "compaction", "failed: 400 Reasoning is required"),
        ),
        "siblings": ("0c9fe4a9.jsonl.reset.2026-11-23T07-44-32.054Z",),
        "treatment": ("clawmedic rescue agent:main:main",),
    }
    waiting = (PendingInput("ingress", "completed", NOW - MINUTE, "are you there?\nplease"),)
    chosen = report or session_report(
        "agent:main:main", Verdict.DEAD, incidents=(incident(),), unanswered=waiting
    )
    return SessionChart(report=chosen, **{**given, **more})
