"""From a raw line to an `Entry`, or to a `Malformed` that says why not (openclaw-files.md 6).

This runs on every line of a tail and must not cost more than reading the JSON does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from msgspec.structs import force_setattr as put

from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.entry import TEXT_LIMIT, Entry, Malformed, ToolCall, Usage
from clawmedic.transcripts.failures import is_failure_text

SECOND_LOOK_BYTES = 16 * 1024 * 1024
"""A line that orjson refuses is read again, slowly and kindly, up to this size."""

_MAX_INT = 2**63 - 1
_from_iso = datetime.fromisoformat
TOOL_CALLS = frozenset(("toolCall", "toolUse", "tool_use", "functionCall"))
_NO_USAGE = Usage(input=0, output=0, cache_read=0, cache_write=0, total=0)


def parse_entry(raw: RawEntry) -> Entry | Malformed:
    """Read one line. Never raises: whatever the line holds is an entry or a reason why it is none.

    A line is an entry when it is a JSON object with a `type`; fields of a wrong type count as missing.
    As in OpenClaw, bytes that are not UTF-8 and lone surrogates inside a string do not make it malformed.
    """
    if raw.oversized:
        return _malformed(raw, "the line is longer than the limit and was not read")
    value, reason = load_line(raw.data)
    if reason:
        return _malformed(raw, reason)
    return entry_of(value, raw)


def entry_of(value: object, raw: RawEntry) -> Entry | Malformed:
    """The entry that a parsed line holds; `raw` is where it stands (its data are not looked at)."""
    if type(value) is not dict:
        return _malformed(raw, f"not an object but {_json_name(value)}")
    kind = value.get("type")
    if type(kind) is not str or not kind:
        return _malformed(raw, "an object without a type")
    return _entry(raw, kind, value)


def entry_at(value: dict[str, Any], line: int) -> Entry:
    """The entry that an object with a `type` holds; its size is not known."""
    return _entry(RawEntry(line, 0, b"", 0), value["type"], value)


def load_line(data: bytes) -> tuple[Any, str]:
    """A line's JSON as OpenClaw would read it, or (None, why it would not)."""
    try:
        return orjson.loads(data), ""
    except orjson.JSONDecodeError as error:
        return _second_look(data, str(error))


def _malformed(raw: RawEntry, reason: str) -> Malformed:
    return Malformed(line=raw.line, size_bytes=raw.size_bytes, reason=reason, torn=not raw.terminated)


def _second_look(data: bytes, reason: str) -> tuple[Any, str]:
    """What OpenClaw reads and orjson does not: bytes that are not UTF-8, lone surrogates. (value, reason)."""
    if not data.strip():
        return None, "an empty line"
    if b"\x00" in data:
        return None, "NUL bytes"
    if len(data) > SECOND_LOOK_BYTES:
        return None, reason
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        reason = f"not UTF-8; {reason}"
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        # lone surrogates cannot be printed or written: they become "?"
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")), ""
    except RecursionError:
        return None, "nested too deeply to be read"
    except ValueError:
        return None, reason


def _finite(text: str) -> float | None:
    """A number too large for a float is Infinity to OpenClaw, and null once it writes it again."""
    number = float(text)
    return number if math.isfinite(number) else None


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _json_name(value: object) -> str:
    return "a list" if isinstance(value, list) else f"a bare {type(value).__name__}"


def _entry(raw: RawEntry, kind: str, value: dict[str, Any]) -> Entry:
    entry = Entry(raw.line, kind, raw.size_bytes)
    identity = value.get("id")
    if type(identity) is str:
        put(entry, "id", identity)
    parent = value.get("parentId")
    if type(parent) is str and parent:
        put(entry, "parent_id", parent)
    stamp: Any = value.get("timestamp")
    try:
        put(
            entry,
            "at",
            int(_from_iso(stamp).timestamp() * 1000 + 0.5) if stamp[-1] == "Z" else epoch_ms(stamp),
        )
    except (TypeError, ValueError, OverflowError, IndexError, KeyError):
        put(entry, "at", epoch_ms(stamp))
    if raw.active is not None:
        put(entry, "active", raw.active)
    if "appendMode" in value:
        put(entry, "side", value["appendMode"] == "side")
    fill = _FILL.get(kind)
    if fill:
        fill(entry, value)
    return entry


def _message(entry: Entry, value: dict[str, Any]) -> None:
    message = value.get("message")
    if type(message) is not dict:
        put(entry, "null_role", True)
        put(entry, "empty_content", True)
        return
    get = message.get
    role = get("role")
    if type(role) is str and role:
        put(entry, "role", role)
    else:
        put(entry, "null_role", True)
    sent = get("timestamp")
    put(entry, "sent_at", sent if type(sent) is int and 0 <= sent <= _MAX_INT else epoch_ms(sent))
    _content(entry, get("content"))
    if role == "assistant":
        _assistant(entry, get)
    elif role == "toolResult":
        put(entry, "tool_call_id", _text(get("toolCallId")))
        put(entry, "tool_name", _text(get("toolName")))
        put(entry, "is_error", get("isError") is True)


def _assistant(entry: Entry, get: Callable[[str], Any]) -> None:
    provider = _text(get("provider"))
    put(entry, "provider", provider)
    put(entry, "model", _text(get("model")))
    put(entry, "stop_reason", _text(get("stopReason")))
    usage = _usage(get("usage"))
    put(entry, "usage", usage)
    error = get("errorMessage")
    if error is not None:
        put(entry, "error_message", _text(error)[:TEXT_LIMIT])
    if usage is None or usage is _NO_USAGE or provider == "openclaw":
        put(entry, "failure_text", is_failure_text(entry.text))


