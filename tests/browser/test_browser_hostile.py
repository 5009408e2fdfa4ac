"""Hostile texts, files that go away, copies that are too large: nothing breaks, nothing is believed."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from backup_stage import SESSION_ID, Stage, lines, talk
from browser_stage import Seat, sit
from clawmedic.output.browser.app import Browser

ARCHIVED = f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z"
POISON = (
    "[bold red]markup[/] [@click=app.quit]press[/] $primary {x}",
    "\x1b[2J\x1b]0;owned\x07 \x9b31m \x00 \x7f \r over",
    "\u202eright to left\u2069 \u200b\ufeff \u2028 line",
    "漢字かな 한글 " * 60,
    "👨‍👩‍👧‍👦❤️👍🏽🇩🇪 " * 30,
    "e" + "\u0301" * 500,
    "x" * 100_000,
    "a\tb\n\n\n" + "\ud83d" + " half",
)


def poisoned(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path).begin()
    entries = talk(len(POISON))
    for entry, text in zip(entries[1::2], POISON, strict=True):
        entry["message"]["content"][0]["text"] = text
    entries[2]["message"]["content"].append(
        {"type": "toolCall", "id": "c", "name": "[b]\x1b[31m", "arguments": {"[i]": "\u202e"}}
    )
    data = (
        lines(entries[:-2])
        + b'{"type":"message","id":"z","message":{"role":"user","content":"\\ud83d half"}}\n'
        + b"\xff\xfe{broken\n"
    )
    stage.put(ARCHIVED, data)
    stage.live(talk(2), key="agent:main:[bold]\x1b[31m\u202ekey 漢字")
    return stage


@pytest.mark.parametrize("size", [(110, 24)])
def test_hostile_texts_are_shown_as_they_are(tmp_path: Path, size: tuple[int, int]) -> None:
    async def scenario(seat: Seat) -> None:
        assert "[bold]\\x1b[31mkey 漢字" in seat.text() or size[0] == 80
        await seat.press("down", "down", "down", "enter")
        seen = ""
        conversation = seat.app.talk
        for at in range(conversation.count()):
            conversation.go_to(at)
            if at % 5 == 0:
                await seat.settle()
                seen += seat.text()
            seen += "".join(text for row in conversation.draw(at, 110) for text, _ in row)
        for char in "\x1b\x00\x07\x9b\x7f\r\u202e\u2069\u2028\u200b\ufeff":
            assert char not in seen
        assert "[bold red]markup[/] [@click=app.quit]press[/]" in seen
        assert "\\x1b[2J" in seen
        conversation.go_to(next(at for at, brief in enumerate(conversation._shown) if brief.size >= 100_000))
        await seat.press("enter")
        assert conversation.end(conversation.cursor) - conversation.start(conversation.cursor) > 500
        await seat.press("e", "escape", "slash")
        await seat.write("[31m")
        await seat.press("enter")
        seat.rows()
        assert isinstance(seat.app, Browser)

    sit(poisoned(tmp_path).settings(), scenario, size=size)


def test_files_that_vanish_or_change_their_nature_are_notices(tmp_path: Path) -> None:
    stage = Stage(tmp_path).begin()
    path = stage.put(ARCHIVED, lines(talk(6)))
    live = stage.live(talk(2))

    async def scenario(seat: Seat) -> None:
        path.unlink()
        await seat.press("down", "down")
        assert "Cannot be read" in seat.notices()
        await seat.press("r", "enter")
        assert "nothing to restore" in seat.text()
        await seat.press("escape", "up")
        assert seat.app.talk.count() == 4
        await seat.press("enter")
        live.unlink()
        live.mkdir()
        await seat.press("home", "enter", "tab", "down", "up")
        assert "Traceback" not in seat.text()
        await seat.press("f5")
        assert "this is what is on the disk now" in seat.text() or seat.notices()

    sit(stage.settings(), scenario)


def test_a_large_copy_is_held_in_little_memory(tmp_path: Path) -> None:
    stage = Stage(tmp_path).begin()
    entries = talk(150)
    for entry in entries[2::2]:
        entry["message"]["content"][0]["text"] = "long words " * 6_000
    stage.live(entries)
    size = (stage.sessions / f"{SESSION_ID}.jsonl").stat().st_size
    assert size > 9_000_000

    async def scenario(seat: Seat) -> None:
        tracemalloc.start()
        await seat.press("down")
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seat.app.talk.count() == 300
        assert held < size / 4
        assert peak < size / 2
        await seat.press("tab", "pageup")
        assert "more characters" in seat.text()

    sit(stage.settings(), scenario)


def test_an_empty_directory_of_sessions_is_said(tmp_path: Path) -> None:
    stage = Stage(tmp_path).begin()
    stage.save()

    async def scenario(seat: Seat) -> None:
        assert "No copies, and no sessions." in seat.text()
        await seat.press("down", "enter", "slash", "d", "e", "r", "space", "n", "a", "m")
        assert "Choose a copy" in seat.notices()

    sit(stage.settings(), scenario)
