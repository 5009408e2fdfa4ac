from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.errors import UsageError
from clawmedic.logs.window import TimeWindow, parse_when

NOW = 1795433400000  # 2026-11-23T11:30:00Z
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", NOW - 90_000),
        ("90m", NOW - 90 * 60_000),
        ("24h", NOW - 24 * HOUR),
        ("1.5h", NOW - HOUR * 3 // 2),
        ("2d", NOW - 48 * HOUR),
        ("1w", NOW - 7 * 24 * HOUR),
        ("2 h ago", NOW - 2 * HOUR),
        ("now", NOW),
        ("2026-11-23T11:00:00Z", NOW - HOUR // 2),
        ("2026-11-23T11:00:00+00:00", NOW - HOUR // 2),
        ("2026-11-23t11:00", NOW - HOUR * 3 // 2),
        ("2026-11-23 11:00:00", NOW - HOUR * 3 // 2),
        ("2026-11-23", NOW - 12 * HOUR - HOUR // 2),
        ("today", NOW - 12 * HOUR - HOUR // 2),
        (" Yesterday ", NOW - 36 * HOUR - HOUR // 2),
    ],
)
def test_moments_as_people_write_them(text, at):
    assert parse_when(text, NOW) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "24",
        "-2h",
        "h",
        "2026-13-01",
        "2026-11-23T25:00",
        "23.11.2026",
        "2027-01-01",
        "99999999w",
        "0001-01-01",
    ],
)
def test_nonsense_and_the_future_are_refused_with_examples(text):
    with pytest.raises(UsageError) as refused:
        parse_when(text, NOW)
    assert "24h" in refused.value.hint


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_refused(text):
    with contextlib.suppress(UsageError):
        assert 0 <= parse_when(text, NOW) <= NOW + 60_000


def test_a_window_is_half_open_and_keeps_what_has_no_time():
    window = TimeWindow(since=10, until=20)
    assert [at for at in (9, 10, 19, 20, None) if at in window] == [10, 19, None]
    assert 5 in TimeWindow()
