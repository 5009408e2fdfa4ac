"""`reset` through a running gateway: a new, empty session behind the key; the old history is copied first."""

from __future__ import annotations

from dataclasses import dataclass, field

from clawmedic.gateway.answers import LiveSession
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.operations.work import Work
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.anew import begin_anew, is_new, leave_note
from clawmedic.recovery.live import (
    all_lines_of,
    caller_of,
    described,
    history_stays,
    keep,
    live_plan,
    live_proof,
    require_quiet,
    without_gateway,
)
from clawmedic.recovery.looking import entry_ids
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import look_again


@dataclass(frozen=True, slots=True)
class GatewayReset:
    """The rung."""

    name: str = "reset"

    def applies(self, patient: Patient) -> Fit:
        """A gateway is reached; for what a new session cures, or because the operator insists."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        kind = patient.ailment.kind
        if patient.mandate.ordered:
            return Fit(ok=True, reason="the operator asks for it")
        if patient.mandate.insists_on_reset and kind is not AilmentKind.ORPHANED:
            return Fit(ok=True, reason="the operator asks for a new session")
        if kind is AilmentKind.MODEL_CALL:
            return Fit(
                ok=False, reason="the ordinary model call fails: a new session would fail the same way"
            )
        if patient.ailment.shrinkable or kind in (AilmentKind.CONTENT, AilmentKind.GATE):
            return Fit(ok=True, reason="nothing gentler brings it back")
        return Fit(ok=False, reason="a new session is no answer to this")

    def plan(self, patient: Patient) -> Treatment:
        """Copy, reset, prove, leave a note."""
        live = described(patient)
        there = patient.session.transcript.exists
        lines = all_lines_of(patient.settings, patient.session) if there else ()
        ids = entry_ids(lines)
        step = Step(self.name, "keep the history aside and begin a new session", reversible=Reversible.NO)
        room = room_for(patient.case, patient.case.view.context)
        return Treatment(live_plan(patient, step), _Resetting(patient, live, ids, room))


@dataclass(frozen=True, slots=True)
class _Resetting:
    patient: Patient
    live: LiveSession
    ids: frozenset[str]
    room: Room
    found: list[Check] = field(default_factory=list)

    def act(self, work: Work) -> None:
        require_quiet(self.patient, self.live, self.ids)
        kept = keep(work, self.patient) if self.ids else None
        done = begin_anew(work, self.patient, self.live)
        seen = look_again(work.settings, None, self.patient.session)
        self.found.append(is_new(self.live, done, seen))
        if self.found[-1].ok:
            self.found.append(leave_note(work, caller_of(self.patient), self.patient, kept))

    def prove(self, work: Work) -> Proof:
        seen = look_again(work.settings, None, self.patient.session)
        checks = [
            *self.found,
            history_stays(work, self.patient, self.ids),
            is_alive(seen),
        ]
        return live_proof(work, checks, self.patient, seen, self.room)
