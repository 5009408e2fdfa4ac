"""The ladder: which rung is tried next on a session, and when it has been climbed (design.md 5).

Each rung is a transaction of its own. Between rungs everything is looked at anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from msgspec import Struct

from clawmedic.errors import RefusedError
from clawmedic.model.policy import Policy
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.rung import Patient, Rung, Treatment
from clawmedic.recovery.rungs.wait import look_again_at
from clawmedic.recovery.table import RUNGS
from clawmedic.recovery.ward import ILL

PRELIMINARY = frozenset({"unlock", "mend"})
"""They clear the way: what else ails the session is seen afterwards."""


class Well(Struct, frozen=True):
    """There is nothing to do."""

    reason: str


class Hold(Struct, frozen=True):
    """Nothing is done now: the policy only observes, or a transient failure is young. `until` is epoch ms."""

    reason: str
    until: int | None = None


class Try(Struct, frozen=True):
    """This rung comes next."""

    rung: Rung
    reason: str
    treatment: Treatment


class GiveUp(Struct, frozen=True):
    """Nothing that may be tried is left; why the rungs were not, one line for each reason."""

    reasons: tuple[str, ...]


Decision: TypeAlias = Well | Hold | Try | GiveUp


def decide(patient: Patient, tried: Collection[str] = (), rungs: Sequence[Rung] = RUNGS) -> Decision:
    """What comes next for a session. Reads, and changes nothing.

    Args:
        patient: as it is now.
        tried: names of rungs that were tried already, whatever came of them.
        rungs: to choose from, in their order.
    """
    if patient.mandate.ordered:
        return _next(patient, tried, rungs)
    if patient.ailment.kind is AilmentKind.NONE:
        return Well(f"{patient.report.verdict}: nothing to rescue")
    policy = patient.mandate.policy
    if policy in (Policy.OBSERVE, Policy.IGNORE):
        return Hold(f"the policy is {policy}: nothing is changed")
    due = look_again_at(patient.ailment, patient.mandate, patient.settings.now())
    if due is not None and not tried:
        return Hold(
            f"{patient.ailment.cause} passes by itself: the newest failure is younger than ten minutes", due
        )
    return _next(patient, tried, rungs)


def _next(patient: Patient, tried: Collection[str], rungs: Sequence[Rung]) -> Decision:
    reasons: dict[str, list[str]] = {}
    for rung in rungs:
        if rung.name in tried:
            continue
        fit = rung.applies(patient)
        if not (patient.mandate.ordered or patient.mandate.policy.allows(rung.name)):
            if fit.ok:
                reasons.setdefault(f"the policy is {patient.mandate.policy}", []).append(rung.name)
            continue
        if not fit.ok:
            reasons.setdefault(fit.reason, []).append(rung.name)
            continue
        try:
            return Try(rung, fit.reason, rung.plan(patient))
        except RefusedError as error:
            reasons.setdefault(error.message, []).append(rung.name)
    return GiveUp(tuple(f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in reasons.items()))


def is_over(patient: Patient, rung: str) -> bool:
    """Whether the climb ends after this rung's proof held: looked at anew, the session is neither dead nor stuck."""
    if patient.mandate.ordered:
        return True
    if patient.report.verdict in ILL:
        return False
    return rung not in PRELIMINARY or patient.ailment.kind is AilmentKind.NONE
