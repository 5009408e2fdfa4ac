"""`clawmedic drill`: the rehearsal; it needs no OpenClaw. On a real gateway, one throw-away session."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from clawmedic.commands.drill_visit import rehearse_on_gateway
from clawmedic.commands.mutating import Yes
from clawmedic.commands.options import with_settings
from clawmedic.commands.reaching import Password, Token
from clawmedic.disk.building import passing_directory
from clawmedic.drill.rehearsal import NoAudience, rehearse
from clawmedic.drill.scenes import scenes
from clawmedic.errors import ExitCode, UsageError
from clawmedic.output.drill import drill_page, show_sum
from clawmedic.output.drill_document import drill_document
from clawmedic.output.screen import Screen
from clawmedic.output.sink import write_json
from clawmedic.settings import Settings

Keep = Annotated[
    Path | None,
    typer.Option("--keep", metavar="DIR", help="Make the state directories in DIR and leave them there."),
]
AgainstGateway = Annotated[
    str | None,
    typer.Option(
        "--against-gateway",
        metavar="URL",
        help="Rehearse on this running gateway instead, with one throw-away session; it costs a few tokens.",
        show_default=False,
    ),
]


@with_settings(store=False)
def command(
    settings: Settings,
    *,
    keep: Keep = None,
    against_gateway: AgainstGateway = None,
    yes: Yes = False,
    token: Token = None,
    password: Password = None,
) -> ExitCode:
    """Rehearse: make dead sessions, bring each back, and undo it.

    The sessions, dead, stuck, damaged and well, are made in a temporary directory; no OpenClaw is
    needed. Exits with 3 when a verdict, a rescue or an undo is not as promised.
    """
    if against_gateway is not None:
        if keep is not None:
            raise UsageError(
                "--keep is for the drill without a gateway", hint="a gateway keeps what it wants"
            )
        return rehearse_on_gateway(settings, against_gateway, yes=yes, token=token, password=password)
    if yes or token or password:
        raise UsageError(
            "--yes, --token and --password go with --against-gateway", hint="the drill asks nothing"
        )
    world, played = settings.world, scenes()
    place = nullcontext(world.cwd / keep.expanduser()) if keep else passing_directory(world.tmp)
    with place as directory:
        if settings.json:
            report = rehearse(world, directory, NoAudience(), played=played)
            write_json(drill_document(report, kept=keep is not None))
        else:
            with drill_page(settings, directory, played) as page:
                report = rehearse(world, directory, page, played=played)
            show_sum(Screen(settings), report, kept=keep is not None)
    return ExitCode.FINDINGS if report.wrong else ExitCode.OK
