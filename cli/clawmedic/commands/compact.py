"""`clawmedic compact`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.commands.mutating import DryRun, GatewayStopped, Yes
from clawmedic.commands.options import with_settings
from clawmedic.commands.probing import probing
from clawmedic.commands.reaching import Password, Token, Url
from clawmedic.commands.treating import OneKey, Probe, treat
from clawmedic.errors import ExitCode, UsageError
from clawmedic.model.policy import Policy
from clawmedic.recovery.hazards import Hazard, refuse
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.table import named
from clawmedic.settings import Settings

Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="PROVIDER/MODEL", help="Try this model; in the order given. Repeatable."),
]
WithoutModel = Annotated[
    bool, typer.Option("--distil", help="Without any model: recent turns, and a digest of facts of the rest.")
]
MaxLines = Annotated[int | None, typer.Option("--max-lines", hidden=True)]


@with_settings(journal=True)
def command(
    settings: Settings,
    key: OneKey,
    *,
    model: Models = None,
    distil: WithoutModel = False,
    max_lines: MaxLines = None,
    probe: Probe = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    gateway_stopped: GatewayStopped = False,
    url: Url = None,
    token: Token = None,
    password: Password = None,
) -> ExitCode:
    """Compact a session with other models, or without any.

    Without --distil a running gateway is needed.
    """
    if max_lines is not None:
        raise refuse(Hazard.MAX_LINES)
    if model and distil:
        raise UsageError("--distil needs no --model", hint="give one of the two")
    mandate = Mandate(
        Policy.REVIVE, explicit=True, named=True, agreed=yes, ordered=True, models=tuple(model or ())
    )
    with Line(settings, url=url, token=token, password=password) as line:
        return treat(
            settings,
            "compact",
            mandate,
            keys=[key],
            rungs=named("distil" if distil else "compact"),
            question="Do this?",
            line=line,
            dry_run=dry_run,
            gateway_stopped=gateway_stopped,
            **probing(line, wanted=probe and not dry_run),
        )
