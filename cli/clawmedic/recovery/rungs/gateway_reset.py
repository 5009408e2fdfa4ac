"""`reset` through a running gateway: a new, empty session behind the key; the old history is copied first."""

from __future__ import annotations

from msgspec import Struct, field

from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.operations.work import Work
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.anew import begin_anew, is_new, leave_note
from clawmedic.recovery.bedside import ORDERED, Bedside
from clawmedic.recovery.live import live_plan, without_gateway
from clawmedic.recovery.rung import Fit, Patient, Treatment


class GatewayReset(Struct, frozen=True):
    """The rung."""

    name: str = "reset"

    def applies(self, patient: Patient) -> Fit:
        """A gateway is reached; for what a new session cures, or because the operator insists."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        kind = patient.ailment.kind
        if patient.mandate.ordered:
            return ORDERED
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
        """Copy, reset, prove, leave a note.

        Raises:
            RefusedError: the gateway has moved the conversation to another session, and refuses a reset of this one.
        """
        if moved := patient.session.recovered_key:
            raise RefusedError(
                f"the gateway has moved the conversation to {moved}, and refuses a reset of {patient.session.key}",
                hint=f"go on in {moved}",
            )
        step = Step(self.name, "keep the history aside and begin a new session", reversible=Reversible.NO)
        return Treatment(live_plan(patient, step), _Resetting(Bedside.of(patient, whole=True)))


class _Resetting(Struct, frozen=True):
    bedside: Bedside
    found: list[Check] = field(default_factory=list)

    def act(self, work: Work) -> None:
        bedside = self.bedside
        kept = bedside.begin(work)
        done = begin_anew(work, bedside.patient, bedside.live)
        self.found.append(is_new(bedside.live, done, bedside.look(work)))
        if self.found[-1].ok:
            self.found.append(leave_note(work, bedside.caller, bedside.patient, kept))

    def prove(self, work: Work) -> Proof:
        return self.bedside.proof(work, self.found)
