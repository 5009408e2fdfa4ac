from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.commands import drill as command
from clawmedic.drill.rehearsal import NoAudience, rehearse
from clawmedic.drill.report import DrillReport
from clawmedic.drill.scenes import Scene, scenes
from clawmedic.drill.versions import Version
from clawmedic.model.verdict import Verdict
from clawmedic.output.drill import DrillPage, show_sum
from clawmedic.output.drill_document import DRILL_SCHEMAS, drill_document
from clawmedic.output.sink import dumps
from clawmedic.settings import Settings
from drill.recording import recorded_screen
from drill.test_rehearsal import Raising, scenario
from drill.worlds import world_in
from harness import ROOT, Run
from json_check import problems

V7 = Version.V7
NAMES = ("reasoning required", "hole in the chain", "provider is down", "near its budget", "short and well")
PLAYED = (
    Scene("", V7, [scenario(name, V7) for name in NAMES]),
    next(one for one in scenes() if one.name == "store cut off"),
)


@pytest.fixture
def _short(monkeypatch) -> None:
    """The command plays five sessions and one store."""
    monkeypatch.setattr(command, "scenes", lambda: PLAYED)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> DrillReport:
    """What playing them comes to."""
    place = tmp_path_factory.mktemp("short")
    return rehearse(world_in(place), place / "made", NoAudience(), played=PLAYED)


def drawn(report: DrillReport, width: int, *, quiet: bool = False, verbose: int = 0) -> list[str]:
    """The lines of a page that watches it being played again."""
    settings = Settings(world_in(Path()), Path(), quiet=quiet, verbose=verbose)
    with recorded_screen(settings, width) as (screen, console):
        page = DrillPage(screen, lambda _: None, report.directory, PLAYED)
        for scene in report.scenes:
            page.enter(scene.scene)
            for trouble in scene.troubles:
                page.saw(trouble)
            for result in scene.results:
                page.saw(result)
            page.leave(scene)
        show_sum(screen, report, kept=False)
    return console.export_text().splitlines()


def test_the_page_names_what_was_made_found_and_done(report):
    lines = drawn(report, 120)
    rows = {line[3:21].strip(): line for line in lines if line.startswith(("✔", "✖"))}
    assert rows["reasoning required"].split()[3:] == [
        *("✖", "dead", "reasoning-required", "distil", "✔", "healthy", "✔"),
        *("50.0k", "→", "24.2k", "tokens,", "50", "%"),
    ]
    assert " mend " in rows["hole in the chain"]
    assert " escalate " in rows["provider is down"]
    assert "clawmedic show KEY" in rows["near its budget"]
    assert "store-corrupt" in rows["sessions.json torn"]
    page = "\n".join(lines)
    assert "1 session well and left alone: short and well" in page
    assert "✔ all 6 as promised in" in page
    assert "undone    2 of 2" in page


@pytest.mark.parametrize("width", [80, 100, 112, 200])
def test_no_line_is_wider_than_the_page(report, width):
    lines = drawn(report, width)
    assert max(map(len, lines)) <= width
    assert any(" reasoning-required " in line for line in lines)


@pytest.mark.parametrize(("terminal", "quiet"), [(True, False), (True, True), (False, False)])
def test_a_line_moves_on_a_terminal_alone(terminal, quiet):
    settings = Settings(world_in(Path()), Path(), quiet=quiet)
    with recorded_screen(settings, 80, terminal=terminal) as (screen, console), screen.working() as now:
        now("12 of 86  OpenClaw 2026.7.1: " + "reasoning required " * 9)
        screen.line("a row")
    drawn = console.file.getvalue()
    assert "a row" in drawn
    assert ("12 of 86" in drawn) is (terminal and not quiet)
    assert ("\x1b[?25h" in drawn) is (terminal and not quiet), "the cursor is back"


def test_a_narrow_page_keeps_the_cause_whole(report):
    assert any("reasoning-required  distil    ✔ healthy  ✔" in line for line in drawn(report, 80))


