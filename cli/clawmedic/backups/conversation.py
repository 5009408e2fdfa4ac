"""A copy as people read it: who said what and when, tool calls folded, compactions and resets marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import orjson
from msgspec import Struct
from msgspec.structs import force_setattr as put
from msgspec.structs import replace

from clawmedic.backups.objects import load_object
from clawmedic.backups.summary import is_blank
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.entry import Entry, Malformed
from clawmedic.transcripts.envelope import bare_text, is_synthetic
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.tree import active_path

TEXT_CHARS = 1_000_000
"""More of one text is not held; the item says so."""
MIRROR = "openclaw/delivery-mirror"
"""7.1 and later write an answer that was delivered a second time (openclaw-channels.md); it is not read twice."""


class Voice(StrEnum):
    """Who speaks, or what happened."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    SYSTEM = "system"
    COMPACTION = "compaction"
    RESET = "reset"
    NOTE = "note"
    BROKEN = "broken"


class Call(Struct, frozen=True):
    """A tool call: its name and its arguments as JSON text."""

    name: str
    arguments: str


class Item(Struct, frozen=True):
    """One entry of a conversation.

    Attributes:
        number: 1-based number of the entry in the copy, the header not counted.
        line: line in the file (event number in a database).
        text: what was said; a user's own words without OpenClaw's envelope; the summary of a compaction.
        failure: the error an answer ended in, or "" (also for OpenClaw's own failure words).
        on_branch: whether it is on the branch in use.
        cut_chars: characters of `text` that were left out.
    """

    number: int
    line: int
    voice: Voice
    id: str
    at: int | None
    text: str
    calls: tuple[Call, ...] = ()
    thinking: str = ""
    failure: str = ""
    tool: str = ""
    model: str = ""
    on_branch: bool = True
    cut_chars: int = 0

    @property
    def spoken(self) -> bool:
        """Whether people would read it as part of the conversation."""
        return self.voice is not Voice.NOTE

    def texts(self) -> Iterator[str]:
        """Everything in it that can be searched."""
        yield self.text
        for call in self.calls:
            yield f"{call.name} {call.arguments}"
        if self.thinking:
            yield self.thinking
        if self.failure and self.failure != self.text:
            yield self.failure


def branch_lines(raws: Iterable[RawEntry]) -> frozenset[int]:
    """The line numbers of the branch in use, from one pass that keeps no text."""
    entries: list[Entry] = []
    for raw in raws:
        item = parse_entry(raw)
        if isinstance(item, Entry):
            put(item, "text", "")
            entries.append(item)
    return frozenset(entry.line for entry in active_path(entries).entries)


def converse(raws: Iterable[RawEntry], branch: frozenset[int] | None = None) -> Iterator[Item]:
    """Every entry as an item, in order, one at a time; headers and empty lines are left out.

    `branch` holds the lines of the branch in use (`branch_lines`); None means that all are.
    """
    number = 0
    answered = ""
    for raw in raws:
        if is_blank(raw):
            continue
        parsed = parse_entry(raw)
        if isinstance(parsed, Malformed):
            number += 1
            yield Item(number, raw.line, Voice.BROKEN, "", None, parsed.reason)
        elif parsed.type != "session":
            number += 1
            value = load_object(raw.data) or {}
            item = _item(number, parsed, value, on_branch=branch is None or parsed.line in branch)
            if item.voice is Voice.ASSISTANT:
                answered = item.text
            elif item.voice is Voice.SYSTEM and item.model == MIRROR and item.text == answered:
                item = replace(item, voice=Voice.NOTE)
            yield item


def _item(number: int, entry: Entry, value: dict[str, object], *, on_branch: bool) -> Item:
    message = value.get("message")
    content = message.get("content") if isinstance(message, dict) else value.get("content")
    text, calls, thinking = _content(content)
    voice = _voice(entry)
    if voice is Voice.USER:
        text = bare_text(text)
    elif voice in (Voice.COMPACTION, Voice.RESET, Voice.NOTE) and not text:
        text = _words(entry, value)
    model = "/".join(part for part in (entry.provider, entry.model) if part)
    return Item(
        number=number,
        line=entry.line,
        voice=voice,
        id=entry.id,
        at=entry.at,
        text=text[:TEXT_CHARS],
        calls=calls,
        thinking=thinking[:TEXT_CHARS],
        failure=_failure(entry),
        tool=entry.tool_name,
        model=model,
        on_branch=on_branch,
        cut_chars=max(0, len(text) - TEXT_CHARS),
    )


_TYPES = {
    "compaction": Voice.COMPACTION,
    "branch_summary": Voice.COMPACTION,
    "reset": Voice.RESET,
    "custom_message": Voice.SYSTEM,
}


def _voice(entry: Entry) -> Voice:
    if entry.type != "message":
        return _TYPES.get(entry.type, Voice.NOTE)
    if entry.role == "user":
        return Voice.SYSTEM if is_synthetic(bare_text(entry.text)) else Voice.USER
    if entry.role == "assistant":
        return Voice.SYSTEM if entry.provider == "openclaw" else Voice.ASSISTANT
    return Voice.TOOL if entry.role == "toolResult" else Voice.SYSTEM


def _failure(entry: Entry) -> str:
    if entry.error_message:
        return entry.error_message
    if entry.stop_reason in ("error", "aborted"):
        return entry.stop_reason
    return entry.text if entry.failure_text else ""


def _content(content: object) -> tuple[str, tuple[Call, ...], str]:
    """Text, tool calls and thinking of a message's content."""
    if isinstance(content, str):
        return content, (), ""
    texts: list[str] = []
    calls: list[Call] = []
    thinking: list[str] = []
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind == "text":
            texts.append(_text(block.get("text")))
        elif kind == "thinking":
            thinking.append(_text(block.get("thinking")))
        elif isinstance(block.get("name"), str):
            arguments = block.get("arguments", block.get("input"))
            calls.append(Call(_text(block.get("name")), _json(arguments)))
        elif isinstance(kind, str):
            texts.append(f"[{kind}]")
    return "\n\n".join(text for text in texts if text), tuple(calls), "\n\n".join(thinking)


def _words(entry: Entry, value: dict[str, object]) -> str:
    """What an entry that is no message says."""
    if entry.type in ("compaction", "branch_summary"):
        return _text(value.get("summary"))
    if entry.type == "reset":
        return _text(value.get("reason"))
    if entry.type == "model_change":
        return f"model {entry.provider}/{entry.model}"
    if entry.type == "thinking_level_change":
        return f"thinking level {_text(value.get('thinkingLevel'))}"
    if entry.type == "custom":
        data = value.get("data")
        error = data.get("error") if isinstance(data, dict) else None
        return f"{entry.custom_type}: {error}" if isinstance(error, str) else entry.custom_type
    return entry.type


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _json(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode() if value is not None else ""
