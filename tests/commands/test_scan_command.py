"""`clawmedic scan` on real stores."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rich.cells import cell_len

from clawmedic.output.schemas import SCHEMAS, SESSION
from json_check import problems
from report_factory import EVIL

DEAD = "2026.7.1/dead-compact-400-chat"
HEALTHY = "2026.7.1/healthy-chat"
DEAD_SQLITE = "2026.9.6/compact-400-reasoning"
HEALTHY_SQLITE = "2026.9.6/healthy-mid"
CASES = (DEAD, HEALTHY, DEAD_SQLITE, HEALTHY_SQLITE, "2026.4.15/healthy-chat")


def fingerprint(root):
    """Every file's path, content, mode and time of change."""
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
        )
        for path in sorted(root.rglob("*"))
    }


@pytest.fixture
def case(corpus_case, request):
    return corpus_case(request.param)


@pytest.mark.parametrize("case", CASES, indirect=True, ids=CASES)
def test_json_fits_the_contract_and_the_truth(run, case):
    before = fingerprint(case.root)
    ran = run("scan", "--json", *case.options)
    assert problems(ran.document, SCHEMAS["clawmedic.scan/1"]) == [], ran.story()
    rows = {row["key"]: row for row in ran.document["sessions"]}
    assert rows[case.truth["session_key"]]["verdict"] in case.truth["verdict_any_of"], ran.story()
    assert ran.stderr == ""
    bad = {"dead", "stuck", "suspect"} & {row["verdict"] for row in rows.values()}
    store = {found["severity"] for found in ran.document["store_findings"]} & {"critical", "error"}
    ran.expect(3 if bad or store else 0)
    assert fingerprint(case.root) == before
    assert not (ran.own / "state").exists(), "a scan writes nothing of its own"


@pytest.mark.parametrize("name", CASES)
def test_a_deep_scan_counts_the_entries(run, corpus_case, name):
    case = corpus_case(name)
    before = fingerprint(case.root)
    ran = run("scan", "--deep", "--json", *case.options)
    assert all(row["entries"] is not None for row in ran.document["sessions"] if row["size_bytes"])
    assert fingerprint(case.root) == before


@pytest.mark.parametrize(
    ("threshold", "code"),
    [("dead", 3), ("suspect", 3), ("healthy", 3), ("none", 0), ("NONE", 0), ("at-risk", 3)],
)
def test_the_threshold_decides_the_exit_code(run, corpus_case, threshold, code):
    run("scan", *corpus_case(DEAD).options, "--fail-on", threshold).expect(code)


def test_a_healthy_store_is_0_until_health_itself_is_refused(run, corpus_case):
    case = corpus_case(HEALTHY)
    run("scan", *case.options).expect(0)
    run("scan", *case.options, "--fail-on", "healthy").expect(3)


def test_what_is_filtered_out_does_not_count(run, corpus_case):
    case = corpus_case(DEAD)
    assert run("scan", *case.options, "--verdict", "healthy", "--json").expect(0).document["sessions"] == []
    assert run("scan", *case.options, "--min-size", "50MB", "--json").expect(0).document["sessions"] == []
    assert run("scan", *case.options, "--since", "1s", "--json").document["sessions"] == []
    assert len(run("scan", *case.options, "--agent", "main", "--json").expect(3).document["sessions"]) == 1
    assert (
        run("scan", *case.options, "--verdict", "healthy", "--verdict", "dead", "--json")
        .expect(3)
        .document["sessions"]
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [("--min-size", "big"), ("--min-size", "-5"), ("--since", "tomorrow-ish"), ("--verdict", "ill"), ("--fail-on", "x"),
     ("--format", "yaml"), ("--config", "/dev/null/none"), ("--profile", "../x")],
)  # fmt: skip
def test_a_value_that_cannot_be_is_2(run, corpus_case, option, value):
    options = () if option == "--profile" else corpus_case(HEALTHY).options
    ran = run("scan", *options, option, value).expect(2)
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 2, ran.story()


