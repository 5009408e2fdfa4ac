"""What `setup` prints or did. Texts of files go out as they are: they can be taken as they stand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from clawmedic.output.schemas import FLAG, TEXT, Schema, document, list_of, one_of, or_null, record
from clawmedic.output.screen import Screen
from clawmedic.output.sink import JsonValue, write_text
from clawmedic.output.text import visible
from clawmedic.schedule.job import Setup

SETUP_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.setup/1": document(
        "clawmedic.setup/1",
        ok=FLAG,
        files=list_of(
            record(
                path=or_null(TEXT),
                state=one_of(("printed", "written", "unchanged", "removed", "absent")),
                text=TEXT,
            )
        ),
        commands=list_of(TEXT),
        see=list_of(TEXT),
        notes=list_of(TEXT),
        problems=list_of(TEXT),
    ),
}
_STYLES = {"written": "green", "unchanged": "dim", "removed": "yellow", "absent": "dim"}


def setup_document(setup: Setup) -> dict[str, JsonValue]:
    """`clawmedic.setup/1`."""
    return {
        "schema": "clawmedic.setup/1",
        "ok": not setup.problems,
        "files": [
            {"path": str(one.path) if one.path else None, "state": one.state, "text": one.text}
            for one in setup.placed
        ],
        "commands": list(setup.ran),
        "see": list(setup.see),
        "notes": list(setup.notes),
        "problems": list(setup.problems),
    }


def print_texts(screen: Screen, setup: Setup) -> None:
    """The texts alone on standard output, each under its path; what there is to know goes to standard error."""
    for place, one in enumerate(setup.placed):
        head = f"# {visible(str(one.path))}\n" if one.path and len(setup.placed) > 1 else ""
        write_text(("\n" if place else "") + head + one.text)
    if not screen.settings.quiet:
        sys.stdout.flush()
        for command in setup.see:
            sys.stderr.write(f"  to see that it runs: {visible(command)}\n")
        for note in setup.notes:
            sys.stderr.write(f"  {visible(note)}\n")
        sys.stderr.write("  --install puts it in place, --uninstall takes it away\n")


def show_setup(screen: Screen, setup: Setup) -> None:
    """What was done to each file, the commands that were run, and how to see that it works."""
    for one in setup.placed:
        where = visible(str(one.path)) if one.path else "your crontab"
        screen.exact(one.state, where, style=_STYLES.get(one.state, ""), indent=0, room=11)
    for command in setup.ran:
        screen.exact("ran", visible(command), style="", indent=0, room=11)
    for problem in setup.problems:
        screen.labelled("failed", (visible(problem), "bold red"), indent=0, room=11)
    if not screen.settings.quiet:
        for command in setup.see:
            screen.exact("see", visible(command), style="bold", indent=0, room=11)
        for note in setup.notes:
            screen.labelled("note", visible(note), indent=0, room=11)


def show_written(screen: Screen, path: Path) -> None:
    """The configuration was written."""
    screen.exact("written", visible(str(path)), style="green", indent=0, room=11)
    if not screen.settings.quiet:
        screen.labelled(
            "", "choose a policy and a channel in it, then: clawmedic notify test", indent=0, room=11
        )
