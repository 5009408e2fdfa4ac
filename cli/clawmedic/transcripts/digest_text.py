"""Counting tokens and cutting text: what a transcript's content weighs, and one line of it for a digest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import orjson

from clawmedic.transcripts.context import CHARS_PER_TOKEN

IMAGE_CHARS = 4800
"""An image counts as 1,200 tokens, as in OpenClaw's own estimate."""

_WIDE = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2066-\u2069\ufeff]+")


def weight(text: str) -> int:
    """The length of a text in characters as OpenClaw counts them: a wide East Asian one is a whole token."""
    if text.isascii():
        return len(text)
    return len(text) + (CHARS_PER_TOKEN - 1) * sum(1 for _ in _WIDE.finditer(text))


def tokens_of(text: str) -> int:
    """About how many tokens a text is: a quarter of its characters, rounded up."""
    return -(-weight(text) // CHARS_PER_TOKEN)


def entry_tokens(value: Mapping[str, object]) -> int:
    """About how many tokens a transcript entry takes in a prompt; records that are not sent take none.

    Text, thinking, tool calls with their arguments, and results are counted by length, images by a fixed figure.
    """
    kind = value.get("type")
    if kind == "message":
        message = value.get("message")
        content = message.get("content") if isinstance(message, dict) else None
    elif kind == "custom_message":
        content = value.get("content")
    elif kind in ("branch_summary", "compaction"):
        content = value.get("summary")
    else:
        return 0
    return -(-sum(_weights(content)) // CHARS_PER_TOKEN)


def _weights(content: object) -> Iterator[int]:
    if isinstance(content, str):
        yield weight(content)
        return
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            yield weight(str(block))
            continue
        kind = block.get("type")
        text = block.get("text") if kind == "text" else block.get("thinking")
        if kind in ("text", "thinking") and isinstance(text, str):
            yield weight(text)
        elif kind == "image":
            yield IMAGE_CHARS
        else:
            yield weight(json_text(block))


def json_text(value: object) -> str:
    """A value as JSON text, however deep it is nested."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return str(value)


def one_line(text: str, limit: int) -> str:
    """A text on one line without control characters, cut in the middle to at most so many characters."""
    if len(text) > limit * 8:
        half = limit * 4
        text = text[:half] + " " + text[-half:]
        marked = True
    else:
        marked = False
    flat = _UNSEEN.sub(" ", text).strip()
    if len(flat) <= limit and not marked:
        return flat
    head = limit * 2 // 3
    tail = max(limit - head - 3, 0)
    return f"{flat[:head].rstrip()}...{flat[len(flat) - tail :].lstrip()}"[:limit]


def pages(text: str, limit: int) -> str:
    """A text of several lines, each quoted, cut at its end to at most so many characters."""
    lines = (_UNSEEN.sub(" ", line).strip() for line in text[: limit * 2].splitlines())
    quoted = "\n".join(f"> {line}" for line in lines if line)
    return quoted if len(quoted) <= limit else quoted[: max(limit - 3, 0)].rstrip() + "..."
