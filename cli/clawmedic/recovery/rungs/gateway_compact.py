"""`compact`: the session's own model again, then each alternative, and back to the model that it had."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from clawmedic.gateway import methods
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.model.session import Session
from clawmedic.operations.work import Work
from clawmedic.recovery.bedside import Bedside, shortens
from clawmedic.recovery.compacting import (
    Attempt,
    alternatives,
    compact_as_is,
    compact_with,
    own_model,
    unknown_models,
)
from clawmedic.recovery.live import lines_of, live_plan
from clawmedic.recovery.looking import entries_of
from clawmedic.recovery.rung import Fit, Patient, Treatment


class GatewayCompact(Struct, frozen=True):
    """The rung."""

    name: str = "compact"

    def applies(self, patient: Patient) -> Fit:
        """A gateway is reached, and a compaction failed or the history does not fit."""
        fit = shortens(patient, "a compaction that succeeds brings it back with its memory")
        if not fit.ok and patient.offline:
            return Fit(ok=False, reason=f"{fit.reason}; --distil needs no model")
        return fit

    def plan(self, patient: Patient) -> Treatment:
        """Own model, then the others; which ones is decided here."""
        bedside = Bedside.of(patient)
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
        return Treatment(live_plan(patient, step, notes=notes), _Compacting(bedside, own, others))


class _Compacting(Struct, frozen=True):
    bedside: Bedside
    own: str
    others: tuple[str, ...]
    attempts: list[Attempt] = field(default_factory=list)

    def act(self, work: Work) -> None:
        caller, key = self.bedside.caller, self.bedside.key
        self.bedside.begin(work)
        self.attempts.append(compact_as_is(work, caller, key, self.own or "its own model"))
        for model in self.others:
            if self.attempts[-1].compacted or self.attempts[-1].came_late:
                return
            before = self.bedside.patient.session.model_override
            self.attempts.append(compact_with(work, caller, key, model, before))

    def prove(self, work: Work) -> Proof:
        return prove_compaction(work, self.bedside, self.attempts)


def prove_compaction(work: Work, bedside: Bedside, attempts: Sequence[Attempt]) -> Proof:
    """What every rung that ends with a compaction proves: `compacted` was true, and looked at anew it is well.

    Where it came too late, a compaction that was written since the plan does as well.
    """
    last = attempts[-1]
    session = bedside.look(work).case.session if last.compacted or last.came_late else None
    if session is None or not (last.compacted or _compacted_since(work, bedside, session)):
        words = "; ".join(f"{one.model}: {one.reason}" for one in attempts)
        return Proof((Check("compacted", ok=False, detail=words),))
    now = methods.require(bedside.caller, bedside.key)
    before, after = bedside.patient.session.model_override, session.model_override
    checks = [
        Check("compacted", ok=True, detail=f"by {last.model}" if last.compacted else "by a run meanwhile"),
        Check("model", ok=after == before, detail=before or now.model or "as it was"),
    ]
    return bedside.proof(work, checks)


def _compacted_since(work: Work, bedside: Bedside, session: Session) -> bool:
    entries = entries_of(lines_of(work.settings, session))
    return any(entry.type == "compaction" and entry.id not in bedside.ids for entry in entries)
