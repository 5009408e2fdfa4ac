"""The page's shapes: widths, eliding, plain text away from a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from clawmedic.output.screen import Cell, Column, Screen, elide, fit_widths
from clawmedic.settings import Settings, World

COLUMNS = [Column("VERDICT"), Column("SESSION", flexible=True), Column("SIZE", "right")]


def screen(capsys_width: int, **env: str) -> Screen:
    world = World(
        env={"COLUMNS": str(capsys_width), **env},
        home=Path("/nowhere"),
        cwd=Path("/"),
        tmp=Path("/tmp"),
        uid=0,
    )
    return Screen(Settings(world=world, state_dir=Path("/nowhere")))


@given(st.text(max_size=80), st.integers(min_value=8, max_value=60))
@settings(max_examples=80, deadline=None)
def test_elided_text_fits(text, width):
    assert cell_len(elide(text, width)) <= width


def test_a_key_is_elided_in_the_middle():
    shown = elide("agent:main:telegram:group:-1001000000021:topic:42", 30)
    assert shown.startswith("agent:")
    assert "…" in shown
    assert shown.endswith("0000021:topic:42")


def test_wide_characters_are_counted_in_cells():
    assert cell_len(elide("表" * 40, 21)) <= 21
    assert cell_len(elide("🙂" * 40, 20)) <= 20


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_of_a_table_is_wider_than_the_page(width, capsys):
    rows = [[Cell("✖ dead"), Cell("agent:main:" + "長い鍵" * 60), Cell("1.2 MB")]]
    screen(width).table(COLUMNS, rows)
    for line in capsys.readouterr().out.splitlines():
        assert cell_len(line) <= width


def test_the_columns_stand_in_line_with_wide_characters(capsys):
    rows = [[Cell("x"), Cell("表示"), Cell("1 B")], [Cell("x"), Cell("abcd"), Cell("9 B")]]
    screen(80).table(COLUMNS, rows)
    _, first, second = capsys.readouterr().out.splitlines()
    assert cell_len(first[: first.index("1 B")]) == cell_len(second[: second.index("9 B")])


def test_fixed_columns_keep_what_they_need():
    rows = [[Cell("running-without-process"), Cell("k" * 300), Cell("100 MB")]]
    widths = fit_widths(COLUMNS, rows, 80)
    assert widths[0] == len("running-without-process")
    assert widths[2] == len("100 MB")
    assert sum(widths) + 4 == 80


def test_brackets_are_text_not_markup(capsys):
    page = screen(80)
    page.line("[bold]x[/bold] [link=http://x]y[/link] :smile:")
    page.table([Column("K", flexible=True)], [[Cell("[red]key[/]")]])
    out = capsys.readouterr().out
    assert "[bold]x[/bold] [link=http://x]y[/link] :smile:" in out
    assert "[red]key[/]" in out


def test_a_command_is_never_wrapped(capsys):
    screen(40).exact("next", "clawmedic diagnose " + "k" * 90)
    assert capsys.readouterr().out == "  next     clawmedic diagnose " + "k" * 90 + "\n"


def test_long_text_wraps_under_itself(capsys):
    screen(60).labelled("why", "word " * 40)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert all(line.startswith(" " * 11) for line in lines[1:])
    assert all(len(line) <= 60 for line in lines)


def test_no_escape_sequence_away_from_a_terminal(capsys):
    page = screen(80)
    page.line(("red", "bold red"))
    page.heading("Head")
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("columns", ["", "abc", "0", "-5", "99999999999999", "²"])
def test_an_odd_width_is_ignored(columns, capsys):
    world = World(env={"COLUMNS": columns}, home=Path("/nowhere"), cwd=Path("/"), tmp=Path("/tmp"), uid=0)
    assert Screen(Settings(world=world, state_dir=Path("/nowhere"))).width == 120
    capsys.readouterr()


def test_a_bar_without_utf_8_is_ascii(monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    (full, _), (empty, _) = screen(80).bar(0.5, 10, "")
    assert (full, empty) == ("#####", "-----")


def test_a_bar_never_overflows():
    for share in (-1, 0, 0.001, 0.5, 1, 7.5):
        (full, _), (empty, _) = screen(80).bar(share, 20, "")
        assert len(full + empty) == 20
    assert len(screen(80).bar(0.001, 20, "")[0][0]) == 1


def test_prose_loses_its_end_and_keys_their_middle(capsys):
    columns = [Column("K", flexible=True), Column("P", flexible=True, loses="end")]
    screen(60).table(columns, [[Cell("first" + "x" * 50 + "last"), Cell("first " + "word " * 20 + "last")]])
    row = capsys.readouterr().out.splitlines()[1]
    assert row.startswith("first")
    assert "last  first word" in row
    assert row.endswith("…")


def test_a_sentence_stands_under_its_row_where_there_is_no_room_beside_it(capsys):
    columns = [Column("SESSION", flexible=True), Column("WHY", flexible=True, loses="end", below=110)]
    rows = [[Cell("agent:main:main"), Cell("because " * 20)], [Cell("agent:main:other"), Cell("")]]
    screen(80).table(columns, rows)
    head, first, *under, last = capsys.readouterr().out.splitlines()
    assert (head, first, last) == ("SESSION", "agent:main:main", "agent:main:other")
    assert " ".join(under).split() == ["because"] * 20
    assert all(line.startswith("  because") and cell_len(line) <= 80 for line in under)
    screen(120).table(columns, rows)
    assert capsys.readouterr().out.splitlines()[1].endswith("…")
