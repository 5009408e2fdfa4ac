"""The JSON contract (design.md 3): fields are added, never renamed.

Unknown is null; times are ISO 8601, UTC, with milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clawmedic.errors import ClawmedicError
from clawmedic.model.finding import Finding
from clawmedic.model.incident import Incident
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.session import PendingInput
from clawmedic.model.verdict import Verdict
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import iso
from clawmedic.triage.acks import Ack

if TYPE_CHECKING:  # a scan needs none of them, and starts sooner without
    from clawmedic.model.chart import SessionChart
    from clawmedic.model.overview import Overview, SettingView
    from clawmedic.triage.knowledge import Explanation

Document = dict[str, JsonValue]


def scan_document(report: ScanReport, sessions: Sequence[SessionReport]) -> Document:
    """`clawmedic.scan/1` of the chosen sessions; `totals` count these."""
    return {
        **_scan_head(report, sessions),
        "sessions": [session_document(item) for item in sessions],
        "store_findings": [finding_document(finding) for finding in report.store_findings],
        "log_sources": list(report.log_sources),
        "problems": list(report.problems),
    }


def totals_document(report: ScanReport, sessions: Sequence[SessionReport]) -> Document:
    """The last line of NDJSON: everything of `clawmedic.scan/1` but the sessions."""
    whole = scan_document(report, ())
    del whole["sessions"]
    return {"kind": "totals", **whole, **_scan_head(report, sessions)}


def _scan_head(report: ScanReport, sessions: Sequence[SessionReport]) -> Document:
    return {
        "schema": "clawmedic.scan/1",
        "state_dir": str(report.state_dir),
        "generation": report.generation.value,
        "openclaw_version": report.version,
        "scanned_at": iso(report.scanned_at),
        "totals": {verdict.value: sum(item.verdict is verdict for item in sessions) for verdict in Verdict},
    }


def session_document(item: SessionReport) -> Document:
    """One element of `sessions`."""
    session = item.session
    return {
        "key": session.key,
        "agent": session.agent,
        "session_id": session.session_id,
        "verdict": item.verdict.value,
        "status": session.status,
        "size_bytes": session.transcript.size_bytes,
        "entries": item.entries,
        "tokens": item.budget.used_tokens,
        "budget_tokens": item.budget.budget_tokens,
        "updated_at": iso(session.updated_at),
        "cause": item.cause.value if item.cause else None,
        "findings": [finding_document(finding) for finding in item.findings],
        "why": item.why,
        "model": session.model_override or session.model,
        "unanswered": [_pending(message) for message in item.unanswered],
    }


def finding_document(finding: Finding) -> Document:
    """One element of `findings`."""
    return {
        "code": finding.code.value,
        "severity": finding.severity.value,
        "evidence": list(finding.evidence),
        "remedy": finding.remedy,
        "subject": finding.subject,
        "at": iso(finding.at),
        "acknowledged": finding.acknowledged,
    }


def _pending(message: PendingInput) -> Document:
    """A waiting message without its words: a scan goes to monitors and mail; `show` quotes them."""
    return {
        "source": message.source,
        "state": message.state,
        "at": iso(message.at),
        "characters": len(message.text),
    }


def diagnosis_document(incidents: Iterable[Incident]) -> Document:
    """`clawmedic.diagnosis/1`, in the order given (oldest first)."""
    return {"schema": "clawmedic.diagnosis/1", "incidents": [incident_document(item) for item in incidents]}


def incident_document(item: Incident) -> Document:
    """One element of `incidents`."""
    return {
        "key": item.key,
        "session_id": item.session_id,
        "started_at": iso(item.started_at),
        "ended_at": iso(item.ended_at),
        "cause": item.cause.value,
        "kind": item.kind.value,
        "struck": item.struck.value,
        "confidence": round(item.confidence, 3),
        "outcome": item.outcome.value,
        "attempts": [
            {
                "at": iso(attempt.at),
                "model": attempt.model,
                "trigger": attempt.trigger,
                "class": attempt.failure_class,
            }
            for attempt in item.attempts
        ],
        "count": item.count,
        "evidence": [
            {"source": quote.source, "line": quote.line, "at": iso(quote.at), "text": quote.text}
            for quote in item.evidence
        ],
        "remedies": list(item.remedies),
        "upstream": list(item.upstream),
        "provider": item.provider,
    }


def chart_document(chart: SessionChart) -> Document:
    """`clawmedic.chart/1`: the session as in `scan`, its incidents, and what `show` draws."""
    return {
        "schema": "clawmedic.chart/1",
        "session": session_document(chart.report),
        "unanswered": [_pending(message) | {"text": message.text} for message in chart.report.unanswered],
        "incidents": [incident_document(item) for item in chart.report.incidents],
        "anatomy": [
            {"label": part.label, "bytes": part.bytes, "entries": part.entries} for part in chart.anatomy
        ],
        "largest": [
            {"line": entry.line, "kind": entry.kind, "bytes": entry.bytes} for entry in chart.largest
        ],
        "timeline": [{"at": iso(item.at), "kind": item.kind, "text": item.text} for item in chart.timeline],
        "siblings": list(chart.siblings),
        "treatment": list(chart.treatment),
    }


def explanations_document(explanations: Iterable[Explanation]) -> Document:
    """`clawmedic.explanations/1`."""
    return {
        "schema": "clawmedic.explanations/1",
        "explanations": [
            {
                "code": item.code,
                "title": item.title,
                "meaning": item.meaning,
                "detected": item.detected,
                "helps": list(item.helps),
                "does_not_help": list(item.does_not_help),
                "upstream": list(item.upstream),
            }
            for item in explanations
        ],
    }


def info_document(view: Overview) -> Document:
    """`clawmedic.info/1`."""
    report = view.report
    return {
        **_scan_head(report, report.sessions),
        "schema": "clawmedic.info/1",
        "sessions": len(report.sessions),
        "agents": list[JsonValue](sorted({item.session.agent for item in report.sessions})),
        "gateways": [
            {
                "pid": gateway.owner.pid,
                "port": gateway.owner.port,
                "started_at": iso(gateway.owner.started_at),
                "liveness": gateway.owner.liveness.value,
                "listening": gateway.listening,
                "why": gateway.owner.why,
            }
            for gateway in view.gateways
        ],
        "log_sources": list(report.log_sources),
        "config_path": str(view.config_path) if view.config_path else None,
        "own_config": str(view.own_config) if view.own_config else None,
        "data_folder": str(view.data_folder),
        "policy": view.policy,
        "settings": [_setting(one) for one in view.settings],
        "problems": list(report.problems),
    }


def _setting(one: SettingView) -> Document:
    """One setting in force, its times in ms and its sizes in bytes."""
    value: JsonValue = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"name": one.name, "value": value, "chosen": one.chosen}


def acks_document(acks: Iterable[Ack]) -> Document:
    """`clawmedic.acks/1`: everything acknowledged, oldest first."""
    return {
        "schema": "clawmedic.acks/1",
        "acks": [
            {
                "agent": ack.agent,
                "key": ack.key,
                "session_id": ack.session_id,
                "code": ack.code,
                "at": iso(ack.at),
                "acknowledged_at": iso(ack.acknowledged_at),
            }
            for ack in acks
        ],
    }


def error_document(error: ClawmedicError) -> Document:
    """`clawmedic.error/1`."""
    return {"schema": "clawmedic.error/1", "code": error.code, "message": error.message, "hint": error.hint}
