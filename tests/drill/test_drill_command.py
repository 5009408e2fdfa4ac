from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clawmedic.drill import rehearsal
from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.versions import Version
from clawmedic.output.drill import drill_document
from clawmedic.output.schemas import SCHEMAS
from clawmedic.output.sink import dumps
from json_check import problems

SOURCES = Path(__file__).parents[2] / "cli"


def drill(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": str(SOURCES),
    }
    return subprocess.run(
        [sys.executable, "-m", "clawmedic", "drill", *words],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_names_every_session_and_leaves_nothing_behind(tmp_path):
    done = drill(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(scenarios())} of {len(scenarios())} judged right" in done.stdout
    for version in Version:
        assert f"OpenClaw {version}" in done.stdout
    for one in scenarios():
        assert one.name in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_json_says_what_was_expected_and_what_was_found(tmp_path):
    done = drill(tmp_path, "--json")
    document = json.loads(done.stdout)
    assert document["schema"] == "clawmedic.drill/1"
    assert (document["right"], document["wrong"]) == (len(scenarios()), 0)
    assert document["directory"] is None
    dead = [item for item in document["sessions"] if item["verdict"] == "dead"]
    assert dead
    assert all(item["expected"]["verdict"] == "dead" and item["right"] for item in dead)


@pytest.mark.parametrize("kept", [True, False])
def test_the_document_fits_its_schema(rehearsed, kept):
    parsed = json.loads(dumps(drill_document(rehearsed, kept=kept)))
    assert problems(parsed, SCHEMAS[parsed["schema"]]) == []
    assert (parsed["directory"] is None) is not kept


def test_kept_directories_can_be_scanned(tmp_path):
    done = drill(tmp_path, "--keep", "kept", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    tree = json.loads(done.stdout)["trees"][-1]
    command = [
        sys.executable,
        "-m",
        "clawmedic",
        "scan",
        "--json",
        "--state-dir",
        tree["state_dir"],
        "--log",
        tree["log"],
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SOURCES)}
    scanned = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert scanned.returncode == 3, scanned.stderr
    assert json.loads(scanned.stdout)["totals"]["dead"] >= 8


def test_an_occupied_directory_is_refused(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine").write_text("precious")
    done = drill(tmp_path, "--keep", "kept")
    assert done.returncode == 6
    assert "not empty" in done.stderr
    assert (tmp_path / "kept" / "mine").read_text() == "precious"


def test_a_wrong_verdict_ends_in_3(tmp_path, monkeypatch, capsys):
    from dataclasses import replace

    from clawmedic.app import run
    from clawmedic.model.verdict import Verdict

    wrong = replace(scenarios()[0], verdict=Verdict.HEALTHY)
    monkeypatch.setattr(rehearsal, "scenarios", lambda: (wrong,))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["drill"]) == 3
    assert "expected healthy" in capsys.readouterr().out


def test_a_temporary_directory_that_is_not_there_is_no_crash(tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, "-m", "clawmedic", "drill", "--keep", "/dev/null/kept"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert "/dev/null/kept" in done.stderr


@pytest.mark.parametrize("words", [["--keep"], ["--unknown"], ["surplus"]])
def test_wrong_use_ends_in_2(tmp_path, words):
    assert drill(tmp_path, *words).returncode == 2
