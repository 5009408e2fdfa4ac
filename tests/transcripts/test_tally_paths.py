"""Counting by a line's bones and counting by its full parse come to the same, whatever the lines are."""

from __future__ import annotations

import json
import random
from itertools import product

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcript_lines import Writer, file_samples

from clawmedic.transcripts.bones import UNFIT, bones_of
from clawmedic.transcripts.parse import load_line
from clawmedic.transcripts.split import parts_of, tally_large
from clawmedic.transcripts.tally import Tally, tally_file

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


@settings(max_examples=60, deadline=None)
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


USED = {"input": 9, "totalTokens": 12}
SAYS = [{"type": "text", "text": "well"}]
CALLS = [{"type": "toolCall", "id": "c1", "name": "exec", "arguments": {}}]


STOPS = ("stop", "toolUse", "error", "aborted", "length", None)
CONTENTS = (SAYS, CALLS, [*SAYS, *CALLS], [{"type": "text", "text": ""}], [], "well")
USAGES = (USED, {"totalTokens": 0}, {"input": 9}, {"totalTokens": -1}, None)


@pytest.mark.parametrize("provider", ["example", "openclaw", "", None])
def test_every_sort_of_answer(provider):
    asked = {"role": "user", "content": "ask"}
    again = {"role": "toolResult", "toolCallId": "c1", "content": SAYS}
    for stop, content, usage in product(STOPS, CONTENTS, USAGES):
        answer = {
            "role": "assistant",
            "content": content,
            "provider": provider,
            "stopReason": stop,
            "usage": usage,
        }
        lines = [
            line_of({**ENTRY, "id": f"e{number}", "parentId": f"e{number - 1}", "message": message})
            for number, message in enumerate((asked, answer, again, answer, asked))
        ]
        assert by_bones(lines) == by_parse(lines), (stop, content, usage)


def in_parts_and_whole(path, lines: list[bytes], *, processes: int = 3, limit: int = 2**20):
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    parted = tally_large(str(path), path.stat().st_size, line_limit=limit, processes=processes)
    return parted, tally_file(str(path), line_limit=limit)


def same(parted: Tally, whole: Tally) -> bool:
    return {**vars(parted), "_ids": None} == {**vars(whole), "_ids": None}


@pytest.mark.parametrize("number", range(0, len(SAMPLES), 4))
def test_in_parts_a_transcript_counts_the_same(number, tmp_path):
    path = tmp_path / "a.jsonl"
    rng = random.Random(number)
    for damaged in (False, True):
        lines = [mutated(line, rng) if damaged and rng.random() < 0.1 else line for line in SAMPLES[number]]
        parted, whole = in_parts_and_whole(path, [line.replace(b"\n", b" ") for line in lines])
        assert same(parted, whole)


def busy_talk(seed: int) -> list[bytes]:
    """Everything that a count remembers from line to line, in any order."""
    rng, writer = random.Random(seed), Writer()
    steps = (
        "user",
        "answer",
        "answer",
        "error",
        "compaction",
        "call",
        "result",
        "reset",
        "note",
        "stray",
        "jump",
    )
    for number in range(rng.randrange(20, 200)):
        step = rng.choice(steps)
        if step == "call":
            writer.call(f"c{number}")
        elif step in ("result", "stray"):
            writer.result(f"c{number - 1 if step == 'result' else 'x'}", "y" * 40)
        elif step == "compaction":
            writer.compaction("" if rng.random() < 0.3 else "what was said and decided " * 20)
        elif step == "reset":
            writer.add("reset", summary="")
        elif step == "note":
            writer.note("⚠️ API rate limit reached. Please try again later.")
        elif step == "jump":
            writer.parent = rng.choice([None, "e1", "nowhere"])
        else:
            getattr(writer, step)(*(["ask"] if step == "user" else []))
    return writer.data().splitlines()


@pytest.mark.parametrize("seed", range(40))
def test_in_parts_everything_that_is_remembered_is_carried_on(seed, tmp_path):
    lines = busy_talk(seed)
    rng = random.Random(seed)
    lines.insert(rng.randrange(1, len(lines)), b"{broken")
    lines.insert(rng.randrange(1, len(lines)), lines[-1])
    lines.insert(rng.randrange(1, len(lines)), b'{"z":"' + b"z" * 5_000)
    path = tmp_path / "a.jsonl"
    for processes in (2, 8):
        parted, whole = in_parts_and_whole(path, lines, processes=processes, limit=4_000)
        assert same(parted, whole)
    assert same(*in_parts_and_whole(path, []))


def test_parts_begin_behind_an_answer(tmp_path):
    path = tmp_path / "a.jsonl"
    writer = Writer()
    for number in range(50):
        writer.user(f"ask {number}")
        writer.answer()
    path.write_bytes(writer.data())
    parts = parts_of(str(path), 4, line_limit=2**20)
    assert len(parts) == 4
    assert [part.end for part in parts] == [*(part.start for part in parts[1:]), None]
    lines = path.read_bytes()
    assert all(b'"stop"' in lines[: part.start].splitlines()[-1] for part in parts[1:])
    assert [len(parts_of(str(path), count, line_limit=2**20)) for count in (1, 200)] == [1, 50]
