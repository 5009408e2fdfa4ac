"""`clawmedic guard` as an operator calls it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from guard_stage import DEAD

from clawmedic.errors import ExitCode
from clawmedic.output.every_schema import EVERY_SCHEMA
from harness import CorpusCase, Run, process_environment
from json_check import problems
from people_server import SECRET, people

Case = Callable[[str], CorpusCase]


@pytest.fixture
def dead(corpus_case: Case) -> CorpusCase:
    """A dead session whose gateway is stopped."""
    case = corpus_case(DEAD)
    config = case.state / "openclaw.json"
    made = json.loads(config.read_text()) if config.is_file() else {}
    made.setdefault("gateway", {})["port"] = 1
    config.write_text(json.dumps(made))
    return case


def fits(document: dict[str, object]) -> bool:
    return problems(document, EVERY_SCHEMA[str(document["schema"])]) == []


def test_a_healthy_store_is_silence(run: Run, corpus_case: Case):
    case = corpus_case("2026.7.1/healthy-chat")
    for policy in ("observe", "revive"):
        ran = run("guard", "--once", "--policy", policy, *case.options).expect(ExitCode.OK)
        assert (ran.stdout, ran.stderr) == ("", "")


def test_what_is_done_is_a_line_each_and_nothing_twice(run: Run, dead: CorpusCase):
    ran = run("guard", "--once", "--policy", "revive", *dead.options).expect(ExitCode.OK)
    assert [line.split(" ")[1] for line in ran.lines] == ["event=rung", "event=rescued", "event=notice"]
    again = run("guard", "--once", "--policy", "revive", "--log-json", *dead.options).expect(ExitCode.OK)
    assert (again.stdout, again.stderr) == ("", "")
    (operation,) = run("history", "--json", "--state-dir", dead.state).document["operations"]
    assert operation["command"] == "guard"


def test_log_json_is_a_document_a_line(run: Run, dead: CorpusCase):
    ran = run("guard", "--policy", "revive", "--log-json", *dead.options).expect(ExitCode.OK)
    events = [json.loads(line) for line in ran.lines]
    assert [event["event"] for event in events] == ["rung", "rescued", "notice"]
    assert events[1]["attempt"] == "1/3"


@pytest.mark.parametrize(("policy", "code"), [("observe", 3), ("preserve", 9), ("revive", 0), (None, 3)])
def test_documents_fit_their_schemas(run: Run, dead: CorpusCase, policy: str | None, code: int):
    words = ("--policy", policy) if policy else ()
    document = run("guard", "--once", *words, "--json", *dead.options).expect(code).document
    assert fits(document)
    assert (document["exit_code"], document["configured"]) == (code, policy is not None)
    assert fits(run("guard", "status", "--json", "--state-dir", dead.state).expect(0).document)
    run("guard", "status", "--state-dir", dead.state, width=80).expect(0)


def test_without_a_policy_it_says_so_once(run: Run, dead: CorpusCase):
    first = run("guard", *dead.options).expect(ExitCode.FINDINGS)
    assert "no policy is configured" in first.stderr
    assert "event=notice" in first.stdout
    again = run("guard", *dead.options).expect(ExitCode.FINDINGS)
    assert (again.stdout, again.stderr) == ("", "")


def test_pause_resume_and_retry(run: Run, dead: CorpusCase):
    place = ("--state-dir", str(dead.state))
    run("guard", "retry", "telegram", *place).expect(ExitCode.NOT_FOUND)
    run("guard", "pause", "2h", *place).expect(0)
    run("guard", "--policy", "revive", *dead.options).expect(ExitCode.FINDINGS)
    assert "paused" in run("guard", "status", *place).stdout
    assert "goes on" in run("guard", "resume", *place).expect(0).stderr
    assert "was not paused" in run("guard", "resume", *place).expect(0).stderr
    run("guard", "--policy", "preserve", *dead.options).expect(ExitCode.EXHAUSTED)
    assert "a person is needed" in run("guard", "status", *place).stdout
    run("guard", "retry", "telegram", *place).expect(0)
    assert "a person is needed" not in run("guard", "status", *place).stdout


def test_status_counts_attempts_as_the_rule_of_the_session_allows_them(
    run: Run, dead: CorpusCase, tmp_path: Path
):
    config = tmp_path / "rules.toml"
    config.write_text('[guard]\npolicy = "revive"\n[[guard.rules]]\nchannel = "telegram"\nattempts = 7\n')
    run("guard", "--once", "--config", config, *dead.options).expect(ExitCode.OK)
    status = run("guard", "status", "--json", "--config", config, "--state-dir", dead.state).document
    (key,) = status["keys"]
    assert (key["attempts"], key["attempts_allowed"]) == (1, 7)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--once", "--every", "5m"), "do not go together"),
        (("--every", "soon"), "not a length of time"),
        (("--max-runtime", "0"), "not a length of time"),
        (("--quiet", "status"), "stand behind the command"),
        (("pause", "400d"), "too long a pause"),
        (("pause", "x"), "not a length of time"),
    ],
)
def test_words_that_are_off(run: Run, dead: CorpusCase, words: tuple[str, ...], says: str):
    place = ("--state-dir", str(dead.state)) if words[-1] != "status" else ()
    assert says in run("guard", *words, *place).expect(ExitCode.USAGE).stderr


def test_a_terminal_gets_a_page(run_terminal: Run, dead: CorpusCase):
    ran = run_terminal("guard", "--policy", "observe", *dead.options, width=80).expect(3)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout)
    assert "SESSION" in shown
    assert "observed" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_metrics_and_the_dead_man_switch(run: Run, dead: CorpusCase, tmp_path: Path):
    metrics = tmp_path / "clawmedic.prom"
    with people() as there:
        words = ("--metrics", str(metrics), "--ping-url", there.http)
        run("guard", "--policy", "revive", *words, *dead.options).expect(0)
        assert [path for path, _ in there.asked] == [f"/{SECRET}/start", f"/{SECRET}"]
        text = metrics.read_text()
        assert 'rung="distil"' in text
        assert 'verdict="healthy"} 1.0' in text
        run("guard", "--state-dir", tmp_path / "gone", *words).expect(ExitCode.NOT_FOUND)
        (tmp_path / "empty").mkdir()
        run("guard", "--state-dir", tmp_path / "empty", *words).expect(ExitCode.NOT_FOUND)
        assert there.asked[-1][0] == f"/{SECRET}/fail"
    assert "clawmedic_guard_up{" in metrics.read_text()


def test_a_service_goes_on_until_sigterm_and_is_alone(run: Run, dead: CorpusCase, tmp_path: Path):
    metrics = tmp_path / "clawmedic.prom"
    own = tmp_path / "own"
    command = [sys.executable, "-m", "clawmedic", "guard", "--every", "1s", "--policy", "observe"]
    with subprocess.Popen(
        [*command, "--metrics", str(metrics), "--log-json", *dead.options],
        env=process_environment(own, 100, None),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as service:
        seen: set[str] = set()
        for _ in range(4000):
            if metrics.exists():
                seen |= {line for line in metrics.read_text().splitlines() if "last_run_timestamp" in line}
            if len(seen) > 4:  # two lines of comment, and three passes
                break
            time.sleep(0.01)
        run("guard", "--once", *dead.options).expect(ExitCode.BUSY)
        service.send_signal(signal.SIGTERM)
        out, err = service.communicate(timeout=60)
    assert service.returncode == ExitCode.OK, err
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["notice"], "told once in all passes"
