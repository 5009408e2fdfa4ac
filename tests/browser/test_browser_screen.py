"""The browser on real stores: what stands where, by keyboard and by mouse, small and large."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backup_stage import fingerprint
from browser_stage import LARGE, SMALL, Seat, settings_of, sit
from clawmedic.model.verdict import Verdict
from harness import CorpusCase

Copy = Callable[[str], CorpusCase]
RESET = "2026.4.15/autoreset-compact-400"


@pytest.mark.parametrize(
    ("name", "size"),
    [(RESET, SMALL), ("2026.7.1/tg-group-reset-revived", LARGE), ("2026.9.6/reset-revived", SMALL)],
)
def test_every_copy_of_a_real_store_is_shown_and_nothing_is_changed(
    corpus_case: Copy, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    case = corpus_case(name)
    before = fingerprint(case.state)

    async def scenario(seat: Seat) -> None:
        shelf = seat.app.shelf
        seen = set()
        for _ in range(8):
            await seat.press("down")
            node = shelf.node
            assert node is not None
            if node.copy is None:
                if node.group.name not in shelf.opened:
                    await seat.press("enter")
                continue
            seen.add(node.copy.id)
            text = seat.text()
            assert node.copy.kind.value in text
            assert node.copy.id in text
            if node.copy.messages:
                assert seat.app.talk.count() >= node.copy.messages
        assert seen == {copy.id for copy in seat.app.archive.backups}

    sit(settings_of(case, tmp_path), scenario, size=size)
    assert fingerprint(case.state) == before


@pytest.mark.parametrize("size", [LARGE])
def test_the_first_screen_tells_the_verdict_the_copies_and_the_best(
    corpus_case: Copy, tmp_path: Path, size: tuple[int, int]
) -> None:
    async def scenario(seat: Seat) -> None:
        text = seat.text()
        assert "1 key, 2 copies" in text
        assert "◆ 1 damaged" in text
        assert "live  complete" in text
        assert "★ orphan  complete" in text
        assert "2026-11-23 07:52  16 msgs" in text
        assert "reasoning-required" in text
        assert "would see 16 messages" in " ".join(text.replace("│", " ").split())

    sit(settings_of(corpus_case(RESET), tmp_path), scenario, size=size)


def test_the_worst_key_stands_first(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        verdicts = [group.verdict for group in seat.app.groups if group.verdict is not None]
        assert verdicts[0] is Verdict.DEAD
        assert verdicts == sorted(verdicts, key=lambda verdict: verdict.rank)
        assert "✖" in seat.rows()[1]

    sit(settings_of(corpus_case("2026.7.1/dead-compact-400-chat"), tmp_path), scenario)


def test_the_conversation_has_roles_times_and_ends_at_its_end(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        await seat.press("down", "down")
        text = seat.text()
        assert "Assistant" in text
        assert "07:52:50" in text
        await seat.press("tab", "home")
        text = seat.text()
        assert "2026-11-23 ┄" in text
        assert "You" in text
        assert "turn 0: The quick brown fox" in text
        assert "more characters (Enter unfolds)" in "\n".join(_entry(seat, 0))

    sit(settings_of(corpus_case(RESET), tmp_path), scenario)


def _entry(seat: Seat, index: int) -> list[str]:
    return ["".join(text for text, _ in row) for row in seat.app.talk.draw(index, 60)]


def test_tool_calls_are_folded_and_unfold(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        shelf, talk = seat.app.shelf, seat.app.talk
        await seat.press("down", "enter")
        place = next(at for at in range(talk.count()) if talk._shown[at].calls)
        folded = _entry(seat, place)
        assert any(row.startswith("▎ → ") for row in folded)
        talk.go_to(place)
        await seat.press("enter")
        assert talk.is_unfolded(talk._shown[place])
        assert len(_entry(seat, place)) > len(folded)
        await seat.press("enter")
        assert _entry(seat, place) == folded
        result = next(at for at in range(talk.count()) if talk._shown[at].tool)
        assert "↳ " in _entry(seat, result)[-1]
        assert shelf.opened

    sit(settings_of(corpus_case("2026.4.15/tg-topic-healthy-toolcalls"), tmp_path), scenario, size=LARGE)


def test_compactions_are_marked(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        await seat.press("down", "enter")
        drawn = ["\n".join(_entry(seat, at)) for at in range(seat.app.talk.count())]
        assert any(rows.splitlines()[0].startswith("━━ Compaction ━") for rows in drawn if "━" in rows)

    sit(settings_of(corpus_case("2026.9.6/healthy-compacted"), tmp_path), scenario)


def test_the_mouse_opens_keys_copies_and_entries(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        shelf, talk = seat.app.shelf, seat.app.talk
        await seat.pilot.click("#shelf", offset=(4, 0))
        await seat.settle()
        assert not shelf.opened
        await seat.pilot.click("#shelf", offset=(4, 0))
        await seat.settle()
        await seat.pilot.click("#shelf", offset=(8, 4))
        await seat.settle()
        assert seat.node() is not None
        assert talk.count() == 16
        before = talk.scroll_offset.y
        await seat.pilot._post_mouse_events([_wheel()], "#conversation", offset=(5, 5))
        await seat.settle()
        assert talk.scroll_offset.y < before
        talk.go_to(0)
        talk.scroll_row(talk.end(0) + 1)
        await seat.settle()
        await seat.pilot.click("#conversation", offset=(5, 2))
        await seat.settle()
        chosen = talk.cursor
        assert chosen == 1
        assert not talk.is_unfolded(talk._shown[chosen])
        await seat.pilot.click("#conversation", offset=(5, 2))
        await seat.settle()
        assert talk.is_unfolded(talk._shown[chosen])
        await seat.pilot.click("Footer", offset=(3, 0))
        await seat.settle()
        assert "Search" in seat.app.screen.query_one(".box").border_title

    sit(settings_of(corpus_case(RESET), tmp_path), scenario)


def _wheel() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


def test_any_size_and_both_themes_hold(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        await seat.press("down", "down", "enter")
        for size in ((250, 40), (40, 10), (120, 30)):
            await seat.pilot.resize_terminal(*size)
            await seat.settle()
            rows = seat.rows()
            assert any("▎ " in row for row in rows), size
        await seat.press("t")
        assert seat.app.theme == "clawmedic-light"
        seat.rows()
        await seat.press("z")
        assert "orphan  complete\n" not in seat.text()
        assert seat.text().count("★") == 1
        await seat.press("z", "m")
        assert "settings and records are shown" in seat.text()
        assert seat.app.talk.count() == 27

    sit(settings_of(corpus_case(RESET), tmp_path), scenario)


def test_without_colour_nothing_is_coloured_and_the_cursor_is_seen(
    corpus_case: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scenario(seat: Seat) -> None:
        await seat.press("down", "down")
        strips = seat.app.screen._compositor.render_strips()
        filters = seat.app.get_line_filters()
        reversed_rows = 0
        for strip in strips:
            shown = strip
            for line_filter in filters:
                shown = shown.apply_filter(line_filter, seat.app.screen.background_colors[1])
            colours = {segment.style.color.name for segment in shown if segment.style and segment.style.color}
            assert colours <= {"default"}
            reversed_rows += any(segment.style and segment.style.reverse for segment in shown)
        assert reversed_rows >= 2

    sit(settings_of(corpus_case(RESET), tmp_path, NO_COLOR="1"), scenario)


def test_help_lists_every_key_and_escape_closes_it(corpus_case: Copy, tmp_path: Path) -> None:
    async def scenario(seat: Seat) -> None:
        await seat.press("question_mark")
        text = seat.text()
        for words in (
            "search this copy",
            "mark a copy",
            "export as Markdown",
            "restore to a file",
            "look again",
            "leave",
            "Close",
        ):
            assert words in text
        await seat.press("escape")
        assert "search this copy" not in seat.text()
        await seat.press("q")
        assert seat.app._exit

    sit(settings_of(corpus_case(RESET), tmp_path), scenario)
