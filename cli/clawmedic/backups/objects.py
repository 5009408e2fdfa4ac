"""The JSON object of a transcript line, read as kindly as OpenClaw reads it."""

from __future__ import annotations

import json

import orjson


def load_object(data: bytes) -> dict[str, object] | None:
    """The object, None when the line is none. Bytes that are not UTF-8 and lone surrogates become "?" or U+FFFD."""
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _kindly(data)
    return value if isinstance(value, dict) else None


def _kindly(data: bytes) -> object:
    try:
        value = json.loads(data.decode("utf-8", "replace"))
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
