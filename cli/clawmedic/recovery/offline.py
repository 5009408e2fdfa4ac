"""Rungs that change files: why they may not, by the name of the hazard, and the frame of their plans."""

from __future__ import annotations

from pathlib import Path

from clawmedic.model.plan import Access, Plan, Step
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


def offline_plan(
    patient: Patient,
    step: Step,
    *,
    access: Access = Access.OFFLINE,
    backups: tuple[Path, ...] = (),
    locks: tuple[Path, ...] = (),
    new_bytes: int = 0,
    notes: tuple[str, ...] = (),
) -> Plan:
    """The plan of one step that changes files."""
    return Plan(
        operation_id=patient.member,
        command=patient.command,
        keys=(patient.session.key,),
        state_dir=patient.settings.state_dir,
        steps=(step,),
        access=access,
        backups=backups,
        locks=locks,
        new_bytes=new_bytes,
        planned_at=patient.settings.now(),
        notes=notes,
    )
