"""Progress: silent unless somebody waits at a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from clawmedic.model.reporter import SilentReporter
from clawmedic.output.progress import PATIENCE_SECONDS, TerminalReporter, progress, reporter_for
from clawmedic.settings import Settings, World


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sit_down(monkeypatch):
    """A terminal on standard error; called in a test's body, after pytest has set up its own capture."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    return stream


def settings(**more):
    world = World(env=more.pop("env", {}), home=Path("/nowhere"), cwd=Path("/"), tmp=Path("/tmp"), uid=0)
    return Settings(world=world, state_dir=Path("/nowhere"), **more)


def waited(reporter):
    reporter._started -= 2 * PATIENCE_SECONDS
    return reporter


def test_nobody_at_a_terminal_hears_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(reporter_for(settings()), SilentReporter)


@pytest.mark.parametrize("more", [{"quiet": True}, {"json": True}, {"env": {"TERM": "dumb"}}])
def test_nor_who_asked_for_silence(monkeypatch, more):
    terminal = sit_down(monkeypatch)
    assert isinstance(reporter_for(settings(**more)), SilentReporter)
    assert terminal.getvalue() == ""


def test_short_work_is_never_shown(monkeypatch):
    terminal = sit_down(monkeypatch)
    with progress(settings()) as reporter:
        assert isinstance(reporter, TerminalReporter)
        reporter.begin("transcripts", 100)
        for _ in range(100):
            reporter.advance()
    assert terminal.getvalue() == ""


def test_long_work_is_shown_and_cleared(monkeypatch):
    terminal = sit_down(monkeypatch)
    with progress(settings()) as reporter:
        waited(reporter).begin("transcripts", 100)
        reporter.advance(50)
        reporter.end()
        reporter.begin("logs", None)
        reporter.advance()
    shown = terminal.getvalue()
    assert "transcripts" in shown
    assert "logs" in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 2, "the cursor comes back"


def test_the_cursor_comes_back_after_a_failure(monkeypatch):
    terminal = sit_down(monkeypatch)

    def fail():
        with progress(settings()) as reporter:
            waited(reporter).begin("transcripts", 100)
            reporter.advance()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert terminal.getvalue().rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in terminal.getvalue()


def test_hostile_names_of_work_are_text(monkeypatch):
    terminal = sit_down(monkeypatch)
    with progress(settings()) as reporter:
        waited(reporter).begin("[bold]x[/]", 2)
        reporter.advance()
    assert "[bold]x[/]" in terminal.getvalue()
