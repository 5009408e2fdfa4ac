"""A conversation as Markdown, and as JSONL in OpenClaw's transcript format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import orjson
from msgspec import Struct

from clawmedic.backups.conversation import Item, Voice
from clawmedic.backups.objects import load_object
from clawmedic.backups.redaction import redact, redact_value
from clawmedic.model.backup import Backup

Clean = Callable[[str], str]
_FENCE = re.compile(r"`{3,}")
_HEADINGS = {
    Voice.USER: "User",
    Voice.ASSISTANT: "Assistant",
    Voice.TOOL: "Tool result",
    Voice.SYSTEM: "OpenClaw",
    Voice.COMPACTION: "Compaction",
    Voice.RESET: "Reset",
    Voice.NOTE: "Note",
    Voice.BROKEN: "Broken line",
}


class ExportOptions(Struct, frozen=True):
    """How a conversation is exported. `notes`: also entries that are no messages (settings, records)."""

    redacted: bool = False
    notes: bool = False


def heading(item: Item) -> str:
    """Who speaks, or what happened."""
    word = _HEADINGS[item.voice]
    if item.voice is Voice.TOOL and item.tool:
        word = f"{word}: {item.tool}"
    return word if item.on_branch else f"{word} (another branch)"


def when(at: int | None) -> str:
    """A time in UTC to the second; "" when unknown."""
    if at is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(at / 1000, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return ""


def facts(backup: Backup) -> list[tuple[str, str]]:
    """What an export says of its origin."""
    return [
        ("Session key", backup.key or "unknown"),
        ("Session id", backup.session_id or "unknown"),
        ("Copy", f"{backup.kind.value}, {backup.state.value} ({backup.id})"),
        ("From", when(backup.first_at) or "unknown"),
        ("To", when(backup.last_at) or "unknown"),
        ("Entries", f"{backup.entries}, {backup.messages} of them messages"),
    ]


def shown(items: Iterable[Item], options: ExportOptions) -> Iterator[Item]:
    """The items that an export for people contains."""
    return (item for item in items if options.notes or item.spoken)


def markdown(backup: Backup, items: Iterable[Item], options: ExportOptions) -> Iterator[bytes]:
    """Markdown, piece by piece. Texts stand as they were written; what tools got and gave is fenced."""
    clean = redact if options.redacted else _same
    yield b"# Conversation\n\n"
    for name, value in facts(backup):
        yield f"- **{name}:** {_inline(clean(value))}\n".encode("utf-8", "replace")
    for item in shown(items, options):
        yield "".join(_markdown_item(item, clean)).encode("utf-8", "replace")


def _markdown_item(item: Item, clean: Clean) -> Iterator[str]:
    time = when(item.at)
    yield f"\n## {_inline(heading(item))}{' · ' + time if time else ''}\n\n"
    if item.failure and item.failure != item.text:
        yield f"> **Failed:** {_inline(clean(item.failure))}\n\n"
    if item.voice in (Voice.TOOL, Voice.BROKEN):
        yield fenced(clean(item.text))
    elif item.text:
        yield clean(item.text).rstrip() + "\n"
    for call in item.calls:
        yield f"\n**Tool call:** {_inline(clean(call.name))}\n\n" + fenced(clean(call.arguments), "json")
    if item.cut_chars:
        yield f"\n*{item.cut_chars} more characters were left out.*\n"


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(found[0]) for found in _FENCE.finditer(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _inline(text: str) -> str:
    """One line in which nothing is markup."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def jsonl(lines: Iterable[bytes], options: ExportOptions) -> Iterator[bytes]:
    """A restored transcript's lines; with `redacted`, every text in them redacted."""
    for line in lines:
        if not options.redacted:
            yield line + b"\n"
            continue
        value = load_object(line)
        if value is not None:
            yield orjson.dumps(redact_value(value)) + b"\n"


def _same(text: str) -> str:
    return text
