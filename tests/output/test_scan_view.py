"""The page of `scan`."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.report import Budget
from clawmedic.model.verdict import Verdict
from clawmedic.output.scan_view import ScanPage, show_scan
from clawmedic.output.screen import Screen
from clawmedic.settings import Settings, Times, World
from report_factory import EVIL, NOW, every_verdict, finding, scan_report, session_report

LOCAL = Times()


@pytest.fixture
def page(capsys):
    def draw(report, *, width=120, sessions=None, everything=False, quiet=False, verbose=0, times=LOCAL):
        world = World(
            env={"COLUMNS": str(width)},
            home=Path("/nowhere"),
            cwd=Path("/"),
            tmp=Path("/tmp"),
            uid=0,
            clock=lambda: NOW,
        )
        settings = Settings(
            world=world, state_dir=Path("/srv/openclaw"), times=times, quiet=quiet, verbose=verbose
        )
        chosen = report.sessions if sessions is None else sessions
        show_scan(Screen(settings), ScanPage(report, chosen, 812, list_healthy=everything))
        return capsys.readouterr().out

    return draw


@pytest.mark.parametrize(
    ("times", "width", "shown"),
    [
        (Times(), 120, "AGE  REASON"),
        (Times(utc=True), 80, "11-23 10:30"),
        (Times(utc=True), 120, "UPDATED (UTC)     REASON"),
        (Times(utc=True), 120, "2026-11-23 10:30  reasoning-required"),
        (Times(iso=True), 120, "2026-11-23T10:30  reasoning-required"),
        (Times(utc=True, iso=True), 80, "2026-11-23T10:33:20Z"),
    ],
)
def test_ages_become_times_where_somebody_wants_to_compare(page, monkeypatch, times, width, shown):
    monkeypatch.setenv("TZ", "UTC")
    out = page(scan_report(session_report("agent:main:main", Verdict.DEAD)), width=width, times=times)
    assert shown in out


@pytest.mark.parametrize("width", [80, 120, 200])
def test_what_needs_a_person_is_whole_at_every_width(page, width):
    key = "agent:main:telegram:group:-1001000000021"
    out = page(scan_report(session_report(key, Verdict.DEAD)), width=width)
    assert key in out.splitlines()[4], "the key is whole in the table"
    for word in ("dead", "reasoning-required", "3 turns refused", f"clawmedic diagnose {key}", "98 %", "3m"):
        assert word in out
    tables = [line for line in out.splitlines() if "clawmedic " not in line]
    assert all(cell_len(line) <= width for line in tables)


def test_the_worst_verdict_stands_first(page):
    report = scan_report(*reversed(every_verdict()))
    table = page(report).split("\n\n")[1]
    words = [line.split("  ")[0].split(" ", 1)[1].strip() for line in table.splitlines()[1:]]
    assert words == ["dead", "stuck", "suspect", "damaged", "at risk", "healthy"]


def test_wide_pages_say_more(page):
    report = scan_report(session_report("k", Verdict.DEAD))
    assert "TOKENS" not in page(report, width=120)
    wide = page(report, width=200)
    assert "23.5k of 24.0k" in wide
    assert "fake/big" in wide


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_hostile_key_harms_nobody(page, width):
    out = page(scan_report(session_report(EVIL, Verdict.DEAD)), width=width)
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert "\ud800" not in out
    assert "[bold red]x[/]" in out
    assert "break" in out
    assert "\\n" in out
    out.encode()


def test_many_healthy_sessions_are_counted_not_listed(page):
    report = scan_report(
        *[session_report(f"agent:main:{n}") for n in range(30)], session_report("bad", Verdict.STUCK)
    )
    out = page(report)
    assert "30 healthy sessions not listed: --all shows them" in out
    assert "agent:main:7" not in out
    assert "bad" in out
    assert "agent:main:7" in page(report, everything=True)


def test_the_last_line_sums_up(page):
    out = page(scan_report(*every_verdict(), logs=("a.log", "b.log", "c.log")))
    last = out.splitlines()[-1]
    assert last == (
        "6 sessions: 1 dead, 1 stuck, 1 suspect, 1 damaged, 1 at risk, 1 healthy. 0.8 s. Logs: a.log and 2 more."
    )


def test_without_logs_it_says_how_little_it_can_see(page):
    out = page(scan_report(session_report("k"), logs=()))
    assert "Without logs a death is hardly visible" in out
    assert "--log FILE" in out


def test_store_findings_come_with_their_evidence(page):
    damage = finding(
        FindingCode.STORE_CORRUPT, Severity.CRITICAL, subject="/srv/a/sessions.json", evidence=("0 bytes",),
        remedy="clawmedic explain store-corrupt",
    )  # fmt: skip
    out = page(scan_report(store_findings=[damage]))
    for word in (
        "store-corrupt",
        "/srv/a/sessions.json",
        "0 bytes",
        "clawmedic explain store-corrupt",
        "0 sessions",
    ):
        assert word in out


def test_an_acknowledged_finding_is_no_reason(page):
    seen = finding(FindingCode.LOSSY_COMPACTION, Severity.ERROR, acknowledged=True)
    fresh = finding(FindingCode.OVERSIZED, Severity.WARNING)
    out = page(scan_report(session_report("k", Verdict.AT_RISK, findings=(seen, fresh))))
    assert "oversized" in out
    assert "lossy-compaction" not in out


def test_quiet_leaves_the_data(page):
    out = page(scan_report(session_report("k", Verdict.DEAD), logs=()), quiet=True)
    assert "dead" in out
    assert "hint" not in out
    assert "OpenClaw" not in out


def test_details_of_very_many_are_cut_and_say_so(page):
    report = scan_report(*[session_report(f"k{n}", Verdict.DEAD) for n in range(30)])
    assert "18 more sessions not detailed: -v shows all" in page(report)
    assert "not detailed" not in page(report, verbose=1)


def test_unknown_numbers_are_dashes(page):
    report = scan_report(
        session_report("k", budget=Budget(None, "", None, ""), entries=None, updated_at=None)
    )
    row = page(report, width=200).splitlines()[4]
    assert "- of -" in row


def test_an_empty_store_is_a_page_too(page):
    assert "0 sessions. 0.8 s." in page(scan_report())
