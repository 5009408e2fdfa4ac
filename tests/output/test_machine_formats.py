"""NDJSON, monitoring plugins, Prometheus."""

from __future__ import annotations

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.verdict import Verdict
from clawmedic.output.nagios import write_nagios
from clawmedic.output.ndjson import write_ndjson
from clawmedic.output.prometheus import exposition
from clawmedic.output.schemas import SESSION
from json_check import problems
from report_factory import EVIL, NOW, every_verdict, finding, scan_report, session_report

PLUGIN_LINE = re.compile(r"CLAWMEDIC (OK|WARNING|CRITICAL) - [^|\n]+ \| ( ?[a-z_]+=\d+;;;0)+")


def test_ndjson_is_one_object_a_line_and_ends_with_totals(capsys):
    report = scan_report(*every_verdict(), session_report(EVIL, Verdict.DEAD))
    write_ndjson(report, report.sessions)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in lines] == ["session"] * 7 + ["totals"]
    for line in lines[:-1]:
        del line["kind"]
        assert problems(line, SESSION) == []
    assert lines[-1]["schema"] == "clawmedic.scan/1"
    assert lines[-1]["totals"]["dead"] == 2
    assert "sessions" not in lines[-1]


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.HEALTHY, 0),
        (Verdict.AT_RISK, 1),
        (Verdict.DAMAGED, 1),
        (Verdict.SUSPECT, 1),
        (Verdict.STUCK, 2),
        (Verdict.DEAD, 2),
    ],
)
def test_the_plugin_convention(verdict, code, capsys):
    report = scan_report(session_report("k", verdict))
    assert write_nagios(report, report.sessions) == code
    first = capsys.readouterr().out.splitlines()[0]
    assert PLUGIN_LINE.fullmatch(first), first
    assert f"{verdict.value}=1;;;0" in first


@pytest.mark.parametrize(
    ("severity", "code"),
    [(Severity.CRITICAL, 2), (Severity.ERROR, 1), (Severity.WARNING, 1), (Severity.INFO, 0)],
)
def test_a_store_finding_counts_too(severity, code, capsys):
    report = scan_report(store_findings=[finding(FindingCode.STORE_CORRUPT, severity, subject="/a|b")])
    assert write_nagios(report, ()) == code
    out = capsys.readouterr().out
    assert "store-corrupt /a/b" in out
    assert out.count("|") == 1


def test_a_key_cannot_forge_performance_data(capsys):
    report = scan_report(session_report(EVIL, Verdict.DEAD))
    write_nagios(report, report.sessions)
    out = capsys.readouterr().out
    assert out.count("|") == 1
    assert len(out.splitlines()) == 2
    assert "\x1b" not in out


def test_the_worst_session_stands_first_in_the_long_output(capsys):
    report = scan_report(*reversed(every_verdict()))
    write_nagios(report, report.sessions)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == ["dead", "stuck", "suspect", "damaged", "at risk"]


def samples(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_can_be_parsed_and_counts_right():
    report = scan_report(
        *every_verdict(), store_findings=[finding(FindingCode.DISK_FULL, Severity.WARNING)] * 2
    )
    seen = samples(exposition(report, report.sessions))
    assert seen["clawmedic_sessions", (("verdict", "dead"),)] == 1
    assert seen["clawmedic_scan_timestamp_seconds", ()] == pytest.approx(NOW / 1000)
    assert seen["clawmedic_store_findings", (("code", "disk-full"), ("severity", "warning"))] == 2
    assert seen["clawmedic_openclaw_info", (("generation", "files"), ("version", "2026.7.1"))] == 1
    key = "agent:main:telegram:group:-1001000000000"
    assert seen["clawmedic_session_tokens", (("agent", "main"), ("key", key))] == 23_500


def test_healthy_keys_are_no_labels():
    report = scan_report(
        session_report("agent:main:quiet-one"), session_report("agent:main:sick", Verdict.DEAD)
    )
    text = exposition(report, report.sessions)
    assert "quiet-one" not in text
    assert "agent:main:sick" in text


def test_a_hostile_key_is_one_label():
    report = scan_report(session_report('a"b\\c' + EVIL, Verdict.DEAD))
    text = exposition(report, report.sessions)
    text.encode()
    labels = [dict(labels) for name, labels in samples(text) if name == "clawmedic_session_verdict"]
    assert len(labels) == 1
    assert labels[0]["key"].startswith('a"b\\c')
    assert "\n" not in labels[0]["key"]
