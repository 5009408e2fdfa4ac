from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.logs.records import Level
from clawmedic.logs.shapes import LINE_LIMIT, LineParser, day_in_name
from clawmedic.logs.sniffing import first_day, sniff

AT = 1795420026711
STAMP = "2026-11-23T07:47:06.711"
TEXT = 'auto-compaction failed for fake/big: Summarization failed: 429 Rate "limit" — später'
PLAIN = "[agent/embedded] " + TEXT


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def tslog(text=TEXT, **more):
    name = '{"subsystem":"agent/embedded"}'
    meta = {
        "name": name,
        "parentNames": ["openclaw"],
        "date": STAMP + "Z",
        "logLevelId": 4,
        "logLevelName": "WARN",
    }
    return json.dumps(
        {"0": name, "1": text, "_meta": meta, "time": STAMP + "+00:00", **more}, ensure_ascii=False
    )


def journal(message, **more):
    return json.dumps({"__REALTIME_TIMESTAMP": f"{AT}123", "_PID": "4711", "MESSAGE": message, **more})


def parse(line, **parser):
    raw = line if isinstance(line, bytes) else line.encode()
    return LineParser("x.log", AT + 3_600_000, **parser).parse(raw, 7)


WITH_LEVEL = {
    "tslog 4.15": tslog(),
    "tslog 7.1": tslog(hostname="vm", message=TEXT, traceId="4489ee18", spanId="ea26"),
    "console json": json.dumps(
        {"time": STAMP + "Z", "level": "warn", "subsystem": "agent/embedded", "message": TEXT}
    ),
    "journald json around json": journal(
        json.dumps({"time": STAMP + "Z", "level": "warn", "subsystem": "agent/embedded", "message": TEXT})
    ),
    "docker json file": json.dumps({"log": tslog() + "\n", "stream": "stderr", "time": STAMP + "000000Z"}),
    "compose around json": "gateway-1  | " + tslog(),
}
WITHOUT_LEVEL = {
    "compact": f"{STAMP}+00:00 {PLAIN}",
    "compact, another zone": f"2026-11-23T08:47:06.711+01:00 {PLAIN}",
    "docker logs -t": f"2026-11-23T07:47:06.999999999Z {STAMP}+00:00 {PLAIN}",
    "docker compose": f"gateway-1  | {STAMP}+00:00 {PLAIN}",
    "container runtime": f"2026-11-23T07:47:06.999999999Z stderr F {STAMP}+00:00 {PLAIN}",
    "journald short": f"Nov 23 07:47:07 host openclaw[4711]: {STAMP}+00:00 {PLAIN}",
    "journald short-iso": f"2026-11-23T07:47:07+0000 host openclaw[4711]: {STAMP}+00:00 {PLAIN}",
    "journald short-full": f"Mon 2026-11-23 07:47:07 UTC host openclaw-gateway[4711]: {STAMP}+00:00 {PLAIN}",
    "journald json": journal(f"{STAMP}+00:00 {PLAIN}"),
    "journald json, bytes": journal(list(f"{STAMP}+00:00 \x1b[31m{PLAIN}\x1b[39m".encode())),
    "ansi": f"\x1b[90m{STAMP}+00:00\x1b[39m \x1b[36m[agent/embedded]\x1b[39m \x1b[33m{TEXT}\x1b[39m",
}


@pytest.mark.parametrize("shape", WITH_LEVEL | WITHOUT_LEVEL)
def test_the_same_message_comes_out_of_every_shape(shape):
    record = parse((WITH_LEVEL | WITHOUT_LEVEL)[shape])
    assert (record.text, record.subsystem, record.at) == (TEXT, "agent/embedded", AT)
    assert record.level is (Level.WARN if shape in WITH_LEVEL else Level.UNKNOWN)
    assert record.line == 7


@pytest.mark.parametrize("shape", [name for name in WITHOUT_LEVEL if name.startswith("journald")])
def test_journald_gives_the_process(shape):
    assert parse(WITHOUT_LEVEL[shape]).pid == 4711


def test_a_journald_line_without_own_time_takes_the_journals():
    assert parse(journal(PLAIN)).at == AT
    assert parse(f"Nov 23 07:47:06 host openclaw[1]: {PLAIN}").at == AT - 711


def test_a_time_of_day_is_dated_by_the_file():
    parser = LineParser("x.log", AT, first_day=day_in_name("openclaw-2026-11-22.log"))
    before = parser.parse(b"23:59:59 [agent/embedded] a", 1)
    after = parser.parse(b"00:00:01 [agent/embedded] b", 2)
    assert after.at - before.at == 2_000
    assert datetime.fromtimestamp(before.at / 1000, UTC).isoformat() == "2026-11-22T23:59:59+00:00"


