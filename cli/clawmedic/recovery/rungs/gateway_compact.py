"""`compact`: the session's own model again, then each alternative, and back to the model that it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from clawmedic.gateway import methods
from clawmedic.gateway.answers import LiveSession
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.operations.work import Work
from clawmedic.recovery.compacting import (
    Attempt,
    alternatives,
    compact_as_is,
    compact_with,
    own_model,
    unknown_models,
)
from clawmedic.recovery.live import (
    caller_of,
    described,
    history_stays,
    keep,
    lines_of,
    live_plan,
    live_proof,
    require_quiet,
    without_gateway,
)
from clawmedic.recovery.looking import context_of, entry_ids
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import look_again


@dataclass(frozen=True, slots=True)
class GatewayCompact:
    """The rung."""

    name: str = "compact"

    def applies(self, patient: Patient) -> Fit:
        """A gateway is reached, and a compaction failed or the history does not fit."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        if patient.mandate.ordered:
            return Fit(ok=True, reason="the operator asks for it")
        if patient.ailment.shrinkable:
            return Fit(ok=True, reason="a compaction that succeeds brings it back with its memory")
        return Fit(ok=False, reason="the history's length is not what ails it")

    def plan(self, patient: Patient) -> Treatment:
        """Own model, then the others; which ones is decided here."""
        live = described(patient)
        others = () if patient.case.config.compaction.model else alternatives(patient)
        own = own_model(patient)
        notes = [
            f"{name} is in no provider of the config and is not tried" for name in unknown_models(patient)
        ]
        if fixed := patient.case.config.compaction.model:
            notes.append(
                f"the config gives every compaction to {fixed}: another model of the session changes nothing"
            )
        if patient.case.dialect == "7.1" and patient.session.chat_type == "group":
            notes.append("7.1 sends a group's own history besides: a compaction may not be enough")
        sentence = "compact with " + ", then ".join((own or "the session's own model", *others))
        step = Step(self.name, sentence, reversible=Reversible.NO)
        lines = lines_of(patient.settings, patient.session)
        ids = entry_ids(lines)
        action = _Compacting(patient, live, own, others, ids, room_for(patient.case, context_of(lines)))
        return Treatment(live_plan(patient, step, notes=notes), action)


@dataclass(frozen=True, slots=True)
class _Compacting:
    patient: Patient
    live: LiveSession
    own: str
    others: tuple[str, ...]
    ids: frozenset[str]
    room: Room
    attempts: list[Attempt] = field(default_factory=list)

    def act(self, work: Work) -> None:
        caller, key = caller_of(self.patient), self.patient.session.key
        require_quiet(self.patient, self.live, self.ids)
        keep(work, self.patient)
        self.attempts.append(compact_as_is(work, caller, key, self.own or "its own model"))
        for model in self.others:
            if self.attempts[-1].compacted:
                return
            made = compact_with(work, caller, key, model, self.patient.session.model_override)
            self.attempts.append(made)

    def prove(self, work: Work) -> Proof:
        return prove_compaction(work, self.patient, self.attempts, self.ids, self.room)


def prove_compaction(
    work: Work, patient: Patient, attempts: Sequence[Attempt], ids: frozenset[str], room: Room
) -> Proof:
    """What every rung that ends with a compaction proves: `compacted` was true, and looked at anew it is well."""
    last = attempts[-1]
    if not last.compacted:
        words = "; ".join(f"{one.model}: {one.reason}" for one in attempts)
        return Proof((Check("compacted", ok=False, detail=words),))
    seen = look_again(work.settings, None, patient.session)
    now = methods.require(caller_of(patient), patient.session.key)
    before = patient.session.model_override
    checks = [
        Check("compacted", ok=True, detail=f"by {last.model}"),
        Check(
            "model", ok=seen.case.session.model_override == before, detail=before or now.model or "as it was"
        ),
        history_stays(work, patient, ids),
        is_alive(seen),
    ]
    return live_proof(work, checks, patient, seen, room)
