"""`recover`: 9.6 takes the tombstone off a session that its restarts have given up."""

from __future__ import annotations

from dataclasses import dataclass

from clawmedic.disk.records import Call
from clawmedic.gateway import branches
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.model.session import Generation
from clawmedic.operations.work import Work
from clawmedic.recovery.bedside import Bedside
from clawmedic.recovery.live import ask, caller_of, live_plan, require_quiet, without_gateway
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient, Treatment

_METHOD = "sessions.recover"


@dataclass(frozen=True, slots=True)
class GatewayRecover:
    """The rung."""

    name: str = "recover"

    def applies(self, patient: Patient) -> Fit:
        """A tombstoned row of a database, and a gateway that has the method."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        if patient.session.generation is not Generation.SQLITE or not patient.session.tombstone:
            return Fit(ok=False, reason="the row has no tombstone")
        if not caller_of(patient).supports(_METHOD):
            return Fit(ok=False, reason="this gateway cannot recover sessions")
        return Fit(ok=True, reason=f"the gateway has given the session up: {patient.session.tombstone}")

    def plan(self, patient: Patient) -> Treatment:
        """One call; the history is not touched."""
        step = Step(self.name, "take the tombstone off the session", reversible=Reversible.NO)
        return Treatment(live_plan(patient, step), _Recovering(Bedside.of(patient)))


@dataclass(frozen=True, slots=True)
class _Recovering:
    bedside: Bedside

    def act(self, work: Work) -> None:
        caller, key = self.bedside.caller, self.bedside.key
        require_quiet(self.bedside.patient, self.bedside.live, self.bedside.ids)
        ask(work, Call(_METHOD, {"key": key}), lambda: branches.recover(caller, key), reverse=None)

    def prove(self, work: Work) -> Proof:
        seen = self.bedside.look(work)
        left = seen.case.session.tombstone
        return Proof((Check("tombstone", ok=not left, detail=left or "gone"), is_alive(seen)))
