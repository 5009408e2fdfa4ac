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

from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.drafts import draft_of
from clawmedic.transcripts.entry import TEXT_LIMIT, Entry, Malformed, ToolCall, Usage
from clawmedic.transcripts.failures import is_failure_text

SECOND_LOOK_BYTES = 16 * 1024 * 1024
"""A line that orjson refuses is read again, slowly and kindly, up to this size."""

_MAX_INT = 2**63 - 1
_from_iso = datetime.fromisoformat
TOOL_CALLS = frozenset(("toolCall", "toolUse", "tool_use", "functionCall"))
_NO_USAGE = Usage(input=0, output=0, cache_read=0, cache_write=0, total=0)


_EntryDraft = draft_of(Entry)
_UsageDraft = draft_of(Usage)


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
    draft: Any = _EntryDraft(raw.line, kind, raw.size_bytes)
    identity = value.get("id")
    if type(identity) is str:
        draft.id = identity
    parent = value.get("parentId")
    if type(parent) is str and parent:
        draft.parent_id = parent
    stamp: Any = value.get("timestamp")
    try:
        draft.at = int(_from_iso(stamp).timestamp() * 1000 + 0.5) if stamp[-1] == "Z" else epoch_ms(stamp)
    except (TypeError, ValueError, OverflowError, IndexError, KeyError):
        draft.at = epoch_ms(stamp)
    if raw.active is not None:
        draft.active = raw.active
    if "appendMode" in value:
        draft.side = value["appendMode"] == "side"
    fill = _FILL.get(kind)
    if fill:
        fill(draft, value)
    draft.__class__ = Entry
    entry: Entry = draft
    return entry


def _message(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401 - an Entry while it is being filled
    message = value.get("message")
    if type(message) is not dict:
        draft.null_role = draft.empty_content = True
        return
    get = message.get
    role = get("role")
    if type(role) is str and role:
        draft.role = role
    else:
        draft.null_role = True
    sent = get("timestamp")
    draft.sent_at = sent if type(sent) is int and 0 <= sent <= _MAX_INT else epoch_ms(sent)
    _content(draft, get("content"))
    if role == "assistant":
        _assistant(draft, get)
    elif role == "toolResult":
        draft.tool_call_id = _text(get("toolCallId"))
        draft.tool_name = _text(get("toolName"))
        draft.is_error = get("isError") is True


def _assistant(draft: Any, get: Callable[[str], Any]) -> None:  # noqa: ANN401
    draft.provider = provider = _text(get("provider"))
    draft.model = _text(get("model"))
    draft.stop_reason = _text(get("stopReason"))
    draft.usage = usage = _usage(get("usage"))
    error = get("errorMessage")
    if error is not None:
        draft.error_message = _text(error)[:TEXT_LIMIT]
    if usage is None or usage is _NO_USAGE or provider == "openclaw":
        draft.failure_text = is_failure_text(draft.text)


def _content(draft: Any, content: object) -> None:  # noqa: ANN401
    """Text, thinking and tool calls of a message's content: a string, or a list of blocks."""
    if type(content) is list:
        if len(content) != 1 or type(only := content[0]) is not dict or only.get("type") != "text":
            _blocks(draft, content)
            return
        content = only.get("text")
    if type(content) is str and content:
        draft.text = content[:TEXT_LIMIT]
        draft.text_chars = len(content)
    else:
        draft.empty_content = True


def _blocks(draft: Any, content: list[object]) -> None:  # noqa: ANN401
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
    draft.text = _joined(texts)
    draft.text_chars = sum(map(len, texts))
    draft.thinking_chars = thinking
    draft.tool_calls = tuple(calls)
    draft.empty_content = not (draft.text_chars or thinking or calls or others)


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
    sent, got, read, written = get("input"), get("output"), get("cacheRead"), get("cacheWrite")
    if not (total or sent or got or read or written):
        return _NO_USAGE
    whole = type(total) is type(sent) is type(got) is type(read) is type(written) is int
    if whole and total | sent | got | read | written >= 0:
        draft: Any = _UsageDraft(sent, got, read, written, total)
    else:
        draft = _UsageDraft(_count(sent), _count(got), _count(read), _count(written), _count(total))
    if not draft.total:
        draft.total = draft.input + draft.output + draft.cache_read + draft.cache_write
        if not draft.total:
            return _NO_USAGE
    draft.__class__ = Usage
    usage: Usage = draft
    return usage


def _count(value: object) -> int:
    if type(value) is int and 0 <= value <= _MAX_INT:
        return value
    return max(_whole(value) or 0, 0)


def _header(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401
    draft.version = _whole(value.get("version"))
    draft.session_id = draft.id
    draft.parent_session = _text(value.get("parentSession"))


def _compaction(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401
    summary = _text(value.get("summary"))
    draft.text = summary[:TEXT_LIMIT]
    draft.text_chars = draft.summary_chars = len(summary)
    draft.tokens_before = _whole(value.get("tokensBefore"))
    draft.first_kept_id = _text(value.get("firstKeptEntryId"))


def _custom(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401
    draft.custom_type = _text(value.get("customType"))
    data = value.get("data")
    if type(data) is not dict:
        return
    draft.provider = _text(data.get("provider"))
    draft.model = _text(data.get("modelId")) or _text(data.get("model"))
    if draft.custom_type == "openclaw:prompt-error":
        draft.error_message = _text(data.get("error"))[:TEXT_LIMIT]


def _custom_message(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401
    draft.custom_type = _text(value.get("customType"))
    _content(draft, value.get("content"))


def _model_change(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401
    draft.provider = _text(value.get("provider"))
    draft.model = _text(value.get("modelId"))


def _leaf(draft: Any, value: dict[str, Any]) -> None:  # noqa: ANN401
    draft.target_id = _text(value.get("targetId"))
    draft.append_parent_id = _text(value.get("appendParentId"))


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
