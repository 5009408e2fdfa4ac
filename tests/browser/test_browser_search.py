"""Searching one copy and all copies of a key, and comparing two."""

from __future__ import annotations

from pathlib import Path

from backup_stage import SESSION_ID, Stage, lines, talk
from browser_stage import LARGE, Seat, sit

ARCHIVED = f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z"


def stage_with_two(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path).begin()
    entries = talk(30, about="walnut")
    entries[21]["message"]["content"] = [
        {
            "type": "toolCall",
            "id": "c1",
            "name": "read",
            "arguments": {"path": "x" * 900 + " hidden/needle.txt"},
        }
    ]
    stage.put(ARCHIVED, lines(entries))
    stage.live(entries[:5] + talk(4, start=40, prefix="f", about="almond")[1:])
    return stage


def test_words_in_one_copy_are_visited_one_after_the_other(tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        conversation = seat.app.talk
        await seat.press("down", "down", "slash")
        await seat.write("walnut 1")
        await seat.press("enter")
        assert "walnut 1: 1 of 21" in seat.text()
        first = conversation.brief
        await seat.press("n")
        assert "walnut 1: 2 of 21" in seat.text()
        assert conversation.brief is not None
        assert first is not None
        assert conversation.brief.number == first.number + 1
        drawn = conversation.draw(conversation.cursor, 60)
        assert ("walnut 1", "match") in [piece for row in drawn for piece in row]
        await seat.press("N", "N")
        assert "walnut 1: 21 of 21" in seat.text()
        await seat.press("slash")
        await seat.write("hidden/needle")
        await seat.press("enter")
        assert "hidden/needle: 1 of 1" in seat.text()
        drawn = conversation.draw(conversation.cursor, 60)
        assert any(row[1][0] == "⌕ " and ("hidden/needle", "match") in row for row in drawn if len(row) > 1)
        await seat.press("slash")
        await seat.write("no such words")
        await seat.press("enter")
        assert "not found: no such words" in seat.text()

    sit(stage_with_two(tmp_path).settings(), scenario)


def test_all_copies_of_a_key_are_searched_and_a_pattern_that_is_none_is_a_notice(tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        await seat.press("down", "slash")
        await seat.write("/(walnut 0|almond 43)/")
        await seat.press("tab", "space", "shift+tab", "enter")
        text = seat.text()
        assert "4 entries in 2 copies" in text
        assert "and in 1 other copy" in text
        await seat.press("end", "enter")
        assert "4 of 4" not in seat.text()
        assert seat.app.talk.brief is not None
        assert "walnut 0" in seat.app.talk.brief.text
        await seat.press("N")
        assert "3 of 4" in seat.text()
        await seat.press("a")
        assert "Found" in seat.text()
        await seat.press("escape", "slash")
        await seat.write("/(/")
        await seat.press("enter")
        assert "not a regular expression" in seat.notices()

    sit(stage_with_two(tmp_path).settings(), scenario)


def test_two_marked_copies_are_compared(tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        await seat.press("down", "d")
        assert "Mark two copies" in seat.notices()
        await seat.press("space", "down", "space")
        rows = seat.rows()
        assert rows[2].startswith(" A   live")
        assert rows[4].startswith(" B ★ reset")
        await seat.press("d")
        text = seat.text()
        assert "--- A  live" in text
        assert "+++ B  reset" in text
        assert "4 entries the same, 8 only in A, 56 only in B" in text
        await seat.press("end", "enter")
        assert seat.node() is not None
        assert seat.app.talk.brief is not None
        assert "almond 43" in seat.app.talk.brief.text
        assert seat.node().kind.value == "live"  # type: ignore[union-attr]

    sit(stage_with_two(tmp_path).settings(), scenario, size=LARGE)