def _content(entry: Entry, content: object) -> None:
    """Text, thinking and tool calls of a message's content: a string, or a list of blocks."""
    if type(content) is list:
        if len(content) != 1 or type(only := content[0]) is not dict or only.get("type") != "text":
            _blocks(entry, content)
            return
        content = only.get("text")
    if type(content) is str and content:
        put(entry, "text", content[:TEXT_LIMIT])
        put(entry, "text_chars", len(content))
    else:
        put(entry, "empty_content", True)


def _blocks(entry: Entry, content: list[object]) -> None:
    texts: list[str] = []
    calls: list[ToolCall] = []
    thinking = others = 0
    for block in content:
        if type(block) is not dict:
            others += type(block) is str and bool(block)
            continue
        kind = block.get("type")
        if kind == "text":
            texts.append(_text(block.get("text")))
        elif kind == "thinking":
            thinking += len(_text(block.get("thinking")))
        elif type(kind) is str and kind in TOOL_CALLS:
            calls.append(ToolCall(_text(block.get("id")), _text(block.get("name"))))
        else:
            others += 1
    put(entry, "text", _joined(texts))
    put(entry, "text_chars", sum(map(len, texts)))
    put(entry, "thinking_chars", thinking)
    put(entry, "tool_calls", tuple(calls))
    put(entry, "empty_content", not (entry.text_chars or thinking or calls or others))


def _joined(texts: list[str]) -> str:
    """The blocks' text, cut, without building the whole of it first."""
    kept: list[str] = []
    room = TEXT_LIMIT
    for text in texts:
        if room <= 0:
            break
        if text:
            kept.append(text[:room])
            room -= len(text)
    return "\n".join(kept)[:TEXT_LIMIT]


def _usage(value: object) -> Usage | None:
    """Missing and unreadable numbers are 0; the total is `totalTokens`, else the sum."""
    if type(value) is not dict:
        return None
    get = value.get
    total: Any = get("totalTokens")
    sent: Any
    got: Any
    read: Any
    written: Any
    sent, got, read, written = get("input"), get("output"), get("cacheRead"), get("cacheWrite")
    if not (total or sent or got or read or written):
        return _NO_USAGE
    whole = type(total) is type(sent) is type(got) is type(read) is type(written) is int
    if whole and total | sent | got | read | written >= 0:
        usage = Usage(sent, got, read, written, total)
    else:
        usage = Usage(_count(sent), _count(got), _count(read), _count(written), _count(total))
    if not usage.total:
        put(usage, "total", usage.input + usage.output + usage.cache_read + usage.cache_write)
    return usage if usage.total else _NO_USAGE


def _count(value: object) -> int:
    if type(value) is int and 0 <= value <= _MAX_INT:
        return value
    return max(_whole(value) or 0, 0)


def _header(entry: Entry, value: dict[str, Any]) -> None:
    put(entry, "version", _whole(value.get("version")))
    put(entry, "session_id", entry.id)
    put(entry, "parent_session", _text(value.get("parentSession")))


def _compaction(entry: Entry, value: dict[str, Any]) -> None:
    summary = _text(value.get("summary"))
    put(entry, "text", summary[:TEXT_LIMIT])
    put(entry, "text_chars", len(summary))
    put(entry, "summary_chars", len(summary))
    put(entry, "tokens_before", _whole(value.get("tokensBefore")))
    put(entry, "first_kept_id", _text(value.get("firstKeptEntryId")))


def _custom(entry: Entry, value: dict[str, Any]) -> None:
    put(entry, "custom_type", _text(value.get("customType")))
    data = value.get("data")
    if type(data) is not dict:
        return
    put(entry, "provider", _text(data.get("provider")))
    put(entry, "model", _text(data.get("modelId")) or _text(data.get("model")))
    if entry.custom_type == "openclaw:prompt-error":
        put(entry, "error_message", _text(data.get("error"))[:TEXT_LIMIT])


def _custom_message(entry: Entry, value: dict[str, Any]) -> None:
    put(entry, "custom_type", _text(value.get("customType")))
    _content(entry, value.get("content"))


def _model_change(entry: Entry, value: dict[str, Any]) -> None:
    put(entry, "provider", _text(value.get("provider")))
    put(entry, "model", _text(value.get("modelId")))


def _leaf(entry: Entry, value: dict[str, Any]) -> None:
    put(entry, "target_id", _text(value.get("targetId")))
    put(entry, "append_parent_id", _text(value.get("appendParentId")))


_FILL: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "message": _message,
    "session": _header,
    "compaction": _compaction,
    "branch_summary": _compaction,
    "reset": _compaction,
    "custom": _custom,
    "custom_message": _custom_message,
    "model_change": _model_change,
    "leaf": _leaf,
}


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _whole(value: object) -> int | None:
    """A whole number, also where it is written as a float or as text; None for anything else."""
    if type(value) is int:
        return value if abs(value) <= _MAX_INT else None
    if type(value) is float:
        return int(value) if math.isfinite(value) and abs(value) < _MAX_INT else None
    if type(value) is str and len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            return None
    return None


def epoch_ms(value: object) -> int | None:
    """Epoch milliseconds of an ISO time stamp (or of a number that is one), None when it is neither."""
    if type(value) is str:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            number: int | None = round(moment.timestamp() * 1000)
        except (ValueError, OverflowError):
            return None
    else:
        number = _whole(value)
    return number if number is not None and number >= 0 else None
