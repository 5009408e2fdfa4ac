"""`recover`: 9.6 moves a conversation that its restarts have given up to a session of its own.

The source is archived and refused for good (measured on 2026.9.6), so that this is no rescue of a chat: there `distil`
takes the tombstone off.
"""

from __future__ import annotations

from msgspec import Struct

from clawmedic.disk.records import Call
from clawmedic.gateway import branches
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Generation
from clawmedic.operations.work import Work
from clawmedic.recovery.bedside import Bedside
from clawmedic.recovery.hazards import Hazard
from clawmedic.recovery.live import all_lines_of, ask, caller_of, live_plan, without_gateway
from clawmedic.recovery.looking import entry_ids
from clawmedic.recovery.offline import hazardous
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.ward import Ward

_METHOD = "sessions.recover"


class GatewayRecover(Struct, frozen=True):
    """The rung."""

    name: str = "recover"

    def applies(self, patient: Patient) -> Fit:
        """A tombstoned session of the dashboard, and a gateway that has the method."""
        session = patient.session
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        if session.generation is not Generation.SQLITE or not session.tombstone:
            return Fit(ok=False, reason="the row has no tombstone")
        if session.recovered_key:
            return Fit(ok=False, reason=f"its conversation goes on as {session.recovered_key} already")
        if not caller_of(patient).supports(_METHOD):
            return Fit(ok=False, reason="this gateway cannot recover sessions")
        if not session.is_dashboard:
            return hazardous(Hazard.RECOVER_CHAT)
        return Fit(ok=True, reason=f"the gateway has given the session up: {session.tombstone}")

    def plan(self, patient: Patient) -> Treatment:
        """One call; the history goes along."""
        step = Step(
            self.name,
            "let the gateway continue the conversation in a session of its own, and archive this one",
            reversible=Reversible.NO,
        )
        return Treatment(live_plan(patient, step), _Recovering(Bedside.of(patient)))


class _Recovering(Struct, frozen=True):
    bedside: Bedside

    def act(self, work: Work) -> None:
        caller, key = self.bedside.caller, self.bedside.key
        self.bedside.begin(work)
        ask(work, Call(_METHOD, {"key": key}), lambda: branches.recover(caller, key), reverse=None)

    def prove(self, work: Work) -> Proof:
        new = self.bedside.look(work).case.session.recovered_key
        if not new:
            return Proof((Check("recovered", ok=False, detail="the gateway has made no other session"),))
        with Ward.open(work.settings, SilentReporter()) as ward:
            seen = ward.look(new, self.bedside.patient.session.agent)
        missing = len(self.bedside.ids - entry_ids(all_lines_of(work.settings, seen.case.session)))
        words = (
            f"{missing} of {len(self.bedside.ids)} entries are missing" if missing else f"goes on as {new}"
        )
        return Proof((Check("recovered", ok=not missing, detail=words), is_alive(seen)))
