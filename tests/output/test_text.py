"""Words for people."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.output.text import (
    age,
    count_of,
    duration,
    in_words,
    iso,
    moment,
    percent,
    size,
    tokens,
    visible,
    without_folder,
)
from clawmedic.settings import Times


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("agent:main:main", "agent:main:main"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("nul\x00", "nul\\x00"),
        ("c1\x9b31m", "c1\\x9b31m"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("\u2066isolate\u2069", "isolate"),
        ("line\u2028sep", "line\\u2028sep"),
        ("half\ud800", "half\\ud800"),
        ("表示 🙂 é", "表示 🙂 é"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_nothing_of_a_key_reaches_the_terminal_raw(raw, shown):
    assert visible(raw) == shown


@given(st.text(alphabet=st.characters(), max_size=60))
@settings(max_examples=80, deadline=None)
def test_visible_text_is_one_printable_line_that_can_be_written(text):
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)
    shown.encode()


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (9949, "9.9 KB"), (9950, "10 KB"),
     (500_000, "500 KB"), (999_499, "999 KB"), (999_500, "1.0 MB"), (3_400_000, "3.4 MB"), (41_000_000_000, "41 GB"),
     (10**18, "1000000 TB")],
)  # fmt: skip
def test_sizes(count, shown):
    assert size(count) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "-"), (950, "950"), (23_456, "23.5k"), (999_949, "999.9k"), (1_200_000, "1.2M")],
)
def test_tokens(count, shown):
    assert tokens(count) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(-5, "0s"), (999, "0s"), (59_000, "59s"), (60_000, "1m"), (119_000, "1m"), (3_599_000, "59m"),
     (7_199_000, "1h"), (172_799_000, "47h"),
     (172_800_000, "2d"), (1_209_600_000, "2w")],
)  # fmt: skip
def test_durations(milliseconds, shown):
    assert duration(milliseconds) == shown


def test_times():
    assert iso(1_795_430_000_123) == "2026-11-23T10:33:20.123Z"
    assert iso(-1) == "1969-12-31T23:59:59.999Z"
    assert iso(None) is None
    assert iso(10**18) is None
    assert moment(1_795_430_000_123, Times(utc=True)) == "2026-11-23 10:33:20 UTC"
    assert moment(1_795_430_000_123, Times(utc=True, iso=True)) == "2026-11-23T10:33:20Z"
    assert moment(10**18, Times()) == "-"
    assert age(None, 5) == "-"


def test_counts():
    assert count_of(1, "session") == "1 session"
    assert count_of(0, "entry", "entries") == "0 entries"
    assert percent(0.979) == "98 %"
    assert percent(None) == "-"
    assert percent(10.0**9) == "9999 %"


def test_evidence_is_said_in_words_and_quotes_stay_as_they_are():
    utc, quote = Times(utc=True), "/var/log/gateway.log:7: 2026-11-23T07:52:56Z [diag] refused"
    assert in_words("refused since 2026-11-23T07:52:56Z, newest 2026-11-23T07:52:59.120Z", utc) == (
        "refused since 2026-11-23 07:52:56 UTC, newest 2026-11-23 07:52:59 UTC"
    )
    assert in_words("at 2026-99-99T07:52:56Z", utc) == "at 2026-99-99T07:52:56Z"
    assert in_words("at 2026-11-23T07:52:56Z", Times(iso=True)) == "at 2026-11-23T07:52:56Z"
    assert in_words(quote, utc) == quote
    assert without_folder(quote) == "gateway.log:7: 2026-11-23T07:52:56Z [diag] refused"
    assert without_folder("a sentence/with: 3: numbers") == "a sentence/with: 3: numbers"
