"""The JSON contract: every document fits its schema and is valid JSON whatever the store holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawmedic.errors import NotFoundError
from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.overview import GatewayView, Overview
from clawmedic.model.report import Budget
from clawmedic.model.session import GatewayOwner, Liveness
from clawmedic.model.verdict import Verdict
from clawmedic.output import documents
from clawmedic.output.schemas import SCHEMAS
from clawmedic.output.sink import dumps
from clawmedic.triage.acks import Ack
from clawmedic.triage.knowledge import everything
from json_check import problems
from report_factory import EVIL, NOW, chart, every_verdict, finding, incident, scan_report, session_report

REPORT = scan_report(
    *every_verdict(),
    session_report(EVIL, Verdict.DEAD, budget=Budget(None, "", None, ""), entries=None, updated_at=10**18),
    store_findings=[finding(FindingCode.DISK_FULL, Severity.WARNING, at=None)],
    incidents=(incident(), incident(None, session_id=None, started_at=None)),
)
VIEW = Overview(
    report=REPORT,
    gateways=(GatewayView(GatewayOwner(4, 18789, NOW, NOW, Liveness.ALIVE, "lease"), listening=None),),
    config_path=None,
    own_config=Path("/c"),
    data_folder=Path("/d"),
    policy=None,
)
DOCUMENTS = {
    "scan": documents.scan_document(REPORT, REPORT.sessions),
    "scan of nothing": documents.scan_document(scan_report(version=None), ()),
    "diagnosis": documents.diagnosis_document(REPORT.incidents),
    "chart": documents.chart_document(chart()),
    "hostile chart": documents.chart_document(chart(session_report(EVIL))),
    "explanations": documents.explanations_document(everything()),
    "info": documents.info_document(VIEW),
    "acks": documents.acks_document([Ack("main", EVIL, "id", "lossy-compaction", None, "d", NOW)]),
    "error": documents.error_document(NotFoundError("no such session: x", hint="look")),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_fits_its_schema(name):
    parsed = json.loads(dumps(DOCUMENTS[name]))
    assert problems(parsed, SCHEMAS[parsed["schema"]]) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_pretty_and_plain_say_the_same(name):
    assert json.loads(dumps(DOCUMENTS[name], pretty=True)) == json.loads(dumps(DOCUMENTS[name]))


def test_the_check_itself_finds_faults():
    parsed = json.loads(dumps(DOCUMENTS["scan"]))
    schema = SCHEMAS["clawmedic.scan/1"]
    for harm in (
        lambda d: d.pop("totals"),
        lambda d: d.update(extra=1),
        lambda d: d["sessions"][0].update(verdict="ill"),
        lambda d: d["sessions"][0].update(size_bytes=-1),
        lambda d: d["sessions"][0].update(updated_at="yesterday"),
        lambda d: d["totals"].update(dead=True),
        lambda d: d.update(schema="clawmedic.scan/2"),
    ):
        harmed = json.loads(json.dumps(parsed))
        harm(harmed)
        assert problems(harmed, schema), harm


def test_the_keys_of_a_scan_are_the_agreed_ones():
    parsed = json.loads(dumps(DOCUMENTS["scan"]))
    agreed = {
        "schema",
        "state_dir",
        "generation",
        "openclaw_version",
        "scanned_at",
        "totals",
        "sessions",
        "store_findings",
    }
    assert agreed <= set(parsed)
    row = {
        "key", "agent", "session_id", "verdict", "status", "size_bytes", "entries", "tokens", "budget_tokens",
        "updated_at", "cause", "findings",
    }  # fmt: skip
    assert row <= set(parsed["sessions"][0])
    assert {"code", "severity", "evidence", "remedy"} <= set(parsed["sessions"][0]["findings"][0])
    assert parsed["scanned_at"] == "2026-11-23T10:33:20.123Z"
    assert parsed["totals"] == {"dead": 2, "stuck": 1, "suspect": 1, "damaged": 1, "at_risk": 1, "healthy": 1}


def test_unknown_is_null():
    last = json.loads(dumps(DOCUMENTS["scan"]))["sessions"][-1]
    assert last["tokens"] is None
    assert last["entries"] is None
    assert last["updated_at"] is None


def test_half_surrogates_and_huge_numbers_do_not_break_json():
    document = {"a\ud800": ["b\udfff", 2**70, {"c": -(2**80)}], "fine": "é\x00\x1b"}
    assert json.loads(dumps(document))["fine"] == "é\x00\x1b"


def test_schemas_are_valid_and_named_alike():
    for name, schema in SCHEMAS.items():
        assert schema["title"] == name
        assert schema["properties"]["schema"] == {"const": name}
        json.dumps(schema)
