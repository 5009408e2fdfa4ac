"""The JSON contract of the guard, and its schemas: `clawmedic.guard/1` for a pass, `clawmedic.guard-status/1`."""

from __future__ import annotations

from collections.abc import Mapping

from clawmedic.guard.report import Did, OutageLine, PassReport, SessionLine
from clawmedic.guard.status import GuardStatus, KeyStatus
from clawmedic.model.cause import Cause
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict
from clawmedic.output.operations_documents import (
    NOTICE,
    RECOVERED,
    RESULT,
    key_result,
    notice_row,
    recovered_row,
)
from clawmedic.output.schemas import (
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    document,
    list_of,
    one_of,
    or_null,
    record,
)
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import iso

Document = dict[str, JsonValue]


def guard_document(report: PassReport, state_dir: str) -> Document:
    """`clawmedic.guard/1`: one pass. `results` are those of `clawmedic.outcome/1`."""
    return {
        "schema": "clawmedic.guard/1",
        "state_dir": state_dir,
        "generation": report.generation or None,
        "openclaw_version": report.version or None,
        "at": iso(report.at),
        "duration_ms": report.ended_at - report.at,
        "exit_code": int(report.exit_code),
        "policy": report.policy.value if report.policy else None,
        "configured": report.configured,
        "dry_run": report.dry_run,
        "paused_until": iso(report.paused_until) if report.paused_until else None,
        "totals": {verdict.value: count for verdict, count in report.totals.items()},
        "sessions": [_session(line) for line in report.sessions],
        "outages": [_outage(one) for one in report.outages],
        "results": [key_result(result) for result in report.results],
        "notes": list(report.notes),
        "notices": [notice_row(notice) for notice in report.notices],
        "troubles": [
            {"code": one.code, "subject": one.subject, "evidence": one.evidence, "remedy": one.remedy}
            for one in report.troubles
        ],
        "recovered": [recovered_row(one) for one in report.recovered],
        "problems": list(report.problems),
        "ended_early": report.ended_early or None,
    }


def _session(line: SessionLine) -> Document:
    return {
        "key": line.key,
        "agent": line.agent,
        "verdict": line.verdict.value,
        "cause": line.cause.value if line.cause else None,
        "policy": line.policy.value,
        "did": line.did.value,
        "reason": line.reason,
        "attempts": line.attempts,
        "attempts_allowed": line.of,
        "until": iso(line.until) if line.until else None,
        "unanswered": line.unanswered,
        "turns_left": line.turns_left,
    }


def _outage(one: OutageLine) -> Document:
    return {
        "provider": one.provider,
        "cause": one.cause.value,
        "keys": list(one.keys),
        "since": iso(one.since),
        "next_check": iso(one.next_check),
        "passes": one.passes,
    }


def status_document(status: GuardStatus) -> Document:
    """`clawmedic.guard-status/1`: what is remembered."""
    last = status.last
    return {
        "schema": "clawmedic.guard-status/1",
        "at": iso(status.at),
        "policy": status.policy.value if status.policy else None,
        "configured": status.configured,
        "paused_until": iso(status.paused_until) if status.paused_until else None,
        "passes": status.passes,
        "last_pass": {
            "at": iso(last.at),
            "duration_ms": last.duration_ms,
            "exit_code": last.exit_code,
            "totals": dict(last.totals),
            "ended_early": last.words or None,
        }
        if last
        else None,
        "keys": [_key(one) for one in status.keys],
        "outages": [
            {
                "name": one.condition,
                "keys": list(one.keys),
                "since": iso(one.since),
                "next_check": iso(one.next_check) if one.next_check else None,
                "checks": one.checks,
            }
            for one in status.outages
        ],
        "rescues": [{"rung": rung, "result": came, "count": count} for rung, came, count in status.rescues],
        "notices_waiting": status.notices_waiting,
        "problem": status.problem or None,
    }


def _key(one: KeyStatus) -> Document:
    return {
        "key": one.key,
        "agent": one.agent,
        "verdict": one.verdict or None,
        "since": iso(one.since),
        "attempts": one.attempts,
        "attempts_allowed": one.of,
        "given_up": one.given_up or None,
        "waits_until": iso(one.waits_until),
        "newest_attempt": one.newest or None,
        "newest_attempt_at": iso(one.newest_at),
        "growth": [{"at": iso(at), "tokens": count} for at, count in one.growing],
    }


_TOTALS = record(**{verdict.value: COUNT for verdict in Verdict})
GUARD_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.guard/1": document(
        "clawmedic.guard/1",
        state_dir=TEXT,
        generation=or_null(one_of(("files", "sqlite"))),
        openclaw_version=or_null(TEXT),
        at=or_null(TIME),
        duration_ms=NUMBER,
        exit_code=COUNT,
        policy=or_null(one_of(Policy)),
        configured=FLAG,
        dry_run=FLAG,
        paused_until=or_null(TIME),
        totals=_TOTALS,
        sessions=list_of(
            record(
                key=TEXT,
                agent=TEXT,
                verdict=one_of(Verdict),
                cause=or_null(one_of(Cause)),
                policy=one_of(Policy),
                did=one_of(Did),
                reason=TEXT,
                attempts=COUNT,
                attempts_allowed=COUNT,
                until=or_null(TIME),
                unanswered=COUNT,
                turns_left=or_null(COUNT),
            )
        ),
        outages=list_of(
            record(
                provider=TEXT,
                cause=one_of(Cause),
                keys=list_of(TEXT),
                since=or_null(TIME),
                next_check=or_null(TIME),
                passes=FLAG,
            )
        ),
        results=list_of(RESULT),
        notes=list_of(TEXT),
        notices=list_of(NOTICE),
        troubles=list_of(record(code=TEXT, subject=TEXT, evidence=TEXT, remedy=TEXT)),
        recovered=list_of(RECOVERED),
        problems=list_of(TEXT),
        ended_early=or_null(TEXT),
    ),
    "clawmedic.guard-status/1": document(
        "clawmedic.guard-status/1",
        at=or_null(TIME),
        policy=or_null(one_of(Policy)),
        configured=FLAG,
        paused_until=or_null(TIME),
        passes=COUNT,
        last_pass=or_null(
            record(
                at=or_null(TIME),
                duration_ms=NUMBER,
                exit_code=COUNT,
                totals=_TOTALS,
                ended_early=or_null(TEXT),
            )
        ),
        keys=list_of(
            record(
                key=TEXT,
                agent=TEXT,
                verdict=or_null(one_of(Verdict)),
                since=or_null(TIME),
                attempts=COUNT,
                attempts_allowed=COUNT,
                given_up=or_null(TEXT),
                waits_until=or_null(TIME),
                newest_attempt=or_null(TEXT),
                newest_attempt_at=or_null(TIME),
                growth=list_of(record(at=or_null(TIME), tokens=COUNT)),
            )
        ),
        outages=list_of(
            record(
                name=TEXT,
                keys=list_of(TEXT),
                since=or_null(TIME),
                next_check=or_null(TIME),
                checks=COUNT,
            )
        ),
        rescues=list_of(record(rung=TEXT, result=TEXT, count=COUNT)),
        notices_waiting=COUNT,
        problem=or_null(TEXT),
    ),
}