def test_quiet_says_one_line_and_verbose_the_evidence(report):
    assert len(drawn(report, 120, quiet=True)) == 1
    spoken = "\n".join(drawn(report, 120, verbose=1))
    assert "auto-compaction failed for example/standard" in spoken
    assert "✔  short and well" in spoken


@pytest.mark.parametrize("kept", [True, False])
def test_json_says_what_was_promised_and_what_came(report, kept):
    document = json.loads(dumps(drill_document(report, kept=kept)))
    assert problems(document, DRILL_SCHEMAS["clawmedic.drill/1"]) == []
    assert (document["right"], document["wrong"]) == (6, 0)
    assert (document["directory"] is None) is not kept
    dead = next(one for one in document["sessions"] if one["name"] == "reasoning required")
    assert dead["expected"]["helped"] == dead["treatment"]["helped"] == "distil"
    assert dead["treatment"]["proof"]["ok"]
    assert dead["treatment"]["undone"]
    assert document["stores"][0]["finding"] == "store-corrupt"


def test_a_broken_rung_ends_in_3_and_is_named(run: Run, monkeypatch):
    monkeypatch.setattr(command, "scenes", lambda: (Scene("", V7, [scenario("rate limit", V7)]),))
    monkeypatch.setattr(command, "rehearse", partial(rehearse, rungs=(Raising(),)))
    ran = run("drill").expect(3)
    assert "✖ 1 of 1 not as promised" in ran.stdout
    assert "it ended with failed, and distil was promised (the rung broke)" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert ran.stderr == ""


def test_a_wrong_verdict_ends_in_3(run: Run, monkeypatch):
    wrong = replace(scenario("short and well", V7), verdict=Verdict.DEAD)
    monkeypatch.setattr(command, "scenes", lambda: (Scene("", V7, [wrong]),))
    document = run("drill", "--json").expect(3).document
    assert document["wrong"] == 1
    assert document["sessions"][0]["complaints"][0] == "the verdict is healthy, and dead is right"


@pytest.mark.usefixtures("_short")
def test_kept_directories_can_be_worked_with(run: Run, tmp_path):
    kept = tmp_path / "kept"
    shown = run("drill", "--keep", kept).expect(0).stdout
    assert f"clawmedic scan --state-dir {kept / '2026.7.1' / 'state'}" in shown
    log = next((kept / "2026.7.1" / "logs").iterdir())
    where = ("--state-dir", kept / "2026.7.1" / "state", "--log", log)
    assert run("scan", *where, "--json").expect(3).document["totals"]["dead"] == 2
    history = run("history", *where[:2], env={"XDG_STATE_HOME": str(kept / "home/.local/state")}, width=200)
    assert history.expect(0).stdout.count("undone") == 2
    assert run("rescue", "--all", *where, "--yes").code in (4, 9)


def test_an_occupied_directory_is_refused(run: Run, tmp_path):
    (tmp_path / "mine").write_text("precious")
    ran = run("drill", "--keep", tmp_path).expect(6)
    assert "not empty" in ran.stderr
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_directory_that_cannot_be_made_is_no_crash(run: Run):
    assert "/dev/null/kept" in run("drill", "--keep", "/dev/null/kept").expect(6).stderr


@pytest.mark.parametrize("words", [["--keep"], ["--unknown"], ["surplus"]])
def test_wrong_use_ends_in_2(run: Run, words):
    run("drill", *words).expect(2)


def test_a_process_of_its_own_leaves_nothing_behind(tmp_path):
    """As a new user runs it, but for most of the scenes: they have a test of their own."""
    program = (
        "from clawmedic.commands import drill\n"
        "from clawmedic.drill.scenes import scenes\n"
        "drill.scenes = lambda: scenes()[3:5]\n"
        "from clawmedic.app import main\n"
        "main()\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT / "cli"),
    }
    command = [sys.executable, "-c", program, "drill"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✔ all 2 as promised" in done.stdout
    assert list(tmp_path.iterdir()) == []
