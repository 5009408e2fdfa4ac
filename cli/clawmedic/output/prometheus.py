"""`scan --format prometheus`: the text exposition format, for the textfile collector.

Session keys become labels only where a session is not healthy: healthy ones would be thousands of series.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.verdict import Verdict
from clawmedic.output.sink import write_text
from clawmedic.output.text import visible


def write_prometheus(report: ScanReport, sessions: Sequence[SessionReport]) -> None:
    """Write every metric of this scan."""
    write_text(exposition(report, sessions))


def exposition(report: ScanReport, sessions: Sequence[SessionReport]) -> str:
    """The metrics as text; bytes, tokens and seconds as the names say."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    counts = Gauge("clawmedic_sessions", "Sessions by verdict.", ["verdict"], registry=registry)
    for verdict in Verdict:
        counts.labels(verdict.value).set(sum(item.verdict is verdict for item in sessions))
    Gauge("clawmedic_transcript_bytes", "Bytes of all transcripts.", registry=registry).set(
        sum(item.session.transcript.size_bytes for item in sessions)
    )
    names = ["agent", "key"]
    state = Gauge(
        "clawmedic_session_verdict",
        "1 for each session that is not healthy.",
        [*names, "verdict", "cause"],
        registry=registry,
    )
    used = Gauge("clawmedic_session_tokens", "Tokens used, sessions not healthy.", names, registry=registry)
    budget = Gauge(
        "clawmedic_session_budget_tokens", "Tokens available, sessions not healthy.", names, registry=registry
    )
    waiting = Gauge("clawmedic_session_unanswered", "Messages without an answer.", names, registry=registry)
    for item in sessions:
        if item.verdict is Verdict.HEALTHY:
            continue
        label = (visible(item.session.agent), visible(item.session.key))
        state.labels(*label, item.verdict.value, item.cause.value if item.cause else "").set(1)
        waiting.labels(*label).set(len(item.unanswered))
        if item.budget.used_tokens is not None:
            used.labels(*label).set(item.budget.used_tokens)
        if item.budget.budget_tokens is not None:
            budget.labels(*label).set(item.budget.budget_tokens)
    found = Gauge(
        "clawmedic_store_findings", "Findings about stores.", ["code", "severity"], registry=registry
    )
    for finding in report.store_findings:
        found.labels(finding.code.value, finding.severity.value).inc()
    Gauge("clawmedic_scan_timestamp_seconds", "When the scan was made.", registry=registry).set(
        report.scanned_at / 1000
    )
    seen = Gauge(
        "clawmedic_openclaw_info", "The OpenClaw seen.", ["version", "generation"], registry=registry
    )
    seen.labels(visible(report.version or ""), report.generation.value).set(1)
    return generate_latest(registry).decode()
