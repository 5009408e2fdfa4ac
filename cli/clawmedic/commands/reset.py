"""`clawmedic reset`."""

from __future__ import annotations

from clawmedic.commands.mutating import DryRun, GatewayStopped, Yes
from clawmedic.commands.options import with_settings
from clawmedic.commands.probing import probing
from clawmedic.commands.reaching import Password, Token, Url
from clawmedic.commands.treating import Probe, SomeKeys, treat
from clawmedic.errors import ExitCode
from clawmedic.model.policy import Policy
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.table import named
from clawmedic.settings import Settings


@with_settings(journal=True)
def command(
    settings: Settings,
    key: SomeKeys,
    *,
    probe: Probe = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    gateway_stopped: GatewayStopped = False,
    url: Url = None,
    token: Token = None,
    password: Password = None,
) -> ExitCode:
    """Begin a new session behind a key; the old one is kept.

    The old transcript is kept under OpenClaw's own name for it, and the new one begins with a note that says where.
    """
    mandate = Mandate(policy=Policy.RESET, explicit=True, named=True, agreed=yes, ordered=True)
    with Line(settings, url=url, token=token, password=password) as line:
        return treat(
            settings,
            "reset",
            mandate,
            keys=key,
            rungs=named("reset"),
            question="Begin anew?",
            line=line,
            dry_run=dry_run,
            gateway_stopped=gateway_stopped,
            **probing(line, wanted=probe and not dry_run),
        )
