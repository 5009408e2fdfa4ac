"""README promises what exists: its commands, and the two lines a new user copies."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from clawmedic.app import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
ONE_LINERS = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)


def test_every_command_in_the_table_exists_and_none_is_left_out():
    named = re.findall(r"^\| `clawmedic ([a-z]+)", README, re.MULTILINE)
    assert sorted(named) == sorted(mounted.name for mounted in COMMANDS)


def test_commands_in_the_text_exist():
    mentioned = set(re.findall(r"(?:`|/)clawmedic ([a-z]+)", README))
    assert mentioned <= {mounted.name for mounted in COMMANDS}


def test_there_is_one_line_for_the_drill_and_one_for_the_tests():
    drill, tests = ONE_LINERS
    assert drill.endswith("clawmedic drill")
    assert tests.endswith("pytest")


def test_the_lines_are_the_ones_ci_runs():
    steps = {line.replace('"$bin"/', "") for line in CI.splitlines()}
    last = [line.split(" && ")[-1].removeprefix(".venv/bin/") for line in ONE_LINERS]
    assert set(last) <= steps
    installed = re.search(r"pip install -q ('\.\[test\]')", ONE_LINERS[1])
    assert installed
    assert f"install {installed[1]}" in steps


def test_exit_codes_are_the_ones_the_program_knows():
    from clawmedic.errors import ExitCode

    documented = {int(code) for code in re.findall(r"^\| `(\d+)` \|", README, re.MULTILINE)}
    assert documented == {code.value for code in ExitCode}


def test_measured_versions_are_the_ones_of_the_corpus():
    corpus = {path.name for path in (ROOT / "tests" / "corpus").iterdir() if path.is_dir()}
    assert {version for version in corpus if version in README} == corpus


def test_verdicts_and_exit_codes_are_in_the_programs_own_words():
    from clawmedic.errors import ExitCode
    from clawmedic.model.verdict import Verdict

    for verdict in Verdict:
        assert f"| `{verdict}` | {verdict.meaning} |" in README
    for code in ExitCode:
        assert f"| `{code.value}` | {code.meaning} |" in README


def test_causes_stand_with_their_kind():
    from clawmedic.model.cause import Cause, CauseKind

    for kind in CauseKind:
        row = re.search(rf"^\| {kind} \|[^|]+\|(.*)\|$", README, re.MULTILINE)
        assert row
        assert re.findall(r"`([\w-]+)`", row[1]) == [cause.value for cause in Cause if cause.kind is kind]


def test_every_file_that_is_named_exists():
    named = set(re.findall(r"`((?:tests|docs|man|completions|contrib)/[\w./-]*|[A-Z]+\.md)`", README))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


CALLS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("clawmedic ")
]
NOT_RUN = {
    "clawmedic notify test": "no channel is configured here",
    "clawmedic backups browse": "takes the screen",
}
LOOKS = {"scan", "show", "diagnose", "guard"}
"""They leave with 3 when they find something."""
SCANS = 9
"""The calls of the first path; of the others each is made once."""


def test_the_readmes_commands_bring_a_dead_session_back(run, corpus_case, tmp_path, monkeypatch):
    """Every `clawmedic` line of the README in its order, on a real dead store, as a reader would type it."""
    case = corpus_case("2026.7.1/tg-group-compact-400")
    monkeypatch.chdir(tmp_path)
    variables = {"OPENCLAW_STATE_DIR": str(case.state)}
    scans = []
    for call in (*CALLS[:SCANS], *dict.fromkeys(CALLS[SCANS:])):
        if call in NOT_RUN or "--install" in call:
            continue
        command, *words = shlex.split(call)[1:]
        if "OPERATION" in words:
            operations = run("history", "--json", env=variables).document["operations"]
            words[words.index("OPERATION")] = operations[0]["operation_id"]
        if command in ("rescue", "undo") and "--dry-run" not in words:
            words.append("--yes")
        if command in LOOKS | {"rescue"}:
            words += ["--log", str(case.root / "console.txt")]
        ran = run(command, *words, env=variables)
        assert ran.code in ((0, 3) if command in LOOKS else (0,)), ran.story()
        scans.append(ran.code if command == "scan" else None)
    assert [code for code in scans if code is not None] == [3, 0], "dead before the rescue, well after it"
    assert (tmp_path / "history.html").is_file()
    assert (tmp_path / "recovered.jsonl").is_file()
