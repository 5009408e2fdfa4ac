"""The words of the help, and of what is not possible."""

from __future__ import annotations

from textual.content import Content

from clawmedic.model.backup import Backup
from clawmedic.output.browser.words import hung

_ROOM = 15
_KEYS = (
    ("Tab", "from the keys to the conversation and back"),
    ("↑ ↓ j k", "up and down; also the mouse wheel"),
    ("PgUp PgDn g G", "a screen up or down; the first, the last"),
    ("Enter", "open a key or a copy; unfold an entry, fold it again"),
    ("/  n  N", "search this copy or all of the key; next; previous"),
    ("a", "all places where it was found, as a list"),
    ("Space", "mark a copy for comparing (A, B), or take its mark away"),
    ("d", "compare A with B, or the copy under the cursor with the live one"),
    ("e", "export as Markdown, HTML or JSONL"),
    ("r", "restore to a file: a clean transcript that OpenClaw loads"),
    ("l", "restore into the live key"),
    ("m", "show settings and records too"),
    ("z  t", "the conversation alone; dark or light"),
    ("F5", "look again at what is on the disk"),
    ("q", "leave"),
)
_SIGNS = (
    ("★", "the copy to restore: valid first, then the fullest, the newest"),
    ("✖ ■ ▲ ◆ ● ✔", "dead, stuck, suspect, damaged, at risk, healthy"),
)


def help_text(width: int) -> Content:
    """All keys and signs."""
    keys = hung(_KEYS, width, room=_ROOM, style="bold $primary")
    return Content("\n").join([keys, hung(_SIGNS, width, room=_ROOM, style="bold $accent")])


def no_live_restore(backup: Backup, width: int) -> Content:
    """Why `l` does nothing, and what to do instead."""
    rows = (
        ("", "Nothing is changed from here. Into the live key it goes outside of this screen:"),
        ("", ""),
        ("Command", f"clawmedic backups restore {backup.id} --live --dry-run"),
        ("", "It shows the plan first. The gateway must be stopped; undo gives back the bytes."),
        ("Or", "press r to make a clean transcript file of this copy."),
    )
    return hung(rows, width, room=9)
