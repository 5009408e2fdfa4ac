"""Counting by a line's bones and counting by its full parse come to the same, whatever the lines are."""

from __future__ import annotations

import json
import random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcript_lines import file_samples

from clawmedic.transcripts.bones import UNFIT, bones_of
from clawmedic.transcripts.parse import load_line
from clawmedic.transcripts.tally import Tally

ENTRY = {"type": "message", "id": "e1", "parentId": None, "timestamp": "2026-11-28T07:00:00.000Z"}
TEXTS = (
    "",
    " ",
    "x",
    "⚠️ API rate limit reached. Please try again later.",
    "[System] Your previous turn was interrupted",
)
ODD = (None, True, 0, 1, 1.5, -1, "", "x", [], {}, [None], {"type": "text"}, 2**63, 2**70)


def state(tally: Tally) -> dict[str, object]:
    tally.finish()
    return {name: value for name, value in vars(tally).items() if name != "_ids"}


def by_bones(lines: list[bytes]) -> dict[str, object]:
    tally = Tally()
    tally.feed(lines)
    return state(tally)


def by_parse(lines: list[bytes]) -> dict[str, object]:
    tally = Tally()
    for line in lines:
        tally.feed_slowly(line)
    return state(tally)


def mutated(line: bytes, rng: random.Random) -> bytes:
    """A line with one small damage: a byte, a piece, a value of another type."""
    at = rng.randrange(len(line) or 1)
    way = rng.randrange(6)
    if way == 0:
        return line[:at] + bytes([rng.randrange(256)]).replace(b"\n", b" ") + line[at + 1 :]
    if way == 1:
        return line[:at]
    if way == 2:
        return line[:at] + line[at + rng.randrange(1, 9) :]
    if way == 3:
        return (
            line[:at]
            + rng.choice((b"\\", b'"', b"}", b",", b"\t", b"\xff", b"1e999", b"\\ud800"))
            + line[at:]
        )
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line + line
    inside = value
    while isinstance(inside, dict) and inside:
        name = rng.choice(list(inside))
        if not isinstance(inside[name], dict) or rng.random() < 0.4:
            if way == 4:
                inside[name] = rng.choice(ODD[:-1])
            else:
                del inside[name]
            break
        inside = inside[name]
    return orjson.dumps(value)


SAMPLES = [[raw.data for raw in sample.lines] for sample in file_samples()]


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_transcripts_of_real_gateways(number):
    lines = SAMPLES[number]
    assert by_bones(lines) == by_parse(lines)
    rng = random.Random(number)
    for _ in range(8):
        damaged = [mutated(line, rng) if rng.random() < 0.1 else line for line in lines]
        rng.random() < 0.3 and rng.shuffle(damaged)
        assert by_bones(damaged) == by_parse(damaged)


texts = st.sampled_from(TEXTS)
odd = st.sampled_from(ODD)
calls = st.builds(
    lambda kind, name: {"type": kind, "id": name, "name": "exec", "arguments": {}},
    st.sampled_from(["toolCall", "toolUse", "tool_use", "functionCall", "other"]),
    st.sampled_from(["c1", "c2", ""]) | odd,
)
blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, texts | odd),
    st.builds(lambda text: {"type": "thinking", "thinking": text}, texts),
    calls,
    odd,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "assistant", "toolResult", "system"]) | odd,
        "content": texts | st.lists(blocks, max_size=3) | odd,
        "provider": st.sampled_from(["example", "openclaw"]) | odd,
        "stopReason": st.sampled_from(["stop", "toolUse", "error", "aborted", "length"]) | odd,
        "toolCallId": st.sampled_from(["c1", "c2"]) | odd,
        "errorMessage": texts | odd,
        "usage": st.fixed_dictionaries({}, optional={"totalTokens": odd, "input": odd}) | odd,
    },
)
entries = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["message"] * 6 + ["compaction", "reset", "leaf", "custom", "session"]) | odd,
        "id": st.sampled_from(["e1", "e2", "e3"]) | odd,
    },
    optional={
        "parentId": st.sampled_from(["e1", "e2", "e3"]) | odd,
        "message": messages | odd,
        "summary": texts | odd,
        "targetId": st.sampled_from(["e1"]) | odd,
    },
)


def line_of(value: object) -> bytes:
    return json.dumps(value).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(entries.map(line_of), max_size=8))
def test_entries_of_any_shape(lines):
    assert by_bones(lines) == by_parse(lines)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=30).filter(lambda data: b"\n" not in data), st.integers(0, 200))
def test_bytes_of_any_kind_within_an_entry(piece, at):
    whole = orjson.dumps(
        {**ENTRY, "message": {"role": "user", "content": [{"type": "text", "text": "ä\\n" * 20}]}}
    )
    lines = [whole[:at] + piece + whole[at:], whole]
    assert by_bones(lines) == by_parse(lines)


@pytest.mark.parametrize(
    "tail",
    [
        b'"a\x01b"', b'"a\tb"', b'"\\x"', b'"\\u12"', b'"\\ud800"', b'"\xff"', b"01", b"1.", b".5", b"1e", b"-", b"+1",
        b"1e999", b"NaN", b"Infinity", b"nul", b"[1,]", b'{"a":1,}', b'{"a"}', b"{1:2}", b"[1 2]", b"1,", b"'a'",
        b'"a"/**/', b"1\x00", b'"\\u0000"', b"1}{", b"1_0", b"0x1", b"[" * 600, b"[" * 600 + b"]" * 600,
    ],
)  # fmt: skip
def test_what_is_no_json_is_found_in_the_parts_nobody_asks_for(tail):
    line = (
        b'{"type":"message","id":"a","parentId":null,"message":{"role":"user","content":"x","z":%s}}' % tail
    )
    assert by_bones([line]) == by_parse([line])
    malformed = bool(load_line(line)[1])
    assert by_bones([line])["counts"] == ({"malformed": 1} if malformed else {})
    try:
        bones_of(line)
    except UNFIT:
        return
    assert not malformed
