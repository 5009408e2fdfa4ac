"""`diagnose`, `show`, `explain`, `info` and `ack` on real stores."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time

import pytest
from rich.cells import cell_len

from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode
from clawmedic.output.schemas import SCHEMAS
from harness import process_environment
from json_check import problems

DEAD = "2026.7.1/dead-compact-400-chat"
HEALTHY = "2026.7.1/healthy-chat"
DEAD_SQLITE = "2026.9.6/compact-quality-guard"
LOSSY = "2026.7.1/alive-empty-summary"


@pytest.mark.parametrize("name", [DEAD, DEAD_SQLITE, "2026.9.6/tg-group-compact-400-dead"])
def test_diagnose_names_the_cause_and_quotes_the_lines(run, corpus_case, name):
    case = corpus_case(name)
    ran = run("diagnose", *case.options, "--json").expect(3)
    assert problems(ran.document, SCHEMAS["clawmedic.diagnosis/1"]) == []
    own = [item for item in ran.document["incidents"] if item["key"] == case.truth["session_key"]]
    assert case.truth["cause"] in {item["cause"] for item in own}
    newest = own[-1]
    assert newest["evidence"]
    assert newest["remedies"]
    started = [item["started_at"] or "" for item in ran.document["incidents"]]
    assert started == sorted(started)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_diagnose_for_people(run, corpus_case, width):
    case = corpus_case(DEAD)
    ran = run("diagnose", case.truth["session_key"], *case.options, "--utc", width=width).expect(3)
    words = " ".join(ran.stdout.split())
    for word in (
        "reasoning-required (configuration)",
        "in the compaction",
        "Reasoning is required",
        "openclaw#69202",
    ):
        assert word in words
    lines = [line for line in ran.lines if "clawmedic" not in line and str(case.root) not in line]
    assert max(map(cell_len, lines)) <= width


def test_diagnose_of_the_healthy_is_0(run, corpus_case):
    ran = run("diagnose", *corpus_case(HEALTHY).options, "--json").expect(0)
    assert [item for item in ran.document["incidents"] if item["outcome"] == "dead"] == []


def test_diagnose_with_a_window(run, corpus_case):
    case = corpus_case(DEAD)
    before = run("diagnose", *case.options, "--until", "2026-11-01", "--json").document["incidents"]
    assert before == []
    assert run("diagnose", *case.options, "--since", "2026-11-01", "--json").document["incidents"]
    run("diagnose", *case.options, "--since", "sometime").expect(2)


def test_diagnose_of_nobody_is_5(run, corpus_case):
    run("diagnose", "nobody", *corpus_case(DEAD).options).expect(5)


def test_diagnose_reads_standard_input_but_cannot_follow_it(run, corpus_case):
    case = corpus_case(DEAD)
    text = next((case.root / "logs").glob("*.log")).read_text()
    ran = run("diagnose", "--state-dir", case.state, "--log", "-", "--json", stdin=text).expect(3)
    assert ran.document["incidents"][-1]["cause"] == "reasoning-required"
    run("diagnose", "--state-dir", case.state, "--log", "-", "--follow").expect(2)


INTERRUPTIBLE = """
import signal
from clawmedic.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
main()
"""


def test_diagnose_follows_until_it_is_interrupted(tmp_path, corpus_case):
    case = corpus_case(DEAD)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "diagnose", "--follow", "--json", *case.options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=process_environment(tmp_path, 120, None),
    )  # fmt: skip
    ready, _, _ = select.select([process.stdout], [], [], 60)
    assert ready, "nothing was told within a minute"
    first = json.loads(process.stdout.readline())
    assert first["incidents"][-1]["cause"] == "reasoning-required"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize("code", sorted({*FindingCode, *Cause}))
def test_explain_every_code(run, code):
    ran = run("explain", code, width=80).expect(0)
    words = " ".join(ran.stdout.split())
    assert words.startswith(f"{code} ")
    assert "What helps" in words
    assert "What does not help" in words
    assert max(map(cell_len, ran.lines)) <= 80
    assert (
        problems(run("explain", code, "--json").expect(0).document, SCHEMAS["clawmedic.explanations/1"]) == []
    )


def test_explain_alone_lists_all(run):
    out = run("explain").expect(0).stdout
    assert all(f"{code} " in out for code in {*FindingCode, *Cause})
    listed = run("explain", "--json").expect(0).document["explanations"]
    assert {item["code"] for item in listed} == {str(code) for code in {*FindingCode, *Cause}}


def test_explain_of_a_misspelt_code(run):
    ran = run("explain", "reasoning-requird").expect(5)
    assert "did you mean reasoning-required" in ran.stderr


@pytest.mark.parametrize("name", [DEAD, DEAD_SQLITE])
def test_info(run, corpus_case, name):
    case = corpus_case(name)
    ran = run("info", *case.options, "--json").expect(0)
    assert problems(ran.document, SCHEMAS["clawmedic.info/1"]) == []
    assert ran.document["generation"] == ("sqlite" if "9.6" in name else "files")
    assert ran.document["sessions"] == 1
    page = run("info", *case.options).expect(0).stdout
    for word in (str(case.state), "1 session of 1 agent (main)", "1 dead", "gateway", "none configured"):
        assert word in page


def test_info_without_a_store_is_5(run, tmp_path):
    run("info", "--state-dir", tmp_path).expect(5)


@pytest.mark.parametrize("name", [DEAD, DEAD_SQLITE, HEALTHY])
def test_show(run, corpus_case, name):
    case = corpus_case(name)
    key = case.truth["session_key"]
    ran = run("show", key, *case.options, "--json").expect(0 if name == HEALTHY else 3)
    assert problems(ran.document, SCHEMAS["clawmedic.chart/1"]) == []
    assert ran.document["session"]["key"] == key
    for width in (80, 200):
        page = run("show", key[-6:], *case.options, width=width).stdout
        for word in (key, "Context budget", "Treatment", "session id"):
            assert word in page
    run("show", "nobody", *case.options).expect(5)


def test_ack_covers_until_it_is_taken_back(run, corpus_case):
    case = corpus_case(LOSSY)
    key = case.truth["session_key"]
    before = run("scan", *case.options, "--json", "--fail-on", "damaged").expect(3).document["sessions"][0]
    assert before["verdict"] == "damaged"
    listed = run("ack", key, "lossy-compaction", *case.options, "--json").expect(0)
    assert problems(listed.document, SCHEMAS["clawmedic.acks/1"]) == []
    assert {item["key"] for item in listed.document["acks"]} == {key}
    after = run("scan", *case.options, "--json").expect(0).document["sessions"][0]
    assert after["verdict"] != "damaged"
    assert all(found["acknowledged"] for found in after["findings"] if found["code"] == "lossy-compaction")
    assert key in run("ack", *case.options).expect(0).stdout
    assert (
        run("ack", key[-5:], "lossy-compaction", "--remove", *case.options, "--json")
        .expect(0)
        .document["acks"]
        == []
    )
    again = run("scan", *case.options, "--json").document["sessions"][0]
    assert again["verdict"] == "damaged"
    assert "nothing is acknowledged" in run("ack", *case.options).expect(0).stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [(("nobody", "lossy-compaction"), 5), (("{key}", "history-orphaned"), 5), (("{key}", "oversized"), 2),
     (("{key}", "gibberish"), 2), (("{key}",), 2), (("--remove",), 2), (("{key}", "lossy-compaction", "--remove"), 5)],
)  # fmt: skip
def test_ack_refuses(run, corpus_case, args, code):
    case = corpus_case(LOSSY)
    ran = run("ack", *(word.format(key=case.truth["session_key"]) for word in args), *case.options).expect(
        code
    )
    assert ran.stdout == ""
    assert not list(ran.own.rglob("acks.json"))
