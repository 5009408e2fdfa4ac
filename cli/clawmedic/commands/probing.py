"""`--probe`: what is done with the outcome before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from clawmedic.commands.treating import require_gateway
from clawmedic.model.outcome import Outcome
from clawmedic.recovery.line import Line
from clawmedic.recovery.probing import probed
from clawmedic.recovery.rescue import Round


class Probing(TypedDict, total=False):
    """The arguments of `treat` that a probe needs."""

    before: Callable[[Round], None]
    finish: Callable[[Round, Outcome], Outcome]


def probing(line: Line, *, wanted: bool) -> Probing:
    """Nothing without `--probe`; with it, a refusal beforehand where no gateway is, and the turns afterwards."""
    if not wanted:
        return {}

    return {
        "before": lambda planned: require_gateway(line, planned),
        "finish": lambda planned, outcome: probed(line, planned, outcome),
    }
