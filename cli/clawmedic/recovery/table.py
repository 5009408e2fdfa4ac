"""The rungs in the order in which they are tried: the gentlest first (design.md 5). A new rung is a file and a line."""

from __future__ import annotations

from clawmedic.recovery.rung import Rung
from clawmedic.recovery.rungs.distil import Distil
from clawmedic.recovery.rungs.gateway_compact import GatewayCompact
from clawmedic.recovery.rungs.gateway_distil import GatewayDistil
from clawmedic.recovery.rungs.gateway_recover import GatewayRecover
from clawmedic.recovery.rungs.gateway_relax import GatewayRelax
from clawmedic.recovery.rungs.gateway_reset import GatewayReset
from clawmedic.recovery.rungs.gateway_rewind import GatewayRewind
from clawmedic.recovery.rungs.mend import Mend
from clawmedic.recovery.rungs.relink import Relink
from clawmedic.recovery.rungs.reset import Reset
from clawmedic.recovery.rungs.unlock import Unlock

RUNGS: tuple[Rung, ...] = (
    Unlock(),
    Relink(),
    Mend(),
    GatewayRecover(),
    GatewayCompact(),
    GatewayRelax(),
    GatewayRewind(),
    Distil(),
    GatewayDistil(),
    Reset(),
    GatewayReset(),
)
"""`wait` and `escalate` are no operations: the ladder begins and ends with them."""


def named(name: str) -> tuple[Rung, ...]:
    """Every way of one rung: with the gateway stopped, and with it running."""
    return tuple(rung for rung in RUNGS if rung.name == name)
