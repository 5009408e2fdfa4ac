"""`clawmedic undo`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.commands.mutating import DryRun, GatewayStopped, Yes, agreed, show_outcome, show_plans
from clawmedic.commands.options import with_settings
from clawmedic.commands.reaching import Password, Token, Url
from clawmedic.errors import ExitCode
from clawmedic.model.outcome import Outcome
from clawmedic.operations.run import mutating_run
from clawmedic.operations.undo import plan_undo, rolled_back_just_now, undo
from clawmedic.output.progress import progress
from clawmedic.recovery.line import Line
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading

Operation = Annotated[
    str, typer.Argument(metavar="ID", help="An operation of `history`, or an unambiguous part.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Although the session has moved on; what is there now is kept aside.")
]


@with_settings()
def command(
    settings: Settings,
    operation: Operation,
    *,
    force: Force = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    gateway_stopped: GatewayStopped = False,
    url: Url = None,
    token: Token = None,
    password: Password = None,
) -> ExitCode:
    """Put back the very bytes of what an operation changed.

    What only the gateway can take back it is asked for. Refuses when the session
    has moved on since. An undo can be undone too.
    """
    if dry_run:
        show_plans(settings, [one.plan for one in plan_undo(settings, operation, force=force)])
        return ExitCode.OK
    with (
        Line(settings, url=url, token=token, password=password) as line,
        mutating_run(settings, gateway_stopped=gateway_stopped, reverse_call=line.reverse) as run,
    ):
        outcome: Outcome | None = rolled_back_just_now(run, operation)
        if outcome is None:
            reversals = plan_undo(settings, operation, force=force)
            if not agreed(settings, [one.plan for one in reversals], "Put this back?", yes=yes):
                return ExitCode.OK
            with progress(settings) as reporter, open_for_reading(settings, reporter) as state:
                outcome = undo(run, reversals, state=state)
    show_outcome(settings, outcome, run.recovered)
    return ExitCode(outcome.exit_code)
