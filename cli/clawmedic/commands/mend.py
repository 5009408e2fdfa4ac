"""`clawmedic mend`."""

from __future__ import annotations

from clawmedic.commands.mutating import DryRun, GatewayStopped, Yes
from clawmedic.commands.options import with_settings
from clawmedic.commands.treating import OneKey, treat
from clawmedic.errors import ExitCode
from clawmedic.model.policy import Policy
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.table import named
from clawmedic.settings import Settings


@with_settings(journal=True)
def command(
    settings: Settings,
    key: OneKey,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    gateway_stopped: GatewayStopped = False,
) -> ExitCode:
    """Repair a transcript's structure.

    Torn and malformed lines, header, chain, tool calls, doubled ids. The gateway
    must be stopped. Lines that need nothing keep their bytes; what is taken out
    is kept.
    """
    mandate = Mandate(policy=Policy.PRESERVE, explicit=True, named=True, agreed=yes, ordered=True)
    with Line(settings) as line:
        return treat(
            settings,
            "mend",
            mandate,
            keys=[key],
            rungs=named("mend"),
            question="Repair it?",
            line=line,
            dry_run=dry_run,
            gateway_stopped=gateway_stopped,
        )
