"""`escalate`: nothing that may be tried is left; a person is told what would help. Who called it sends the notice."""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.model.cause import Cause, CauseKind, Struck
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.session import Generation
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.rung import Patient, Situation
from clawmedic.triage.knowledge import remedies_for

START = "start the gateway: it is the only one that may change this store"
START_7_1 = "start the gateway: it takes up the interrupted turn by itself"
STOP = (
    "stop the gateway, then run it again: the gentle means for a stopped gateway have been measured to work"
)


def advice(patient: Patient) -> tuple[str, ...]:
    """What a person can do, best first; commands have no place for the key, who shows them fills it in."""
    lines = [*_about_gateway(patient), *_about_cause(patient)]
    return tuple(dict.fromkeys(lines))


def _about_gateway(patient: Patient) -> list[str]:
    if patient.session.generation is Generation.SQLITE and patient.situation is Situation.STOPPED:
        return [START]
    if patient.ailment.kind is AilmentKind.STUCK and patient.situation is Situation.STOPPED:
        return [START_7_1 if patient.case.dialect == "7.1" else "start the gateway"]
    if patient.situation is Situation.RUNNING and patient.gateway is None:
        reach = f"a gateway runs ({patient.why_running}), and it was not reached: see `clawmedic info`"
        return [reach, STOP] if patient.session.generation is Generation.FILES else [reach]
    return []


def _about_cause(patient: Patient) -> list[str]:
    kind, cause = patient.ailment.kind, patient.ailment.cause or Cause.UNKNOWN
    if kind is AilmentKind.MODEL_CALL:
        struck = Struck.MODEL_CALL
    elif kind in (AilmentKind.COMPACTION, AilmentKind.SIZE, AilmentKind.CONTENT):
        struck = Struck.COMPACTION
    else:
        return []
    known = remedies_for(cause, patient.session.generation, patient.case.dialect, struck=struck)
    return [line for line in known if not line.startswith("clawmedic rescue")]


def escalation(patient: Patient, reasons: Sequence[str], operation_id: str = "") -> Notice:
    """The notice that one session needs a person."""
    ailment = patient.ailment
    what = f"{patient.session.key} does not answer" + (f": {ailment.cause}" if ailment.cause else "")
    return Notice(
        kind=NoticeKind.ESCALATION,
        at=patient.settings.now(),
        keys=(patient.session.key,),
        title=what,
        lines=(patient.report.why, *advice(patient), *reasons),
        operation_id=operation_id,
        unanswered=len(patient.report.unanswered),
        quotes=tuple(one.text for one in patient.report.unanswered),
    )


def outage(patients: Sequence[Patient]) -> Notice:
    """One notice for all sessions whose ordinary model call fails for the same cause of the same provider."""
    first = patients[0]
    cause = first.ailment.cause or Cause.UNKNOWN
    provider = first.ailment.provider or "the provider"
    passing = cause.kind is CauseKind.TRANSIENT and cause is not Cause.UNKNOWN
    sessions = f"{len(patients)} session{'' if len(patients) == 1 else 's'}"
    return Notice(
        kind=NoticeKind.OUTAGE,
        at=first.settings.now(),
        keys=tuple(patient.session.key for patient in patients),
        title=f"{provider} does not answer ordinary calls ({cause}): {sessions}",
        lines=(
            "a reset would destroy the conversations and cure nothing",
            *(["the next message is answered once the provider is back"] if passing else []),
            *advice(first),
        ),
        unanswered=sum(len(patient.report.unanswered) for patient in patients),
        condition=f"outage {provider} {cause}",
        quotes=tuple(one.text for patient in patients for one in patient.report.unanswered),
    )
