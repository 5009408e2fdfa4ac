from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.gateway.cli_answers import failure_of, payload_of
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.frames import Answer, Event, one_line, parse_frame, parse_hello
from clawmedic.stores.typed import Fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FRAME = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["res", "event", "req"]) | JSON,
        "id": st.text(max_size=5) | JSON,
        "ok": st.booleans() | JSON,
        "event": st.just("chat") | JSON,
        "payload": JSON,
        "error": st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON, "details": JSON}) | JSON,
    },
)
HELLO = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("protocol", "server", "features", "auth", "snapshot"), JSON)
)


@settings(max_examples=80, deadline=None)
@given(st.text() | st.binary() | JSON.map(json.dumps) | FRAME.map(json.dumps))
def test_no_message_breaks_the_parser(message: str | bytes) -> None:
    assert isinstance(parse_frame(message), Answer | Event | None)


@settings(max_examples=100, deadline=None)
@given(HELLO)
def test_no_hello_breaks_the_parser(payload: dict[str, object]) -> None:
    hello = parse_hello(Fields.of(payload))
    assert hello.protocol >= 0
    assert all(isinstance(name, str) for name in hello.methods | hello.scopes)


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_no_output_of_the_command_line_breaks_the_reader(out: str, err: str) -> None:
    payload_of(out)
    assert str(failure_of("m", out, err, Credentials()))


@given(st.text())
def test_a_text_of_the_other_side_is_one_bounded_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 300
    assert line.isprintable() or not any(
        ord(letter) < 32 or letter in "\x7f\x9b\u2028\u202e" for letter in line
    )


def test_the_whole_of_a_hello() -> None:
    payload = {
        "protocol": 4,
        "server": {"version": "2026.9.6", "bootId": "b"},
        "features": {"methods": ["a", 5, "b"]},
        "auth": {"scopes": ["operator.read"]},
        "snapshot": {"stateDir": "/s", "configPath": "/s/openclaw.json"},
    }
    hello = parse_hello(Fields.of(payload))
    assert (hello.version, hello.methods, hello.boot_id) == ("2026.9.6", {"a", "b"}, "b")
    assert (hello.scopes, hello.state_dir) == ({"operator.read"}, "/s")
