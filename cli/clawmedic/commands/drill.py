"""`clawmedic drill`: the rehearsal; it needs no OpenClaw."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.disk.building import passing_directory
from clawmedic.drill.rehearsal import rehearse
from clawmedic.errors import ExitCode
from clawmedic.output.drill import drill_document, show_drill
from clawmedic.output.progress import progress
from clawmedic.output.screen import Screen
from clawmedic.output.sink import write_json
from clawmedic.settings import Settings

Keep = Annotated[
    Path | None,
    typer.Option("--keep", metavar="DIR", help="Make the state directories in DIR and leave them there."),
]


@with_settings(store=False)
def command(settings: Settings, keep: Keep = None) -> ExitCode:
    """Rehearse: make every kind of dead session, and judge each.

    The sessions, dead, stuck, damaged and well, are made in a temporary directory; no OpenClaw is
    needed. Exits with 3 when a verdict is wrong.
    """
    world = settings.world
    place = nullcontext(world.cwd / keep.expanduser()) if keep else passing_directory(world.tmp)
    with place as directory:
        with progress(settings) as reporter:
            report = rehearse(world, directory, reporter)
        if settings.json:
            write_json(drill_document(report, kept=keep is not None))
        else:
            show_drill(Screen(settings), report, kept=keep is not None)
    return ExitCode.FINDINGS if report.wrong else ExitCode.OK
