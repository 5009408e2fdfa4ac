"""What a copy's content is called, and that the quick look and the thorough one agree."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_stage import SESSION_ID, by_name, header, lines, packed, talk, words
from clawmedic.backups.quick import quick_summary
from clawmedic.backups.summary import summarise
from clawmedic.model.backup import BackupState
from clawmedic.stores.reader import RawEntry

WHOLE = lines(talk(4))
BODY = lines(talk(4)[1:])
NAME = f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z"


def rows(data: bytes) -> list[RawEntry]:
    found = [RawEntry(number, 0, line, len(line)) for number, line in enumerate(data.split(b"\n"), 1)]
    last = found.pop()
    return (
        [*found, RawEntry(last.line, 0, last.data, last.size_bytes, terminated=False)] if last.data else found
    )


@pytest.mark.parametrize(
    ("data", "state", "words"),
    [
        (WHOLE, BackupState.COMPLETE, ""),
        (WHOLE[:-1], BackupState.COMPLETE, ""),
        (WHOLE[:-40], BackupState.TRUNCATED, "cut off"),
        (BODY, BackupState.HEADER_MISSING, "no session header"),
        (b'{"type":"sess\n' + BODY, BackupState.HEADER_MISSING, "no session header"),
        (WHOLE.replace(b'"question 2"', b'"question 2'), BackupState.DAMAGED, "1 broken line"),
        (WHOLE.replace(b"question 2", b"question\x002"), BackupState.DAMAGED, "NUL"),
        (b"", BackupState.EMPTY, ""),
        (b"\n\n  \n", BackupState.EMPTY, ""),
        (lines([header()]), BackupState.EMPTY, "only a header"),
        (b"just words\n", BackupState.NOT_A_TRANSCRIPT, ""),
        (b'{"a": 1}\n', BackupState.NOT_A_TRANSCRIPT, ""),
        (os.urandom(3000), BackupState.NOT_A_TRANSCRIPT, ""),
    ],
)
def test_state_words(stage, data, state, words):
    stage.live(talk(1))
    stage.put(NAME, data)
    item = by_name(stage.look(), NAME)
    assert (item.state, item.note if not words else "") == (state, "" if words else item.note)
    assert words in item.note


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize(("cut", "state"), [(0, BackupState.COMPLETE), (30, BackupState.TRUNCATED)])
def test_packed_copies_that_end_early(stage, codec, cut, state):
    stage.live(talk(1))
    data = packed(lines(talk(200)), codec)
    stage.put(NAME, data[: len(data) - cut])
    item = by_name(stage.look(), NAME)
    assert item.state is state
    assert ("ends early" in item.note) == bool(cut)
    assert item.entries == 400 if not cut else item.entries < 400


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_packed_copies_with_damage_inside(stage, codec):
    stage.live(talk(1))
    data = bytearray(packed(lines(talk(2000, about="some words that differ")), codec))
    middle = len(data) // 2
    data[middle : middle + 64] = os.urandom(64)
    stage.put(NAME, bytes(data))
    item = by_name(stage.look(), NAME)
    assert item.state in (BackupState.DAMAGED, BackupState.TRUNCATED)
    assert item.note


def test_several_frames_are_one_copy(stage):
    stage.live(talk(1))
    half = len(WHOLE) // 2
    for codec in ("gzip", "zstd"):
        stage.put(f"two.{codec}", packed(WHOLE[:half], codec) + packed(WHOLE[half:], codec))
        assert by_name(stage.look(), f"two.{codec}").state is BackupState.COMPLETE


def test_what_the_model_would_see(stage):
    entries = talk(6)
    compaction = {
        "type": "compaction", "id": "c0000001", "parentId": entries[-1]["id"], "timestamp": entries[-1]["timestamp"],
        "summary": "so far", "firstKeptEntryId": entries[9]["id"], "tokensBefore": 1000,
    }  # fmt: skip
    stage.live([*entries, compaction])
    item = stage.look().backups[0]
    assert (item.messages, item.visible) == (12, 4)


def said(role: str | None, content: object, **more: object) -> dict[str, object]:
    return {"type": "message", "message": {"role": role, "content": content, **more}}


NOTICE = "⚠️ Context limit exceeded. I've reset our conversation"
CALL = {"type": "toolCall", "id": "t", "name": "x"}
ENTRY = st.sampled_from(
    [
        said("user", "hi"),
        said("user", []),
        said("assistant", [], stopReason="error", usage=None),
        said("assistant", words(""), stopReason="stop"),
        said("assistant", [CALL], stopReason="toolUse", usage={"totalTokens": 4}),
        said("assistant", words(NOTICE), provider="openclaw"),
        said("toolResult", words("out"), toolCallId="t"),
        said(None, "x"),
        {"type": "compaction", "summary": "s", "firstKeptEntryId": "e1"},
        {"type": "compaction", "summary": "s", "firstKeptEntryId": "gone"},
        {"type": "custom", "customType": "x", "data": {}},
        {"type": "model_change", "provider": "p", "modelId": "m"},
        {"type": "leaf", "targetId": "e0"},
        {"type": "reset"},
    ]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ENTRY, max_size=12), st.integers(0, 11), st.integers(1, 4000))
def test_the_quick_look_says_what_the_thorough_one_says_or_nothing(shapes, odd, piece):
    entries = [header()]
    for number, shape in enumerate(shapes):
        parent = None if number == 0 else f"e{number - 1}"
        stamp = f"2026-11-23T08:{number:02d}:00.000Z" if number != odd else "2026-11-23T07:00:00.000Z"
        entries.append({**shape, "id": f"e{number}", "parentId": parent, "timestamp": stamp})
    data = lines(entries)
    quick = quick_summary(iter([data[at : at + piece] for at in range(0, len(data), piece)]))
    if quick is not None:
        assert quick == summarise(rows(data))
        assert quick.marks == summarise(rows(data)).marks
    elif all(shape["type"] not in ("leaf", "reset") for shape in shapes):
        assert "null" in json.dumps(shapes), "only a missing role makes one of these shapes unusual"


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2000))
def test_junk_anywhere_never_makes_the_quick_look_wrong(junk, at):
    data = WHOLE[: at % len(WHOLE)] + junk + WHOLE[at % len(WHOLE) :]
    quick = quick_summary(iter([data]))
    assert quick is None or quick == summarise(rows(data))