def test_the_first_day_of_a_file_without_dates_is_counted_back_from_its_last_change():
    data = b"22:00:00 [a] x\n03:00:00 [a] x\n23:00:00 [a] x\n00:30:00 [a] x\n"
    left = [data]
    day = first_day(lambda _: left.pop() if left else b"", AT)
    assert day.isoformat() == "2026-11-21"


def test_a_first_line_later_than_the_present_is_of_yesterday():
    record = LineParser("x.log", AT).parse(b"23:00:00 [gateway] ready", 1)
    assert datetime.fromtimestamp(record.at / 1000, UTC).isoformat() == "2026-11-22T23:00:00+00:00"


def test_a_raw_console_record_has_no_subsystem():
    meta = {"name": "openclaw", "logLevelId": 5, "logLevelName": "ERROR", "date": STAMP + "Z"}
    record = parse(json.dumps({"0": "Auto-compaction failed (x).", "_meta": meta, "time": STAMP + "+00:00"}))
    assert (record.subsystem, record.level, record.text) == ("", Level.ERROR, "Auto-compaction failed (x).")
    bare = parse(f"{STAMP}+00:00 Auto-compaction failed (x).")
    assert (bare.subsystem, bare.text, bare.at) == ("", record.text, AT)


def test_objects_in_a_record_stay_visible_after_the_message():
    record = parse(
        tslog(
            {"errorMessage": "Command reached its deadline", "nested": {"a": [1]}, "n": 3},
            **{"2": "it failed"},
        )
    )
    assert record.text == 'it failed errorMessage="Command reached its deadline" nested={"a":[1]} n=3'


def test_the_size_cap_marker_is_read():
    marker = {
        "time": STAMP + "Z",
        "level": "warn",
        "subsystem": "logging",
        "message": "log file size cap reached;",
    }
    record = parse(json.dumps(marker | {"file": "/x.log"}))
    assert (record.level, record.subsystem) == (Level.WARN, "logging")
    assert record.text.startswith("log file size cap reached;")


def test_a_stack_trace_belongs_to_the_line_before_it():
    head = b"2026-11-23T07:47:06+00:00 [x] failed\n    at run (file:1)\n"
    assert sniff(head).timestamped
    assert parse("    at run (file:1)", timestamped=True) is None
    assert parse("[agent/embedded] no time at all", timestamped=False).subsystem == "agent/embedded"


BROKEN = {
    "empty": b"",
    "blank": b" \r\n",
    "nul": b"\x00\x00\x00",
    "torn json": tslog().encode()[:120],
    "unknown object": b'{"a":1}',
    "deep": b'{"_meta":{},"0":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "envelopes": b'{"log":"{\\"log\\":\\"{}\\",\\"stream\\":\\"x\\"}","stream":"x"}',
    "invalid utf-8": b'{"0":"\xff\xfe","_meta":{}}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_damage_is_passed_over(name):
    assert parse(BROKEN[name]) is None


def test_wrong_types_give_a_record_without_the_field():
    record = parse(
        b'{"0":5,"1":null,"_meta":{"name":7,"logLevelId":"x","logLevelName":3},"time":[],"traceId":9}'
    )
    assert (record.text, record.at, record.level, record.subsystem, record.trace_id) == (
        "",
        None,
        Level.UNKNOWN,
        "",
        "",
    )


def test_bytes_that_are_no_text_are_replaced():
    record = parse(b"2026-11-23T07:47:06.711+00:00 [agent/embedded] caf\xe9 \x00 end")
    assert record.text == "caf�  end"


def test_a_huge_line_is_cut_not_held():
    record = parse(b"2026-11-23T07:47:06.711+00:00 [a] " + b"x" * (LINE_LIMIT * 2))
    assert len(record.text) <= 16 * 1024


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_passed_over(raw):
    record = LineParser("x", AT, timestamped=bool(len(raw) % 2)).parse(raw, 1)
    assert record is None or isinstance(record.text, str)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "0",
        "1",
        "_meta",
        "time",
        "message",
        "level",
        "log",
        "stream",
        "MESSAGE",
        "_PID",
        "__REALTIME_TIMESTAMP",
        "traceId",
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(KEYS, JSON, max_size=8),
    st.dictionaries(st.sampled_from(["name", "date", "logLevelId", "logLevelName"]), JSON),
)
def test_any_object_is_parsed_or_passed_over(value, meta):
    for whole in (value, value | {"_meta": meta}):
        record = LineParser("x", AT).parse(orjson.dumps(whole), 1)
        assert record is None or (record.at is None or isinstance(record.at, int))


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=80))
def test_any_message_survives_the_file_form(text):
    assert parse(tslog(text)).text == text
