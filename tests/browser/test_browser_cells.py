"""Rows and widths as properties: what is drawn fits, and heights are told as they are drawn."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from clawmedic.backups.conversation import Call, Item, Voice
from clawmedic.output.browser.briefs import brief_of
from clawmedic.output.browser.cells import breaks, fitted, harmless, lines_of
from clawmedic.output.browser.entry_rows import Setting, day_of, entry_height, entry_rows
from clawmedic.output.browser.rows import clipped, flow, marked, spread
from clawmedic.settings import Times

ANY = st.text(
    st.one_of(st.characters(), st.sampled_from("ab \t\n漢한🎉👍\u0301\u200d\ufe0f\u202e\x1b[]")), max_size=300
)
WIDTH = st.integers(10, 120)


@settings(max_examples=80, deadline=None)
@given(ANY, WIDTH)
def test_rows_fit_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
    for line in lines_of(text):
        assert not [char for char in line if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
        cuts = breaks(line, width)
        rows = [line[start:end] for start, end in cuts]
        assert all(cell_len(row) <= width for row in rows)
        assert "".join(rows).replace(" ", "") == line.replace(" ", "")
        assert cell_len(fitted(line, width)) <= width
        assert cell_len("".join(piece for piece, _ in clipped([(line, ""), (line, "x")], width))) <= width
        whole = "".join(piece for piece, _ in spread([(line, "")], [("end", "")], width))
        assert cell_len(whole) == width
        assert whole.endswith("end")
        for row in flow([(line[:20], "a"), (line[20:], "b")], width, head=[("> ", "")], indent="  "):
            assert cell_len("".join(piece for piece, _ in row)) <= width


ITEMS = st.builds(
    Item,
    number=st.integers(1, 99_999),
    line=st.integers(1, 9),
    voice=st.sampled_from(Voice),
    id=st.just("e1"),
    at=st.one_of(st.none(), st.integers(-(10**18), 10**18)),
    text=st.one_of(ANY, ANY.map(lambda text: text * 40)),
    calls=st.lists(st.builds(Call, ANY, ANY), max_size=3).map(tuple),
    thinking=ANY,
    failure=ANY,
    tool=ANY,
    model=ANY,
)


@settings(max_examples=80, deadline=None)
@given(ITEMS, st.integers(20, 116), st.booleans())
def test_heights_are_those_of_the_rows_and_every_row_fits(item: Item, width: int, unfolded: bool) -> None:  # noqa: FBT001
    brief = brief_of(item)
    brief.day = day_of(item.at, times=Times(utc=True))
    setting = Setting(width=width, times=Times(utc=True), wanted=("a",), whole=item if unfolded else None)
    rows = entry_rows(brief, setting)
    assert entry_height(brief, setting) == len(rows)
    assert all(cell_len("".join(text for text, _ in row)) <= width for row in rows)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\tb", "a    b"),
        ("\u202eevil\u2069", "evil"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f 👍\U0001f3fd", "👨👩👧 ❤ 👍"),
        ("e" + "\u0301" * 90, "e" + "\u0301" * 3),
        ("ที่นี่", "ที่นี่"),
    ],
)
def test_harmless_keeps_letters_and_leaves_out_tricks(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_what_was_found_is_marked_without_regard_to_case() -> None:
    assert [piece for piece in marked("Fox and fox", "", ("fox",)) if piece[0]] == [
        ("Fox", "match"),
        (" and ", ""),
        ("fox", "match"),
    ]
