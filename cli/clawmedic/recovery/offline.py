"""Why files may not be changed, in the words of the hazard that it would be."""

from __future__ import annotations

from clawmedic.model.session import Generation
from clawmedic.recovery.hazards import HAZARDS, Hazard
from clawmedic.recovery.rung import Fit, Patient


def offline_only(patient: Patient) -> Fit:
    """Whether a rung that rewrites files may be tried at all: the file generation, and nobody owns the directory."""
    if patient.session.generation is Generation.SQLITE:
        return hazardous(Hazard.SQLITE)
    if not patient.offline:
        return hazardous(Hazard.LIVE_STORE, f"{patient.why_running}: ")
    return Fit(ok=True, reason="nobody owns the state directory")


def hazardous(hazard: Hazard, before: str = "") -> Fit:
    """Not this way, in the words of the hazard."""
    warned = HAZARDS[hazard]
    return Fit(ok=False, reason=f"{before}{warned.why}; {warned.instead} (hazard {hazard})")
