"""The words of the help, and of what is not possible."""

from __future__ import annotations

from textual.content import Content

from clawmedic.model.backup import Backup
from clawmedic.output.browser.cells import harmless

_KEYS = (
    ("Tab", "from the keys to the conversation and back"),
    ("↑ ↓ j k", "up and down; also the mouse wheel"),
    ("PgUp PgDn g G", "a screen up or down; the first, the last"),
    ("Enter", "open a key or a copy; unfold an entry, fold it again"),
    ("/", "search this copy, or all copies of its key"),
    ("n N", "the next and the previous place where it was found"),
    ("a", "all places where it was found, as a list"),
    ("Space", "mark a copy (A, B) for comparing; again takes the mark away"),
    ("d", "compare A with B; one mark: with the copy under the cursor; none: with the live one"),
    ("e", "export: Markdown, HTML or JSONL, with or without secrets"),
    ("r", "restore to a file: a clean transcript that OpenClaw loads"),
    ("l", "restore into the live key"),
    ("m", "show settings and records too"),
    ("z", "the conversation alone, over the whole width"),
    ("t", "dark and light"),
    ("F5", "look again at what is on the disk"),
    ("q", "leave"),
)
_SIGNS = (
    ("★", "the copy to restore: valid first, then the fullest, then the newest"),
    ("✖ ■ ▲ ◆ ● ✔", "dead, stuck, suspect, damaged, at risk, healthy"),
)


def help_text() -> Content:
    """All keys and signs."""
    rows = [Content.assemble((f"{keys:<15}", "bold $primary"), words) for keys, words in _KEYS]
    signs = [Content.assemble((f"{sign:<15}", "bold $accent"), words) for sign, words in _SIGNS]
    return Content("\n").join([*rows, *signs])


def no_live_restore(backup: Backup) -> Content:
    """Why `l` does nothing, and what to do instead."""
    return Content("\n").join(
        [
            Content("Restoring into the live key is not possible yet. Nothing was changed."),
            Content(""),
            Content.assemble(("Instead  ", "$foreground 60%"), "press r to make a clean transcript file of this copy"),
            Content.assemble(
                ("         ", ""), f"(or: clawmedic backups restore {harmless(backup.id)} --to FILE.jsonl)."
            ),
            Content.assemble(
                ("         ", ""), "With the gateway stopped, that file can take the place of the row's transcript."
            ),
        ]
    )