def test_keys(run, corpus_case):
    case = corpus_case(DEAD)
    key = case.truth["session_key"]
    for wanted in (key, key[-6:], key.upper()):
        assert [
            row["key"] for row in run("scan", wanted, *case.options, "--json").expect(3).document["sessions"]
        ] == [key]
    missing = run("scan", "nobody", *case.options, "--json").expect(5)
    assert missing.document["code"] == "not-found"
    assert run("scan", *case.options, "--agent", "nobody").expect(5).stdout == ""


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("name", [DEAD, DEAD_SQLITE, HEALTHY])
def test_a_person_reads_it_at_every_width(run, corpus_case, width, name):
    case = corpus_case(name)
    ran = run("scan", *case.options, "--utc", width=width)
    assert case.truth["session_key"] in ran.stdout
    assert "1 session: " in " ".join(ran.stdout.split())
    assert "\x1b" not in ran.stdout
    lines = [line for line in ran.lines if not line.startswith("  next") and str(case.root) not in line]
    assert max(map(cell_len, lines)) <= width, ran.story()


def test_colour_is_for_terminals_that_want_it(run_terminal, corpus_case):
    case = corpus_case(DEAD)
    assert "\x1b[1;31m✖ dead" in run_terminal("scan", *case.options).expect(3).stdout
    assert "\x1b[" not in run_terminal("scan", *case.options, env={"TERM": "dumb"}).expect(3).stdout
    plain = run_terminal("scan", *case.options, env={"NO_COLOR": "1"}).expect(3).stdout
    assert "\x1b[31m" not in plain
    assert "31m" not in plain
    assert "✖ dead" in plain


def test_a_terminal_says_how_wide_it_is(run_terminal, corpus_case):
    case = corpus_case(DEAD)
    assert "TOKENS" in run_terminal("scan", *case.options, width=200, env={"NO_COLOR": "1"}).stdout
    assert "TOKENS" not in run_terminal("scan", *case.options, width=80, env={"NO_COLOR": "1"}).stdout


def test_quiet_and_no_logs(run, corpus_case):
    case = corpus_case(HEALTHY)
    options = ("--state-dir", case.state, "--log", "/dev/null")
    assert "0.0 s" not in run("scan", *options, "--quiet").expect(0).stdout
    assert run("scan", *options, "--quiet").stderr == ""


@pytest.mark.parametrize("name", [DEAD, DEAD_SQLITE])
def test_nagios(run, corpus_case, name):
    ran = run("scan", *corpus_case(name).options, "--format", "nagios").expect(2)
    assert ran.lines[0].startswith("CLAWMEDIC CRITICAL - 1 session: 1 dead | dead=1;;;0 ")
    assert "(reasoning-required)" in ran.lines[1]
    assert ran.stderr == ""


def test_nagios_is_ok_for_the_healthy(run, corpus_case):
    ran = run("scan", *corpus_case(HEALTHY).options, "--format", "nagios").expect(0)
    assert ran.lines[0].startswith("CLAWMEDIC OK - 1 session: 1 healthy")


@pytest.mark.parametrize("ruin", ["missing", "empty", "file", "loop"])
def test_nagios_is_unknown_when_there_is_nothing_to_read(run, tmp_path, ruin):
    state = tmp_path / "state"
    if ruin == "empty":
        state.mkdir()
    elif ruin == "file":
        state.write_text("x")
    elif ruin == "loop":
        state.symlink_to(state)
    ran = run("scan", "--state-dir", state, "--log", "/dev/null", "--format", "nagios").expect(3)
    assert ran.stdout.startswith("CLAWMEDIC UNKNOWN - ")
    assert len(ran.lines) == 1
    assert (
        run("scan", "--state-dir", state, "--log", "/dev/null", "--json").expect(5).document["code"]
        == "not-found"
    )


