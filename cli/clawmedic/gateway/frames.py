"""The frames of the gateway protocol: JSON objects, one in each text message (protocols 3 and 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import orjson
from msgspec import Struct

from clawmedic.gateway.calling import Params
from clawmedic.model.discreet import Discreet
from clawmedic.stores.typed import Fields

PROTOCOLS = (3, 4)
"""Lowest and highest: 4.15 takes 3, 7.1 and 9.6 take 4. Each accepts the whole range and answers with its own."""
ROLE = "operator"
SCOPES = ("operator.admin", "operator.read", "operator.write")
CLIENT = {"id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend"}
"""On loopback, 7.1 and 9.6 grant this client its scopes for the shared token alone."""

_TEXT_LIMIT = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Fault(Struct, frozen=True):
    """The `error` of an answer. `reason` is `details.code` or `details.reason`, "" when absent."""

    code: str
    message: str
    reason: str = ""
    missing_scope: str = ""


class Answer(Discreet, frozen=True):
    """An answer to request `id`: a payload, or a fault."""

    hidden: ClassVar[frozenset[str]] = frozenset({"payload"})

    id: str
    payload: Fields
    fault: Fault | None = None


class Event(Discreet, frozen=True):
    """Something the gateway says unasked."""

    hidden: ClassVar[frozenset[str]] = frozenset({"payload"})

    name: str
    payload: Fields


class Hello(Struct, frozen=True):
    """The answer to `connect`.

    Attributes:
        protocol: the one that was agreed on.
        methods: what can be asked: the base of feature detection.
        scopes: what was granted; empty on 4.15, which does not say.
        state_dir: the directory the gateway serves, "" when it does not tell (4.15 without a device identity).
        config_path: its config file, "" as above.
        boot_id: the id of its boot in the state database (9.6).
    """

    protocol: int
    version: str
    methods: frozenset[str]
    scopes: frozenset[str]
    state_dir: str = ""
    config_path: str = ""
    boot_id: str = ""


def one_line(text: str) -> str:
    """A text of the other side, safe on a terminal: one line, no control characters, bounded."""
    plain = _CONTROL.sub(" ", text).strip()
    return plain if len(plain) <= _TEXT_LIMIT else plain[: _TEXT_LIMIT - 1] + "…"


def parse_frame(message: str | bytes) -> Answer | Event | None:
    """A message as a frame; None for anything that is not one."""
    if isinstance(message, bytes):
        return None
    try:
        value = orjson.loads(message)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return None
    frame = Fields.of(value)
    if frame.text("type") == "event":
        name = frame.text("event")
        return Event(name, Fields.of(_object(frame, "payload"))) if name else None
    identity = frame.text("id")
    if frame.text("type") != "res" or identity is None:
        return None
    payload = Fields.of(_object(frame, "payload"))
    return Answer(identity, payload, None if frame.flag("ok") else parse_fault(frame.inner("error")))


def _object(frame: Fields, name: str) -> Mapping[str, object]:
    """The object under a name; any other value under the name `payload`, so that nothing is lost."""
    value = frame.values.get(name)
    return value if isinstance(value, dict) else {"payload": value}


def parse_fault(error: Fields) -> Fault:
    """The `error` object of an answer, on the wire or printed by OpenClaw's command line."""
    details = error.inner("details")
    message = one_line(error.text("message") or "no reason given")
    return Fault(
        code=one_line(error.word("code") or "ERROR"),
        message=message,
        reason=one_line(details.text("code") or details.text("reason") or ""),
        missing_scope=details.text("missingScope") or message.partition("missing scope: ")[2],
    )


def parse_hello(payload: Fields) -> Hello:
    """The payload of the answer to `connect`."""
    server, snapshot = payload.inner("server"), payload.inner("snapshot")
    return Hello(
        protocol=payload.number("protocol") or 0,
        version=one_line(server.text("version") or ""),
        methods=frozenset(payload.inner("features").texts("methods")),
        scopes=frozenset(payload.inner("auth").texts("scopes")),
        state_dir=snapshot.text("stateDir") or "",
        config_path=snapshot.text("configPath") or "",
        boot_id=server.text("bootId") or "",
    )


def request_frame(identity: str, method: str, params: Params) -> str:
    """A request as it goes over the wire."""
    return orjson.dumps({"type": "req", "id": identity, "method": method, "params": params}).decode()
