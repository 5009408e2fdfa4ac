"""`relax`: 9.6's quality guard refuses every summary; it is switched off for one compaction and then put back."""

from __future__ import annotations

from msgspec import Struct, field

from clawmedic.disk.records import Call
from clawmedic.errors import RefusedError
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.live_config import Patch, config_get, config_patch
from clawmedic.gateway.reversal import restoring_config
from clawmedic.model.cause import Cause
from clawmedic.model.outcome import Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.operations.work import Work
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.bedside import Bedside
from clawmedic.recovery.compacting import Attempt, compact_as_is, own_model
from clawmedic.recovery.live import ask, caller_of, live_plan, without_gateway
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.rungs.gateway_compact import prove_compaction
from clawmedic.stores.typed import Fields

_PATH = ("agents", "defaults", "compaction", "qualityGuard", "enabled")


class GatewayRelax(Struct, frozen=True):
    """The rung."""

    name: str = "relax"

    def applies(self, patient: Patient) -> Fit:
        """9.6, and what refused the compaction was the guard."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        if patient.case.dialect != "9.6":
            return Fit(ok=False, reason="only 9.6 has a quality guard for summaries")
        if patient.ailment.kind is AilmentKind.COMPACTION and patient.ailment.cause is Cause.QUALITY_GUARD:
            return Fit(ok=True, reason="the summaries are refused by OpenClaw's quality guard alone")
        return Fit(ok=False, reason="no quality guard stands in the way")

    def plan(self, patient: Patient) -> Treatment:
        """Guard off, compact, guard as it was.

        Raises:
            RefusedError: it is off already, or the config cannot be read.
        """
        if config_get(caller_of(patient)).quality_guard is False:
            raise RefusedError("the quality guard is off already", hint="another model may do")
        sentence = "switch the quality guard of summaries off, compact, and put the guard back"
        step = Step(self.name, sentence, reversible=Reversible.NO)
        notes = ("the guard is off for all sessions of this gateway while it compacts",)
        return Treatment(live_plan(patient, step, notes=notes), _Relaxing(Bedside.of(patient)))


class _Relaxing(Struct, frozen=True):
    bedside: Bedside
    attempts: list[Attempt] = field(default_factory=list)

    def act(self, work: Work) -> None:
        caller = self.bedside.caller
        self.bedside.begin(work)
        back = putting_back(caller.ask("config.get", {}), _PATH)
        _patch(work, caller, _nested(_PATH, value=False), reverse=restoring_config(back))
        number = work.calls
        model = own_model(self.bedside.patient)
        self.attempts.append(compact_as_is(work, caller, self.bedside.key, model))
        _patch(work, caller, back, reverse=None)
        work.settle(work.calls)
        work.settle(number)

    def prove(self, work: Work) -> Proof:
        return prove_compaction(work, self.bedside, self.attempts)


def _patch(work: Work, caller: Caller, patch: Patch, *, reverse: Call | None) -> None:
    base = config_get(caller).hash
    ask(
        work,
        Call("config.patch", {"patch": patch}),
        lambda: config_patch(caller, patch, base),
        reverse=reverse,
    )


def putting_back(answer: Fields, path: tuple[str, ...]) -> Patch:
    """The merge patch that makes a setting what it is now; what is not there at all is taken away whole.

    `answer` is the payload of `config.get`: `parsed` is the file's content, `config` has defaults filled in.
    """
    held = answer.inner("parsed" if isinstance(answer.values.get("parsed"), dict) else "config")
    for depth, name in enumerate(path):
        value = held.values.get(name)
        if depth == len(path) - 1 and isinstance(value, bool):
            return _nested(path, value=value)
        if not isinstance(value, dict):
            return _nested(path[: depth + 1], value=None)
        held = held.inner(name)
    return _nested(path, value=None)


def _nested(path: tuple[str, ...], *, value: bool | None) -> Patch:
    last = path[-1]
    made: Patch = {last: value}
    for name in reversed(path[:-1]):
        made = {name: made}
    return made
