"""What takes the room in a transcript: bytes by kind of entry and by tool, the largest entries, duplicates."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable

from msgspec import Struct

from clawmedic.transcripts.entry import Entry, Malformed

LARGEST = 10
LEAST_DUPLICATE_CHARS = 200
"""Shorter texts are alike by chance."""


class Part(Struct, frozen=True):
    """One kind of content. `share` is of the whole, 0 to 1; `name` is the kind, or "tool result: exec"."""

    name: str
    size_bytes: int
    entries: int
    share: float


class Large(Struct, frozen=True):
    """One of the largest entries."""

    line: int
    name: str
    size_bytes: int
    at: int | None


class Anatomy(Struct, frozen=True):
    """Where the bytes of a transcript are.

    Attributes:
        parts: largest first; their bytes add up to `size_bytes`.
        largest: the ten largest lines, largest first.
        duplicate_bytes, duplicate_entries: what repeats the beginning and the length of an earlier text.
    """

    size_bytes: int
    entries: int
    parts: tuple[Part, ...]
    largest: tuple[Large, ...]
    duplicate_bytes: int
    duplicate_entries: int


def measure_anatomy(items: Iterable[Entry | Malformed]) -> Anatomy:
    """Weigh entries as they come; memory does not grow with their size, only a little with their number."""
    sizes: dict[str, int] = {}
    counts: dict[str, int] = {}
    largest: list[tuple[int, int, Large]] = []
    seen: set[bytes] = set()
    total = entries = twice_bytes = twice = 0
    for item in items:
        entries += 1
        total += item.size_bytes
        for name, size in _split(item):
            sizes[name] = sizes.get(name, 0) + size
            counts[name] = counts.get(name, 0) + 1
        if len(largest) < LARGEST or item.size_bytes > largest[0][0]:
            at = item.at if isinstance(item, Entry) else None
            place = (item.size_bytes, -entries, Large(item.line, kind_of(item), item.size_bytes, at))
            (heapq.heappushpop if len(largest) == LARGEST else heapq.heappush)(largest, place)
        if isinstance(item, Entry) and item.text_chars >= LEAST_DUPLICATE_CHARS:
            mark = _mark(item)
            if mark in seen:
                twice += 1
                twice_bytes += item.size_bytes
            seen.add(mark)
    parts = [Part(name, size, counts[name], size / total if total else 0.0) for name, size in sizes.items()]
    return Anatomy(
        size_bytes=total,
        entries=entries,
        parts=tuple(sorted(parts, key=lambda part: (-part.size_bytes, part.name))),
        largest=tuple(large for _, _, large in sorted(largest, key=lambda place: place[:2], reverse=True)),
        duplicate_bytes=twice_bytes,
        duplicate_entries=twice,
    )


def kind_of(item: Entry | Malformed) -> str:
    """What an entry is, for a person."""
    if isinstance(item, Malformed):
        return "malformed line"
    if item.type != "message":
        return _TYPES.get(item.type, "other records")
    if item.role == "assistant":
        if item.provider == "openclaw":
            return "failure replies" if item.failure_text else "delivery mirrors and notes"
        return "errors" if item.is_failed_answer or item.stop_reason == "aborted" else "assistant text"
    if item.role == "toolResult":
        return f"tool result: {item.tool_name or 'unnamed'}"
    return "user text" if item.role == "user" else f"{item.role or 'roleless'} messages"


_TYPES = {
    "session": "header",
    "compaction": "compaction summaries",
    "branch_summary": "branch summaries",
    "custom": "custom records",
    "custom_message": "custom messages",
    "model_change": "settings",
    "thinking_level_change": "settings",
}


def _split(item: Entry | Malformed) -> Iterable[tuple[str, int]]:
    """An assistant entry has text, thinking and tool calls in one line: its bytes go to each by length."""
    name = kind_of(item)
    if name != "assistant text" or not isinstance(item, Entry):
        return ((name, item.size_bytes),)
    if not item.tool_calls and not item.thinking_chars:
        return ((name, item.size_bytes),)
    if not item.tool_calls:
        whole = max(item.text_chars + item.thinking_chars, 1)
        thinking = item.size_bytes * item.thinking_chars // whole
        return (("thinking", thinking), (name, item.size_bytes - thinking))
    text = min(item.text_chars, item.size_bytes)
    thinking = min(item.thinking_chars, item.size_bytes - text)
    parts = (("thinking", thinking), (name, text), ("tool calls", item.size_bytes - text - thinking))
    return tuple(part for part in parts if part[1])


def _mark(entry: Entry) -> bytes:
    head = f"{entry.role}\0{entry.text_chars}\0{entry.text}".encode("utf-8", "replace")
    return hashlib.blake2b(head, digest_size=8).digest()