def test_prometheus(run, corpus_case):
    ran = run("scan", *corpus_case(DEAD).options, "--format", "prometheus").expect(3)
    names = {family.name for family in text_string_to_metric_families(ran.stdout)}
    assert {"clawmedic_sessions", "clawmedic_session_verdict", "clawmedic_scan_timestamp_seconds"} <= names


def test_ndjson(run, corpus_case):
    first, last = run("scan", *corpus_case(DEAD_SQLITE).options, "--format", "ndjson").expect(3).lines
    row = json.loads(first)
    assert row.pop("kind") == "session"
    assert problems(row, SESSION) == []
    assert json.loads(last)["totals"]["dead"] == 1


def test_the_log_may_come_on_standard_input(run, corpus_case):
    case = corpus_case(DEAD)
    text = next((case.root / "logs").glob("*.log")).read_text()
    ran = run("scan", "--state-dir", case.state, "--log", "-", "--json", stdin=text).expect(3)
    assert ran.document["sessions"][0]["cause"] == "reasoning-required"


def test_the_environment_names_the_state_directory(run, corpus_case):
    case = corpus_case(HEALTHY)
    ran = run("scan", "--log", "/dev/null", "--json", env={"OPENCLAW_STATE_DIR": str(case.state)}).expect(0)
    assert ran.document["state_dir"] == str(case.state)


@pytest.fixture
def hostile(corpus_case):
    """A real store whose key holds everything that harms a terminal, a table or a parser."""
    case = corpus_case(DEAD)
    (store,) = case.state.rglob("sessions.json")
    rows = json.loads(store.read_text())
    (row,) = rows.values()
    store.write_text(json.dumps({EVIL: row}))
    return case


@pytest.mark.parametrize("width", [80, 200])
def test_a_hostile_key_on_the_page(run, hostile, width):
    ran = run("scan", "--state-dir", hostile.state, "--log", "/dev/null", width=width)
    for evil in ("\x1b", "\x07", "\u202e"):
        assert evil not in ran.stdout
    assert "[bold red]x[/]" in ran.stdout
    assert ran.code in (0, 3)


@pytest.mark.parametrize("form", ["json", "ndjson", "nagios", "prometheus"])
def test_a_hostile_key_in_a_machine_format(run, hostile, form):
    ran = run("scan", "--state-dir", hostile.state, "--log", "/dev/null", "--format", form)
    assert "Traceback" not in ran.stderr
    assert ran.code in (0, 1, 2, 3)
    if form == "json":
        assert problems(ran.document, SCHEMAS["clawmedic.scan/1"]) == []
    if form == "nagios":
        assert ran.stdout.count("|") == 1
    if form == "prometheus":
        list(text_string_to_metric_families(ran.stdout))


@pytest.mark.parametrize("content", [b"", b"{", b"[1,2]", b"\x00" * 4096, b'{"k":', b"\xff\xfe\x00"])
def test_a_damaged_store_is_a_finding_and_valid_json(run, corpus_case, content):
    case = corpus_case(DEAD)
    (store,) = case.state.rglob("sessions.json")
    store.write_bytes(content)
    ran = run("scan", *case.options, "--json").expect(3)
    assert problems(ran.document, SCHEMAS["clawmedic.scan/1"]) == []
    assert "store-corrupt" in {found["code"] for found in ran.document["store_findings"]}
    assert store.read_bytes() == content
    run("scan", *case.options, "--format", "nagios").expect(2)
    assert "store-corrupt" in run("scan", *case.options).expect(3).stdout


def test_two_agents_in_one_store(run, corpus_case):
    case = corpus_case(DEAD)
    shutil.copytree(case.state / "agents" / "main", case.state / "agents" / "work")
    rows = run("scan", *case.options, "--json").document["sessions"]
    assert sorted(row["agent"] for row in rows) == ["main", "work"]
    only = run("scan", *case.options, "--agent", "work", "--json").document["sessions"]
    assert [row["agent"] for row in only] == ["work"]
