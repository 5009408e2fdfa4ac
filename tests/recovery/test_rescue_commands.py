"""The commands: their questions, exit codes, pages and documents."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rescue_stage import Stage, files, ids_in, ids_on_disk, report

from clawmedic.model.verdict import Verdict
from clawmedic.output.operations_documents import OPERATION_SCHEMAS
from harness import Run, process_environment
from json_check import problems

Make = Callable[..., Stage]
DEAD = "2026.7.1/dead-compact-400-chat"


def test_a_dry_run_shows_the_plan_and_changes_nothing(stage: Make, run: Run):
    on = stage(DEAD)
    before = files(on)
    ran = run("rescue", on.key, *on.options, "--dry-run").expect(0)
    assert "distil" in ran.stdout
    assert "a verified copy of" in ran.stdout
    document = run("rescue", on.key, *on.options, "--dry-run", "--json").expect(0).document
    assert problems(document, OPERATION_SCHEMAS["clawmedic.plan/1"]) == []
    assert document["plans"][0]["steps"][0]["rung"] == "distil"
    assert files(on) == before


def test_without_a_terminal_yes_must_be_given(stage: Make, run: Run):
    on = stage(DEAD)
    before = files(on)
    ran = run("rescue", on.key, *on.options).expect(6)
    assert "--yes" in ran.stderr
    assert files(on) == before


def test_the_outcome_document(stage: Make, run: Run):
    on = stage(DEAD)
    document = run("rescue", on.key, *on.options, "--yes", "--json").expect(0).document
    assert problems(document, OPERATION_SCHEMAS["clawmedic.outcome/1"]) == []
    result = document["results"][0]
    assert (result["key"], result["action"], result["ok"], result["reversible"]) == (
        on.key,
        "distil",
        True,
        "bytes",
    )
    assert ".bak.recovered." in result["backup"]
    assert {check["name"] for check in result["proof"]["checks"]} >= {
        "structure",
        "history",
        "budget",
        "verdict",
    }
    assert document["notices"][0]["kind"] == "rescued"


def test_the_page_names_proof_and_operation(stage: Make, run: Run):
    on = stage(DEAD)
    ran = run("rescue", on.key, *on.options, "--yes").expect(0)
    for words in ("distil", "bytes", "entries", "tokens", "proof", "backup", "clawmedic undo "):
        assert words in ran.stdout, words
    operation = ran.stdout.split("clawmedic undo ")[1].split()[0]
    run("undo", operation, "--state-dir", on.state, "--yes").expect(0)
    assert report(on).verdict is Verdict.DEAD


def test_a_rescue_needs_a_key_or_all(stage: Make, run: Run):
    on = stage(DEAD)
    run("rescue", *on.options, "--yes").expect(2)
    run("rescue", on.key, "--all", *on.options, "--yes").expect(2)
    run("rescue", "nobody", *on.options, "--yes").expect(5)


def test_rescue_all_with_nothing_ill(stage: Make, run: Run):
    on = stage("2026.7.1/healthy-chat")
    run("rescue", "--all", *on.options, "--yes").expect(0)


def test_a_probe_without_a_gateway_is_refused_before_anything_is_done(stage: Make, run: Run):
    on = stage(DEAD)
    before = files(on)
    ran = run("rescue", on.key, *on.options, "--yes", "--probe").expect(6)
    assert "no gateway" in ran.stderr
    assert files(on) == before


def test_max_lines_is_refused_by_name(stage: Make, run: Run):
    on = stage(DEAD)
    before = files(on)
    ran = run("compact", on.key, *on.options, "--max-lines", "4", "--yes").expect(6)
    assert "max-lines" in ran.stderr
    assert "--distil" in ran.stderr
    assert files(on) == before


def test_compact_by_a_model_needs_the_gateway(stage: Make, run: Run):
    on = stage(DEAD)
    before = files(on)
    run("compact", on.key, *on.options, "--model", "fake/alt", "--yes").expect(6)
    assert files(on) == before


def test_compact_without_a_model(stage: Make, run: Run):
    on = stage(DEAD)
    run("compact", on.key, *on.options, "--distil", "--yes").expect(0)
    assert report(on).verdict not in (Verdict.DEAD, Verdict.STUCK)


@pytest.mark.parametrize("name", [DEAD, "2026.4.15/healthy-chat", "2026.4.15/tg-topic-healthy-toolcalls"])
def test_reset_begins_anew_and_keeps_the_old(stage: Make, run: Run, name: str):
    on = stage(name)
    old, history, path = on.row, ids_on_disk(on), on.transcript
    content = path.read_bytes()
    before = files(on)
    document = run("reset", on.key, *on.options, "--yes", "--json").expect(0).document
    row = on.row
    assert row["sessionId"] != old["sessionId"]
    assert on.transcript.is_file()
    assert row.get("deliveryContext") == old.get("deliveryContext")
    assert row.get("origin") == old.get("origin")
    assert ("-topic-42" in on.transcript.name) == ("-topic-42" in path.name)
    header, note, spoken, mark = (json.loads(line) for line in on.transcript.read_bytes().splitlines())
    assert (header["type"], header["version"], header["id"]) == ("session", 3, row["sessionId"])
    assert header["cwd"] == json.loads(content.splitlines()[0])["cwd"]
    aside = Path(document["results"][0]["backup"])
    assert aside.name.startswith(path.name + ".reset.")
    assert aside.name in note["summary"]
    assert (mark["customType"], mark["parentId"]) == ("clawmedic:hand-over", spoken["id"])
    assert spoken["message"]["role"] == "assistant", "OpenClaw empties a transcript without one"
    assert aside.read_bytes() == content
    assert not path.exists()
    assert history <= ids_on_disk(on)
    run("undo", document["operation_id"], "--state-dir", on.state, "--yes").expect(0)
    assert files(on) == before


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "torn tail": lambda lines: [*lines[:-1], lines[-1][: len(lines[-1]) // 2]],
    "malformed line": lambda lines: [*lines[:5], b'{"type": "mess\x01\n', *lines[5:]],
    "no header": lambda lines: lines[1:],
    "hole": lambda lines: [*lines[:6], *lines[8:]],
    "doubled line": lambda lines: [*lines[:6], lines[5], *lines[6:]],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_mend_repairs_and_undo_gives_the_damage_back(stage: Make, run: Run, kind: str):
    on = stage("2026.7.1/healthy-chat")
    path = on.transcript
    lines = DAMAGE[kind](path.read_bytes().splitlines(keepends=True))
    path.write_bytes(b"".join(lines))
    before, ids = files(on), ids_in(path)
    assert report(on).findings
    document = run("mend", on.key, *on.options, "--yes", "--json").expect(0).document
    after = {finding.code.value for finding in report(on).findings}
    assert not after & {"torn-tail", "malformed-lines", "bad-header", "broken-chain", "unpaired-tool-calls"}
    assert ids <= ids_on_disk(on)
    untouched = set(lines) & set(path.read_bytes().splitlines(keepends=True))
    assert len(untouched) >= len(lines) - 4, "lines that need nothing keep their bytes"
    run("mend", on.key, *on.options, "--yes").expect(6)
    run("undo", document["operation_id"], "--state-dir", on.state, "--yes").expect(0)
    assert files(on) == before


def test_mend_finds_nothing_to_do(stage: Make, run: Run):
    on = stage("2026.7.1/healthy-chat")
    before = files(on)
    ran = run("mend", on.key, *on.options, "--yes").expect(6)
    assert "nothing to mend" in ran.stdout + ran.stderr
    assert files(on) == before


def test_declined_on_a_terminal_is_no_failure(stage: Make):
    on = stage(DEAD)
    before = files(on)
    code, seen = _answered(on, "n", "rescue", on.key, *on.options)
    assert code == 0, seen
    assert "nothing was done" in seen
    assert files(on) == before
    code, seen = _answered(on, "y", "rescue", on.key, *on.options)
    assert code == 0, seen
    assert report(on).verdict is not Verdict.DEAD


def _answered(on: Stage, answer: str, *args: str) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    env = process_environment(on.root / "process", 100, {"XDG_STATE_HOME": str(on.root / "own")})
    with subprocess.Popen(
        [sys.executable, "-m", "clawmedic", *args], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    ) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        seen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            seen += part
        os.close(ours)
        return process.wait(timeout=60), seen.decode(errors="replace")


@pytest.mark.parametrize(
    ("url", "code"), [("ws://127.0.0.1:9", 6), ("wss://gateway.invalid", 6), ("http://127.0.0.1", 2)]
)
def test_a_gateway_that_is_named_and_not_reached_is_no_leave_to_change_files(
    stage: Make, run: Run, url: str, code: int
):
    """It may run elsewhere, with this very directory."""
    on = stage("2026.7.1/dead-compact-400-chat")
    before = files(on)
    ran = run("reset", on.key, *on.options, "--yes", "--url", url, "--token", "a-secret").expect(code)
    assert "a-secret" not in ran.stdout + ran.stderr
    assert files(on) == before
