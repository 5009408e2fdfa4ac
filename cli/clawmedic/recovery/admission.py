"""From a session that was looked at to the patient that rungs are given."""

from __future__ import annotations

from dataclasses import dataclass

from clawmedic.gateway.calling import Caller
from clawmedic.recovery.ailment import ailment_of
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rung import Patient, Situation
from clawmedic.recovery.ward import Seen, Ward


@dataclass(frozen=True, slots=True)
class Clinic:
    """What all patients of one call share.

    Attributes:
        command: the command that asks.
        gateway: a connection, None when none is wanted or reached.
    """

    command: str
    mandate: Mandate
    gateway: Caller | None = None
    gateway_stopped: bool = False


def admit(clinic: Clinic, ward: Ward, seen: Seen, *, member: str) -> Patient:
    """A patient, as everything is now.

    Raises:
        BusyError, RefusedError: who owns the directory cannot be said (see `Ward.situation`).
    """
    situation, why = ward.situation(gateway_stopped=clinic.gateway_stopped)
    return Patient(
        settings=ward.settings,
        state=ward.state,
        store=seen.store,
        case=seen.case,
        report=seen.report,
        ailment=ailment_of(seen.case, seen.report),
        mandate=clinic.mandate,
        situation=situation,
        member=member,
        book=ward.book,
        command=clinic.command,
        gateway=clinic.gateway if situation is Situation.RUNNING else None,
        why_running=why,
    )
