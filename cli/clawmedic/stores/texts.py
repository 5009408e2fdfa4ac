"""The text of a message as stores keep it: a string, or a list of content blocks."""

from __future__ import annotations

import orjson

TEXT_CHARS = 4000


def message_text(document: str | None) -> str:
    """The text of a JSON message, cut to `TEXT_CHARS`; "" when there is none."""
    if not document:
        return ""
    try:
        message = orjson.loads(document)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(message, dict):
        return message[:TEXT_CHARS] if isinstance(message, str) else ""
    for name in ("content", "text", "message"):
        text = content_text(message.get(name))
        if text:
            return text
    return ""


def content_text(content: object) -> str:
    """Text of a content value: a string, a block with `text`, or a list of them."""
    if isinstance(content, str):
        return content[:TEXT_CHARS]
    if isinstance(content, dict):
        return content_text(content.get("text") or content.get("content"))
    if isinstance(content, list):
        parts = (content_text(item) for item in content[:200])
        return "\n".join(part for part in parts if part)[:TEXT_CHARS]
    return ""
