from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcript_lines import file_samples

from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.entry import TEXT_LIMIT, Entry, Malformed
from clawmedic.transcripts.failures import is_auto_reset_text, is_failure_text
from clawmedic.transcripts.parse import epoch_ms, parse_entry


def line(data: bytes, **more: object) -> RawEntry:
    return RawEntry(7, 0, data, len(data), **more)


def entry(value: object) -> Entry:
    found = parse_entry(line(json.dumps(value).encode()))
    assert isinstance(found, Entry)
    return found


def assistant(**more: object) -> Entry:
    message = {"role": "assistant", "content": [], "provider": "fake", "stopReason": "stop"} | more
    return entry({"type": "message", "message": message})


def test_every_line_of_the_corpus_is_an_entry():
    samples = list(file_samples())
    assert len(samples) > 50
    for sample in samples:
        for raw in sample.lines:
            found = parse_entry(raw)
            assert isinstance(found, Entry), (sample.case, raw.line)
            value = json.loads(raw.data)
            assert found.type == value["type"]
            assert found.parent_id == value.get("parentId")
            assert found.at is not None


def test_a_draft_is_as_frozen_as_its_value():
    found = entry({"type": "message", "id": "a", "message": {"role": "user", "content": "hi"}})
    assert type(found) is Entry
    assert found == Entry(7, "message", found.size_bytes, id="a", role="user", text="hi", text_chars=2)
    with pytest.raises(AttributeError):
        found.line = 8  # type: ignore[misc]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty line"),
        (b"   ", "empty line"),
        (b'{"type":"message"', "unexpected end"),
        (b'{"type":"a\x00b"}', "NUL"),
        (b'{"type":"a\nb"}', "control"),
        (b"[1,2]", "a list"),
        (b"3", "bare int"),
        (b"null", "bare NoneType"),
        (b'{"id":"x"}', "without a type"),
        (b'{"type":3}', "without a type"),
        (b'{"type":""}', "without a type"),
        (b'{"type":"message","x":NaN}', ""),
        (b"\xff\xfe\x00", "NUL"),
        (b"\xc3\x28 not json", "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"type":"message","message":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001, "nested too deeply"),
    ],
)
def test_what_is_no_entry_says_why(data, reason):
    found = parse_entry(line(data))
    assert isinstance(found, Malformed)
    assert reason.lower() in found.reason.lower()
    assert not found.torn


def test_torn_and_oversized():
    torn = parse_entry(line(b'{"type":"mess', terminated=False))
    assert isinstance(torn, Malformed)
    assert torn.torn
    assert isinstance(parse_entry(line(b'{"type":"label"}', terminated=False)), Entry)
    assert isinstance(parse_entry(RawEntry(1, 0, b"", 10**9, oversized=True)), Malformed)


def test_lone_surrogates_and_bytes_that_are_not_utf8_are_read_as_openclaw_reads_them():
    found = parse_entry(line(b'{"type":"message","message":{"role":"user","content":"a\\ud83db"}}'))
    assert isinstance(found, Entry)
    assert found.text.encode() == b"a?b"
    found = parse_entry(line(b'{"type":"message","message":{"role":"user","content":"a\xffb"}}'))
    assert isinstance(found, Entry)
    assert found.text == "a�b"


@pytest.mark.parametrize(
    ("version", "expected"), [(3, 3), (4, 4), ("4", 4), (1.0, 1), (None, None), ("x", None), (True, None)]
)
def test_header(version, expected):
    found = entry({"type": "session", "id": "abc", "version": version, "parentSession": "/x.jsonl"})
    assert (found.version, found.session_id, found.parent_session) == (expected, "abc", "/x.jsonl")


def test_content_as_text_and_as_blocks():
    found = entry({"type": "message", "message": {"role": "user", "content": "x" * 9_000}})
    assert (len(found.text), found.text_chars, found.empty_content) == (TEXT_LIMIT, 9_000, False)
    blocks = [
        {"type": "thinking", "thinking": "abc"},
        {"type": "text", "text": "one"},
        {"type": "text", "text": "two"},
        {"type": "toolCall", "id": "c1", "name": "exec", "arguments": {}},
        "loose",
        None,
        {"type": ["no"]},
    ]
    found = assistant(content=blocks, stopReason="toolUse")
    assert (found.text, found.text_chars, found.thinking_chars) == ("one\ntwo", 6, 3)
    assert [(call.id, call.name) for call in found.tool_calls] == [("c1", "exec")]
    assert not found.empty_content


@pytest.mark.parametrize("content", [None, [], "", [{"type": "text", "text": ""}], 5, {}])
def test_empty_content(content):
    assert assistant(content=content).empty_content


@pytest.mark.parametrize("message", [None, [], "x", 3, {}, {"role": None}, {"role": ""}, {"role": 3}])
def test_a_message_without_a_role(message):
    assert entry({"type": "message", "message": message}).null_role


def test_usage_is_tolerant():
    def total(usage: object) -> int | None:
        found = assistant(usage=usage).usage
        return found.total if found else None

    assert total({"input": 5, "output": 2, "cacheRead": 3, "cacheWrite": 0, "totalTokens": 10}) == 10
    assert total({"input": 5, "output": "2", "cacheRead": 1.0}) == 8
    assert total({"input": -5, "output": None, "totalTokens": 2**80}) == 0
    assert total({}) == 0
    assert total([1]) is None
    assert assistant(usage={"input": 5, "cacheRead": 7, "output": 1}).usage.prompt == 12


