"""Log lines that are JSON objects: tslog records, console style `json`, journald and docker exports.

Sources: openclaw.md 2.2 (the size-cap marker), 2.3 (tslog of 4.15, 7.1 and 9.6) and 2.4 (console style json).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson
from msgspec import Struct

from clawmedic.logs.clock import iso_ms
from clawmedic.logs.records import Level

TEXT_LIMIT = 16 * 1024
"""Characters of a message that are kept; 7.1 and 9.6 clamp theirs at 4,096."""

_LEVELS = {level.name: level for level in Level} | {"WARNING": Level.WARN, "CRITICAL": Level.FATAL}
_PLAIN_VALUE = re.compile(r"[^\s\"=]+")
_CONSOLE_KEYS = frozenset({"time", "level", "subsystem", "message"})
_VERBOSE = "verbose"
"""The only words of a DEBUG record around a verbose line (7.1); the line itself is its object's `message`."""


class Parsed(Struct, frozen=True):
    """What one line says by itself, before the source adds what the line lacks."""

    text: str
    at: int | None = None
    level: Level = Level.UNKNOWN
    subsystem: str = ""
    trace_id: str = ""
    session_id: str = ""
    pid: int | None = None


class Wrapped(Struct, frozen=True):
    """A line inside another program's envelope (journald, docker); it may be of any shape itself."""

    text: str
    at: int | None
    pid: int | None = None


def parse_object(data: bytes) -> Parsed | Wrapped | None:
    """One JSON line; None when it is no JSON object of a known shape."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return _of_known_shape(value) if isinstance(value, dict) else None


def _of_known_shape(value: Mapping[str, object]) -> Parsed | Wrapped | None:
    if isinstance(meta := value.get("_meta"), dict):
        return _tslog(value, meta)
    if "MESSAGE" in value or "__REALTIME_TIMESTAMP" in value:
        return _journald(value)
    if isinstance(value.get("log"), str) and "stream" in value:
        return Wrapped(str(value["log"]).rstrip("\r\n"), _time(value.get("time")))
    if isinstance(value.get("message"), str) and isinstance(value.get("level"), str):
        return _console(value)
    return None


def _tslog(value: Mapping[str, object], meta: Mapping[str, object]) -> Parsed:
    name = meta.get("name")
    parts = [
        value[key] for key in value if key.isdigit() and (value[key] != name or len(key) > 1 or key != "0")
    ]
    words = [part for part in parts if isinstance(part, str)]
    objects = [part for part in parts if isinstance(part, dict)]
    message = value.get("message")
    spoken = " ".join(words)
    text = message if isinstance(message, str) and len(message) >= len(spoken) else spoken
    inner = objects[0].get("message") if words == [_VERBOSE] and len(objects) == 1 else None
    if isinstance(inner, str):
        text = inner
    elif objects:
        text = " ".join([text, *(_rendered(part) for part in objects)]).strip()
    return Parsed(
        text=text[:TEXT_LIMIT],
        at=_first_time(value.get("time"), meta.get("date")),
        level=_level(meta),
        subsystem=_subsystem(name),
        trace_id=_text(value.get("traceId")),
        session_id=_text(value.get("session_id")),
    )


def _level(meta: Mapping[str, object]) -> Level:
    name = meta.get("logLevelName")
    if isinstance(name, str) and name.upper() in _LEVELS:
        return _LEVELS[name.upper()]
    number = meta.get("logLevelId")
    return Level(number) if isinstance(number, int) and 0 <= number <= Level.FATAL else Level.UNKNOWN


def _subsystem(name: object) -> str:
    """`{"subsystem":"agent/embedded"}` gives agent/embedded; a raw console name gives ""."""
    if not isinstance(name, str) or not name.startswith("{"):
        return ""
    try:
        value = orjson.loads(name)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(value, dict):
        return ""
    return _text(value.get("subsystem")) or _text(value.get("module"))


def _console(value: Mapping[str, object]) -> Parsed:
    rest = {key: part for key, part in value.items() if key not in _CONSOLE_KEYS}
    text = f"{value['message']} {_rendered(rest)}" if rest else str(value["message"])
    return Parsed(
        text=text[:TEXT_LIMIT],
        at=_time(value.get("time")),
        level=_LEVELS.get(str(value["level"]).upper(), Level.UNKNOWN),
        subsystem=_text(value.get("subsystem")),
        trace_id=_text(value.get("traceId")),
    )


def _journald(value: Mapping[str, object]) -> Wrapped:
    """`journalctl -o json`: MESSAGE is text, or an array of bytes where it holds control characters."""
    message = value.get("MESSAGE")
    if isinstance(message, list):
        message = bytes(part & 0xFF for part in message if isinstance(part, int)).decode("utf-8", "replace")
    stamp, pid = _text(value.get("__REALTIME_TIMESTAMP")), _text(value.get("_PID"))
    at = int(stamp) // 1000 if stamp.isascii() and stamp.isdigit() and len(stamp) < 20 else None
    return Wrapped(
        _text(message).rstrip("\r\n"),
        at,
        int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 12 else None,
    )


def _rendered(fields: Mapping[str, object]) -> str:
    """Meta objects as OpenClaw's console shows them: `key=value`, quoted where the value is not one plain word."""
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items())


def _value(value: object) -> str:
    if isinstance(value, str) and _PLAIN_VALUE.fullmatch(value):
        return value
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return orjson.dumps(value).decode()


def _first_time(*candidates: object) -> int | None:
    return next((at for at in map(_time, candidates) if at is not None), None)


def _time(value: object) -> int | None:
    if isinstance(value, str) and len(value) < 64:
        return iso_ms(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 50:
        return value
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
