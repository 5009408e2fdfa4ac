from __future__ import annotations

import pytest
from guard_values import DAY, HOUR, KEY, NOW, sight

from clawmedic.guard.growth import hours_left, note_growth, pace_of, warning
from clawmedic.guard.record import POINTS_KEPT, Attempt, Came, KeyRecord
from clawmedic.model.verdict import Verdict
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.view import view_of_lines


def growing(**changes: object) -> KeyRecord:
    return KeyRecord("main", KEY, **changes)  # type: ignore[arg-type]


def at_risk(tokens: int, pace: int | None = 1_000, **changes: object):
    return sight(verdict=Verdict.AT_RISK, cause=None, tokens=tokens, budget=40_000, pace=pace, **changes)


@pytest.mark.parametrize(
    ("tokens", "pace", "words"),
    [
        (34_500, 1_000, "in about 5 turns"),
        (39_000, 1_000, "in about 1 turn at"),
        (39_500, 1_000, "with the next turn"),
        (41_000, 1_000, "with the next turn"),
        (29_000, 1_000, None),
        (39_000, 10, None),
        (39_000, 0, None),
        (39_000, None, None),
    ],
)
def test_a_warning_says_how_many_turns_are_left(tokens, pace, words):
    found = warning(growing(), at_risk(tokens, pace), warn_turns=10, now=NOW)
    assert (words is None) == (found is None)
    if found is not None:
        assert words in found.title
        assert any("agents.defaults.compaction.model" in line for line in found.lines)


def test_one_warning_for_each_conversation_that_compacts_by_itself():
    record = growing()
    assert warning(record, at_risk(39_000, compactions=1), warn_turns=10, now=NOW)
    assert not warning(record, at_risk(39_900, compactions=1), warn_turns=10, now=NOW)
    for compactions in (2, 3):
        assert not warning(record, at_risk(39_000, compactions=compactions), warn_turns=10, now=NOW)
    assert warning(record, at_risk(40_100, compactions=3), warn_turns=10, now=NOW), "and this time it was not"
    assert warning(record, at_risk(39_000, session_id="s2"), warn_turns=10, now=NOW)
    assert not warning(growing(), at_risk(39_000), warn_turns=0, now=NOW)
    assert not warning(growing(), sight(pace=1_000, tokens=39_000), warn_turns=10, now=NOW), "it is dead"


@pytest.mark.parametrize("warned_for", ["", "s1", "s1/", "s1/x", "s1/²", "s0/0"])
def test_a_note_of_any_form_is_no_reason_to_be_silent(warned_for):
    record = growing(warned_for=warned_for)
    assert warning(record, at_risk(39_000, session_id="s1", compactions=1), warn_turns=10, now=NOW)


def test_a_session_that_had_to_be_rescued_is_warned_of_again():
    record = growing(attempts=[Attempt(NOW - HOUR, "one", Came.RESCUED)])
    for compactions in (1, 2):
        assert warning(record, at_risk(39_000, compactions=compactions), warn_turns=10, now=NOW)


def test_growth_is_remembered_where_it_matters_and_bounded():
    record = growing()
    for hour in range(20):
        note_growth(record, at_risk(20_000 + 1_000 * hour), NOW + hour * HOUR)
        note_growth(record, at_risk(20_000 + 1_000 * hour), NOW + hour * HOUR + 1)
    assert len(record.points) == POINTS_KEPT
    assert hours_left(record, at_risk(39_000)) == pytest.approx(1.0)
    note_growth(record, at_risk(2_000), NOW + DAY)
    assert record.points == []
    assert hours_left(record, at_risk(2_000)) is None


def turn(number: int, total: int) -> list[bytes]:
    usage = f'{{"input": {total - 9}, "output": 9, "totalTokens": {total}}}'
    return [
        f'{{"type":"message","id":"u{number}","message":{{"role":"user","content":"x"}}}}'.encode(),
        (
            f'{{"type":"message","id":"a{number}","message":{{"role":"assistant","content":[],"provider":"p",'
            f'"model":"m","stopReason":"stop","usage":{usage}}}}}'
        ).encode(),
    ]


COMPACTION = [b'{"type":"compaction","id":"c","summary":"## Goal","firstKeptEntryId":"u1","tokensBefore":9}']


@pytest.mark.parametrize(
    ("parts", "pace"),
    [
        ([turn(n, 1_000 * n) for n in range(1, 8)], 1_000),
        ([turn(1, 1_000), turn(2, 2_000)], None),
        (
            [
                *(turn(n, 9_000 * n) for n in range(1, 6)),
                COMPACTION,
                turn(9, 500),
                turn(10, 900),
                turn(11, 1_300),
            ],
            400,
        ),
        ([turn(n, 30_000 - 100 * n) for n in range(1, 8)], 0),
    ],
)
def test_the_pace_is_that_of_the_newest_turns_since_a_compaction(parts, pace):
    header = b'{"type":"session","version":3,"id":"s"}'
    lines = [header, *(line for part in parts for line in part)]
    view = view_of_lines([RawEntry(number, 0, data, len(data)) for number, data in enumerate(lines, 1)])
    assert pace_of(view) == pace
