"""What the drill plays: one session for every way to die, to hang, to be damaged, to be at risk, and to be well.

What is expected is written down from the definitions (design.md 3 and 5, openclaw.md 3.3), never from what an
examination or a rescue answered.
"""

from __future__ import annotations

from clawmedic.drill.scenario import Scenario
from clawmedic.drill.scenarios_damaged import at_risk, damaged, suspect
from clawmedic.drill.scenarios_dead import dead, hanging
from clawmedic.drill.scenarios_well import healthy

__all__ = ["Scenario", "scenarios"]


def scenarios() -> tuple[Scenario, ...]:
    """All sessions, worst first."""
    return (*dead(), *hanging(), *suspect(), *damaged(), *at_risk(), *healthy())