def test_control_entries():
    leaf = entry({"type": "leaf", "id": "l", "targetId": "t", "appendParentId": "a", "appendMode": "side"})
    assert (leaf.target_id, leaf.append_parent_id, leaf.side) == ("t", "a", True)
    compaction = entry(
        {"type": "compaction", "summary": "s" * 10, "firstKeptEntryId": "k", "tokensBefore": "12"}
    )
    assert (compaction.summary_chars, compaction.first_kept_id, compaction.tokens_before) == (10, "k", 12)
    custom = entry(
        {"type": "custom", "customType": "openclaw:prompt-error", "data": {"error": "e", "model": "m"}}
    )
    assert (custom.custom_type, custom.error_message, custom.model) == ("openclaw:prompt-error", "e", "m")
    message = {"role": "toolResult", "toolCallId": "c", "toolName": "exec", "isError": True, "content": []}
    result = entry({"type": "message", "message": message})
    assert (result.tool_call_id, result.tool_name, result.is_error) == ("c", "exec", True)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-23T08:22:02.403Z", 1795422122403),
        ("2026-11-23T09:22:02.403+01:00", 1795422122403),
        ("2026-11-23T08:22:02", 1795422122000),
        (1795422122403, 1795422122403),
        ("1", None),
        ("", None),
        (None, None),
        ([1], None),
        ({}, None),
        (True, None),
        (-5, None),
        (float("inf"), None),
        ("9999-99-99T00:00:00Z", None),
    ],
)
def test_time_stamps(stamp, expected):
    assert epoch_ms(stamp) == expected
    if stamp != float("inf"):
        assert entry({"type": "label", "timestamp": stamp}).at == expected


REPLIES = [
    "⚠️ Context limit exceeded. I've reset our conversation to start fresh - please try again.",
    "⚠️ Context limit exceeded during compaction. I\u2019ve reset our conversation",
    "Context overflow: prompt too large for the model. Try /reset (or /new)",
    "⚠️ Auto-compaction could not recover this turn. I kept this conversation",
    "⚠️ Context is too large and auto-compaction could not recover this turn. Reason: x",
    "⚠️ Context is too large and auto-compaction timed out before it could finish.",
    "⚠️ Previous run is still shutting down. Please try again in a moment.",
    "⚠️ API rate limit reached. Please try again later.",
    "  ⚠ You exceeded your current quota, please check your plan and billing details.",
    "LLM request failed: network connection error.",
    "LLM request failed.",
    "⚠️ fake/big request failed (request timed out, HTTP 408). This is usually temporary",
    "I couldn't continue this session after a gateway restart. Your transcript is safe.",
    "I was interrupted by a gateway restart and couldn't safely resume the previous turn.",
    'Session "agent:main:main" ended during restart recovery. Use /new or /reset',
    "All models failed (1): fake/big: Provider fake has auth issue",
]


@pytest.mark.parametrize("text", REPLIES)
def test_failure_replies(text):
    assert is_failure_text(text)
    assert assistant(content=text, provider="openclaw").failure_text
    assert assistant(content=text, provider="fake", usage={"totalTokens": 0}).failure_text
    quoting = assistant(content=text, provider="fake", usage={"input": 10, "totalTokens": 10})
    assert not quoting.failure_text
    assert quoting.is_answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The log says: LLM request failed.",
        "✅ New session started.",
        "[clawmedic]\n\nContext overflow: no",
        "request failed (x)",
    ],
)
def test_other_texts_are_no_failures(text):
    assert not is_failure_text(text)
    assert not assistant(content=text, provider="openclaw").failure_text


def test_only_the_reset_note_is_the_fingerprint_of_a_reset():
    assert [is_auto_reset_text(text) for text in REPLIES] == [True, True] + [False] * (len(REPLIES) - 2)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "type",
        "id",
        "parentId",
        "timestamp",
        "message",
        "role",
        "content",
        "usage",
        "summary",
        "data",
        "version",
        "appendMode",
    ]
)
FIELDS = st.sampled_from(
    ["role", "content", "usage", "provider", "stopReason", "toolCallId", "timestamp", "errorMessage"]
)
KINDS = st.sampled_from(
    [
        "session",
        "message",
        "compaction",
        "custom",
        "custom_message",
        "leaf",
        "reset",
        "model_change",
        "branch_summary",
        "x",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_or_a_reason(data):
    assert isinstance(parse_entry(line(data)), Entry | Malformed)


@settings(max_examples=100, deadline=None)
@given(KINDS, st.dictionaries(NAMES, JSON, max_size=6), st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_object_with_a_type_is_an_entry(kind, value, message):
    found = parse_entry(line(json.dumps({"message": message} | value | {"type": kind}).encode()))
    assert isinstance(found, Entry)
    assert isinstance(found.id, str)
    assert isinstance(found.text, str)
    assert found.at is None or found.at >= 0 or isinstance(value.get("timestamp"), str)
    hash(found)
    assert found.is_answer in (True, False)
