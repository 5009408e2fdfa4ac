"""What the browser writes: exports and restored files, where they were ordered, and nothing else."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input

from backup_stage import SESSION_ID, Stage, fingerprint, lines, talk
from browser_stage import Seat, sit
from clawmedic.settings import Settings

NAME = f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z"


def prepared(tmp_path: Path) -> tuple[Stage, Settings, Path]:
    stage = Stage(tmp_path).begin()
    stage.put(NAME, lines(talk(6, about="write to lena@example.org")))
    stage.live(talk(1))
    out = tmp_path / "out"
    out.mkdir()
    settings = stage.settings()
    return stage, replace(settings, world=replace(settings.world, cwd=out)), out


async def name(seat: Seat, text: str) -> None:
    field = seat.app.screen.query_one("#name", Input)
    field.value = text
    field.focus()
    await seat.settle()


def test_exports_are_written_once_redacted_on_demand_and_never_over_anything(tmp_path: Path) -> None:
    stage, settings, out = prepared(tmp_path)
    before = fingerprint(stage.state)

    async def scenario(seat: Seat) -> None:
        await seat.press("down", "down", "e")
        text = seat.text()
        assert "(•)  markdown" in text.replace("(•) markdown", "(•)  markdown")
        assert "[ ]" in text
        proposed = seat.app.screen.query_one("#name", Input).value
        assert proposed.startswith("agent-main-telegram-group--1001000000001-")
        assert proposed.endswith(".md")
        await name(seat, "talk.md")
        await seat.press("enter")
        assert "Exported: talk.md" in seat.notices()
        assert "lena@example.org" in (out / "talk.md").read_text()
        assert stat.S_IMODE((out / "talk.md").stat().st_mode) == 0o600
        await seat.press("e")
        await name(seat, "talk.md")
        await seat.press("enter")
        assert "already there" in seat.text()
        await seat.press("shift+tab", "right", "space")
        assert seat.app.screen.query_one("#name", Input).value == "talk.html"
        await seat.pilot.click("#redact")
        await seat.pilot.click("#write")
        await seat.settle()
        page = (out / "talk.html").read_text()
        assert "lena@example.org" not in page
        assert "[mail address]" in page
        await seat.press("e")
        await name(seat, str(stage.state / "agents" / "x.md"))
        await seat.press("enter")
        assert "inside OpenClaw's state directory" in " ".join(seat.text().split())
        await name(seat, "nowhere/x.md")
        await seat.press("enter")
        assert "no such directory" in seat.text()
        await seat.press("escape")
        assert seat.app.screen is seat.app.screen_stack[0]

    sit(settings, scenario, size=(100, 30))
    assert fingerprint(stage.state) == before
    assert sorted(path.name for path in out.iterdir()) == ["talk.html", "talk.md"]


def test_a_restore_tells_what_it_makes_and_waits_for_a_second_yes(tmp_path: Path) -> None:
    stage, settings, out = prepared(tmp_path)
    before = fingerprint(stage.state)

    async def scenario(seat: Seat) -> None:
        await seat.press("down", "down", "r")
        await name(seat, "back.jsonl")
        await seat.press("enter")
        text = seat.text()
        assert "12 entries, 12 messages" in text
        assert "would see 12 messages" in text
        assert "Write it?" in text
        assert not list(out.iterdir())
        await name(seat, "other.jsonl")
        assert "Write it?" not in seat.text()
        await seat.press("enter", "enter")
        assert "Restored: other.jsonl" in seat.notices()
        await seat.press("r")
        await name(seat, "other.jsonl")
        await seat.press("enter")
        assert "already there" in seat.text()
        await seat.press("escape", "l")
        text = seat.text()
        assert "Nothing is changed from here" in text
        assert "press r" in text
        await seat.press("enter")
        assert "Nothing is changed from here" not in seat.text()

    sit(settings, scenario)
    made = [json.loads(line) for line in (out / "other.jsonl").read_bytes().splitlines()]
    assert made[0]["type"] == "session"
    assert len(made) == 13
    assert fingerprint(stage.state) == before
    assert [path.name for path in out.iterdir()] == ["other.jsonl"]
