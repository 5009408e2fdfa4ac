"""From a session that was looked at to the patient that rungs are given."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.errors import BusyError, RefusedError
from clawmedic.model.session import Generation
from clawmedic.recovery.ailment import ailment_of
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rung import Patient, Situation
from clawmedic.recovery.ward import Seen, Ward


class Clinic(Struct, frozen=True):
    """What all patients of one call share.

    Attributes:
        command: the command that asks.
        line: the way to the gateway, None when none is wanted.
    """

    command: str
    mandate: Mandate
    line: Line | None = None
    gateway_stopped: bool = False


def admit(clinic: Clinic, ward: Ward, seen: Seen, *, member: str) -> Patient:
    """A patient, as everything is now. A running gateway is connected to when there is a line to it.

    Raises:
        BusyError, RefusedError: who owns the directory of a file store cannot be said (see `Ward.situation`), or the
            gateway that the operator names is not reached.
    """
    situation, why = _situation(clinic, ward, seen)
    running = situation is Situation.RUNNING
    gateway = clinic.line.reach(ward.state) if running and clinic.line is not None else None
    if running and gateway is None and clinic.line is not None and clinic.line.why:
        why = f"{why}; {clinic.line.why}"
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
        gateway=gateway,
        why_running=why,
    )


def _situation(clinic: Clinic, ward: Ward, seen: Seen) -> tuple[Situation, str]:
    """A gateway that the operator names runs, wherever it is; else what this host tells.

    For a database it is enough to know whether a gateway can be reached: its files are never written.
    """
    if clinic.line is not None and clinic.line.is_named:
        clinic.line.require(ward.state)
        return Situation.RUNNING, "the gateway of --url answers"
    try:
        return ward.situation(gateway_stopped=clinic.gateway_stopped)
    except (RefusedError, BusyError) as error:
        if seen.case.session.generation is not Generation.SQLITE:
            raise
        reached = clinic.line is not None and clinic.line.reach(ward.state) is not None
        return (Situation.RUNNING if reached else Situation.STOPPED), error.message
