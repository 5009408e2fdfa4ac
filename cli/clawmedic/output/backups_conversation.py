"""The page of `backups show`: a copy as a conversation."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.backups.choosing import relative
from clawmedic.backups.conversation import Item, Voice
from clawmedic.model.backup import Archive, Backup
from clawmedic.output.screen import Screen
from clawmedic.output.text import count_of, moment, size, visible

FOLDED_CHARS = 160
SHOWN_CHARS = 4_000
_LOOKS = {
    Voice.USER: ("User", "bold cyan"),
    Voice.ASSISTANT: ("Assistant", "bold green"),
    Voice.TOOL: ("Tool", "dim"),
    Voice.SYSTEM: ("OpenClaw", "magenta"),
    Voice.COMPACTION: ("Compaction", "bold yellow"),
    Voice.RESET: ("Reset", "bold yellow"),
    Voice.NOTE: ("Note", "dim"),
    Voice.BROKEN: ("Broken line", "red"),
}


def show_head(screen: Screen, archive: Archive, backup: Backup) -> None:
    """What copy this is."""
    screen.line((visible(backup.key or "of no known key"), "bold"), (f"  {backup.id}", "dim"))
    messages = count_of(backup.messages, "message")
    screen.line(f"{backup.kind.value}, {backup.state.value}, {messages}, {size(backup.size_bytes)}", indent=2)
    screen.line(visible(relative(backup.path, archive.state_dir)), indent=2)
    if backup.note:
        screen.line((visible(backup.note), "yellow"), indent=2)


def show_items(screen: Screen, items: Iterable[Item], *, full: bool) -> int:
    """The items one after the other; returns how many were shown. With `full`, nothing is folded or left out."""
    count = 0
    for item in items:
        if full or item.spoken:
            count += 1
            show_item(screen, item, full=full)
    return count


def show_item(screen: Screen, item: Item, *, full: bool) -> None:
    """One item: a line that says who and when, then what."""
    word, style = _LOOKS[item.voice]
    who = f"{word} {item.tool}".rstrip() if item.voice is Voice.TOOL else word
    branch = "" if item.on_branch else "  on another branch"
    screen.blank()
    when = moment(item.at, screen.settings.times)
    screen.line((f"{item.number:>4}  ", "dim"), (visible(who), style), (f"  {when}{branch}", "dim"))
    if item.thinking and full:
        _block(screen, f"(thinking) {item.thinking}", "dim")
    _text(screen, item, full=full)
    for call in item.calls:
        arguments = call.arguments if full else _folded(call.arguments)
        screen.line((visible(f"→ {call.name} "), "blue"), (visible(arguments), "dim"), indent=6)
    if item.failure and item.failure != item.text:
        screen.line((visible(f"failed: {item.failure}"), "red"), indent=6)


def _text(screen: Screen, item: Item, *, full: bool) -> None:
    if not item.text:
        return
    if item.voice in (Voice.TOOL, Voice.NOTE, Voice.BROKEN) and not full:
        screen.line((visible(_folded(item.text)), "dim"), indent=6)
        return
    _block(screen, item.text if full else item.text[:SHOWN_CHARS], "")
    left = len(item.text) - SHOWN_CHARS + item.cut_chars
    if not full and left > 0:
        screen.line((f"… {left} more characters (--full)", "dim"), indent=6)


def _block(screen: Screen, text: str, style: str) -> None:
    for line in text.splitlines():
        screen.line((visible(line), style), indent=6)


def _folded(text: str) -> str:
    """The first words of a text, and how much more there is."""
    flat = " ".join(text[: FOLDED_CHARS * 4].split())
    shown = flat[:FOLDED_CHARS]
    return shown if len(text) <= FOLDED_CHARS and shown == flat else f"{shown}… ({len(text)} characters)"
