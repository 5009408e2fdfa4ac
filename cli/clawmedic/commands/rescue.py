"""`clawmedic rescue`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.commands.mutating import DryRun, GatewayStopped, Yes
from clawmedic.commands.options import with_settings
from clawmedic.commands.probing import probing
from clawmedic.commands.reaching import Password, Token, Url
from clawmedic.commands.treating import Probe, treat
from clawmedic.commands.values import Keys
from clawmedic.errors import ExitCode, UsageError
from clawmedic.model.policy import Policy
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.table import RUNGS
from clawmedic.settings import Settings

All = Annotated[bool, typer.Option("--all", help="Every dead and every stuck session.")]
PolicyOption = Annotated[
    Policy | None,
    typer.Option(
        "--policy",
        help="How far to go: look only, keep the history in view, shorten it (the default), begin anew.",
        show_default=False,
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="PROVIDER/MODEL", help="An alternative for compactions. Repeatable."),
]


@with_settings(journal=True)
def command(
    settings: Settings,
    key: Keys = None,
    *,
    every: All = False,
    policy: PolicyOption = None,
    model: Models = None,
    probe: Probe = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    gateway_stopped: GatewayStopped = False,
    url: Url = None,
    token: Token = None,
    password: Password = None,
) -> ExitCode:
    """Bring dead sessions back, by the gentlest means that works.

    Each means is a transaction: verified backup, one change, proof, or back to what was. `undo` reverses it later.
    """
    if bool(key) == every:
        raise UsageError("rescue needs a KEY or --all", hint="`clawmedic scan` lists what is dead")
    mandate = Mandate(
        policy=policy or Policy.REVIVE,
        explicit=policy is not None,
        named=bool(key),
        agreed=yes,
        models=tuple(model or ()),
    )
    with Line(settings, url=url, token=token, password=password) as line:
        return treat(
            settings,
            "rescue",
            mandate,
            keys=key or (),
            every_ill=every,
            rungs=RUNGS,
            question="Do this?",
            line=line,
            dry_run=dry_run,
            gateway_stopped=gateway_stopped,
            **probing(line, wanted=probe and not dry_run),
        )
