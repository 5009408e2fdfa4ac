"""README promises what exists: its commands, and the two lines a new user copies."""

from __future__ import annotations

import re
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
