"""The pages of `show` and `diagnose`."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from clawmedic.model.incident import Attempt, Evidence, IncidentOutcome
from clawmedic.model.report import Budget
from clawmedic.model.verdict import Verdict
from clawmedic.output.chart_view import show_chart
from clawmedic.output.incident_view import show_incidents
from clawmedic.output.screen import Screen
from clawmedic.settings import Settings, Times, World
from report_factory import EVIL, MINUTE, NOW, chart, incident, session_report


@pytest.fixture
def screen():
    def make(width=120, verbose=0, *, quiet=False):
        world = World(
            env={"COLUMNS": str(width)},
            home=Path("/nowhere"),
            cwd=Path("/"),
            tmp=Path("/tmp"),
            uid=0,
            clock=lambda: NOW,
        )
        return Screen(
            Settings(world=world, state_dir=Path("/srv"), times=Times(utc=True), verbose=verbose, quiet=quiet)
        )

    return make


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_chart_holds_everything(screen, capsys, width):
    show_chart(screen(width), chart())
    out = capsys.readouterr().out
    for word in (
        "dead", "agent:main:main", "3 turns refused", "reasoning-required", "id-of-agent:main:main", "98 %",
        "23.5k tokens used (row)", "24.0k available (precheck)", "tool results", "800 KB", "80 %", "120 entries",
        "line 120 (toolResult, 230 KB)", "failed: 400 Reasoning is required", "gateway.log:120 outcome=failed",
        "are you there?\\nplease", ".jsonl.reset.", "1. clawmedic rescue agent:main:main", "2026-11-23 10:13:20 UTC",
    ):  # fmt: skip
        assert word in out.replace("\n" + " " * 14, " "), word
    assert all(cell_len(line) <= width for line in out.splitlines() if "clawmedic" not in line)


def test_a_bar_is_full_when_the_budget_is_over(screen, capsys):
    over = session_report("k", Verdict.AT_RISK, budget=Budget(48_000, "row", 24_000, "config"))
    show_chart(screen(80), chart(over))
    out = capsys.readouterr().out
    assert "200 %" in out
    assert "░" not in out.split("Context budget")[1].splitlines()[1]


def test_an_empty_chart_of_a_healthy_session(screen, capsys):
    healthy = session_report("k", budget=Budget(None, "", None, ""), entries=None)
    show_chart(screen(80), chart(healthy, anatomy=(), largest=(), timeline=(), siblings=(), treatment=()))
    out = capsys.readouterr().out
    assert "none needed" in out
    assert "What takes the room" not in out
    assert "Timeline" not in out


def test_a_hostile_session_cannot_leave_its_line(screen, capsys):
    show_chart(
        screen(80),
        chart(session_report(EVIL, Verdict.DEAD, incidents=(incident(EVIL),)), treatment=(f"x {EVIL}",)),
    )
    show_incidents(screen(80), [incident(EVIL, evidence=(Evidence(EVIL, 1, None, EVIL),))], log_sources=["-"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    out.encode()


def test_a_long_timeline_shows_its_end(screen, capsys):
    events = tuple(
        type(chart().timeline[0])(NOW - n * MINUTE, "turn", f"event {n}") for n in range(60, 0, -1)
    )
    show_chart(screen(), chart(timeline=events))
    out = capsys.readouterr().out
    assert "40 earlier: -v shows all" in out
    assert "event 1" in out
    assert "event 60" not in out


@pytest.mark.parametrize("width", [80, 120, 200])
def test_an_incident_says_everything(screen, capsys, width):
    show_incidents(screen(width), [incident()], log_sources=["gateway.log"])
    out = capsys.readouterr().out
    for word in (
        "dead", "agent:main:main", "since 2026-11-23 10:13:20 UTC", "reasoning-required", "(configuration)",
        "in the compaction, 3 times, certain (100%), provider fake", "overflow", "fake/big", "provider_error_4xx",
        "gateway.log 120 auto-compaction", "Summarization failed: 400",
        "clawmedic rescue agent:main:main", "openclaw#69202",
        "1 incident, 1 log source read.",
    ):  # fmt: skip
        assert word in " ".join(out.split()), word
    assert all(cell_len(line) <= width for line in out.splitlines())


def test_an_ended_incident_has_a_range(screen, capsys):
    ended = incident(ended_at=NOW, outcome=IncidentOutcome.RECOVERED, confidence=0.5, count=1)
    show_incidents(screen(), [ended], log_sources=["x"])
    out = capsys.readouterr().out
    assert "2026-11-23 10:13:20 UTC to 2026-11-23 10:33:20 UTC (20m)" in out
    assert "once, a guess (50%)" in out
    assert "recovered" in out


def test_much_evidence_is_cut_and_says_so(screen, capsys):
    many = incident(
        evidence=tuple(Evidence("g.log", n, None, "x" * 900) for n in range(9)),
        attempts=tuple(Attempt(NOW, f"m{n}", "budget", "timeout") for n in range(9)),
    )
    show_incidents(screen(), [many], log_sources=["x"])
    out = capsys.readouterr().out
    assert "3 more lines: -v shows all" in out
    assert "3 earlier ones" in out
    assert "m8" in out
    assert "m0" not in out
    show_incidents(screen(verbose=1), [many], log_sources=["x"])
    assert "-v shows all" not in capsys.readouterr().out


def test_no_incident_and_no_log_is_said(screen, capsys):
    show_incidents(screen(), [], log_sources=[])
    out = capsys.readouterr().out
    assert "0 incidents, no log was found." in out
    assert "--journal" in out


def test_an_incident_without_a_session_or_times(screen, capsys):
    show_incidents(
        screen(),
        [incident(None, session_id=None, started_at=None, attempts=(), upstream=())],
        log_sources=["x"],
    )
    out = capsys.readouterr().out
    assert "no session named" in out
    assert "since -" in out
