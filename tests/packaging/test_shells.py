"""The completions in the real shells, with keys pressed on a terminal."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from shell_terminal import COMPLETIONS, STARTS, shell, with_tools

from docs.generate.files import MAN
from harness import process_environment

pytestmark = pytest.mark.packaging
CASE = "2026.9.6/compact-402-quota"
KEY = "agent:main:telegram:group:-1002026090603"
COMPLETED = {
    "clawmedic dia": "clawmedic diagnose",
    "clawmedic backups sea": "clawmedic backups search",
    "clawmedic show ag": f"clawmedic show {KEY}",
    "clawmedic show tele": f"clawmedic show {KEY}",
    "clawmedic show agent:main:te": f"clawmedic show {KEY}",
    "clawmedic scan --utc agent:main:te": f"clawmedic scan --utc {KEY}",
    "clawmedic scan --verdict su": "clawmedic scan --verdict suspect",
    "clawmedic scan --verdict=su": "clawmedic scan --verdict=suspect",
    "clawmedic scan --format na": "clawmedic scan --format nagios",
    "clawmedic scan --min": "clawmedic scan --min-size",
    "clawmedic explain quality": "clawmedic explain quality-guard",
    "clawmedic ack x lossy": "clawmedic ack x lossy-compaction",
    "clawmedic compact x --model fake/s": "clawmedic compact x --model fake/small",
    "clawmedic --vers": "clawmedic --version",
}


@pytest.fixture
def place(corpus_case, run, tmp_path):
    """The environment of a shell beside one store, and the id of a copy."""
    case = corpus_case(CASE)
    listed = run("backups", "list", *case.options, "--all", "--json").document["backups"]
    variables = process_environment(tmp_path / "own", 200, {"OPENCLAW_STATE_DIR": str(case.state)})
    return {**variables, "HOME": str(tmp_path)}, listed[-1]["id"]


@pytest.mark.parametrize("name", STARTS)
def test_a_tab_completes(name, place):
    variables, copy = place
    with shell(name, variables) as terminal:
        for line, wanted in {
            **COMPLETED,
            f"clawmedic backups show {copy[:5]}": f"clawmedic backups show {copy}",
        }.items():
            assert terminal.completed(line).split() == wanted.split(), line
        terminal.type("clawmedic explain q\t\t\t")
        terminal.shown(r"quality-guard\s+quota")


def test_fish_completes(place):
    variables, copy = place
    if shutil.which("fish") is None:
        pytest.skip("shell not here: fish")
    for line, wanted in {**COMPLETED, f"clawmedic backups show {copy[:5]}": copy}.items():
        script = f"source {COMPLETIONS}/clawmedic.fish; complete -C '{line}'"
        shown = subprocess.run(
            ["fish", "-c", script], env=with_tools(variables), capture_output=True, text=True, check=True
        )
        offered = {offer.partition("\t")[0] for offer in shown.stdout.splitlines()}
        assert wanted.split()[-1] in offered, (line, shown)


def test_manual_pages_render_without_a_warning():
    if shutil.which("groff") is None:
        pytest.skip("program not here: groff")
    for page in sorted(MAN.iterdir()):
        ran = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", str(page)], capture_output=True, text=True, check=True
        )
        assert ran.stderr == "", page.name
        assert "clawmedic" in ran.stdout
