"""Compactions through the gateway, with the session's own model or another one for as long as it lasts."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.disk.records import Call
from clawmedic.gateway import methods
from clawmedic.gateway.answers import Compacted
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.failures import GatewayError
from clawmedic.gateway.reversal import restoring_model
from clawmedic.operations.work import Work
from clawmedic.recovery.live import ask
from clawmedic.recovery.rung import Patient
from clawmedic.stores.config import OpenClawConfig
from clawmedic.transcripts.budget import reserve_tokens

MOST_ALTERNATIVES = 4
"""Models of the config that are tried besides those the operator names: each may take minutes."""


class Attempt(Struct, frozen=True):
    """One compaction that was asked for. `reason` is why it came to nothing, "" when it did not."""

    model: str
    compacted: bool
    reason: str = ""

    @property
    def came_late(self) -> bool:
        """There was nothing to compact: a run of the session, with the model it was given, may have done it."""
        return not self.compacted and self.reason.lower().startswith("already compacted")


def own_model(patient: Patient) -> str:
    """The model that the session has now, "" when nothing names one."""
    session, config = patient.session, patient.case.config
    agent = next((one.model for one in config.agents if one.id == session.agent), None)
    return session.model_override or agent or config.default_model or session.model or ""


def alternatives(patient: Patient) -> tuple[str, ...]:
    """Other models for a compaction, best first: the operator's, the config's fallbacks, then by window.

    A model of the config counts when its window is known and the present history fits in it; a model that the
    config does not know is never given to a gateway, which would take any name (openclaw-files.md 5).
    """
    config = patient.case.config
    named = [name for name in patient.mandate.models if name in config.models or not config.models]
    by_window = sorted(config.models, key=lambda name: -(config.window(name) or 0))
    large = [name for name in (*config.fallback_models, *by_window) if _large_enough(name, patient, config)]
    found = dict.fromkeys((*named, *list(dict.fromkeys(large))[:MOST_ALTERNATIVES]))
    found.pop(own_model(patient), None)
    return tuple(found)


def _large_enough(name: str, patient: Patient, config: OpenClawConfig) -> bool:
    window = config.window(name)
    if window is None:
        return False
    used = patient.case.budget.used_tokens
    if used is not None:
        return window - reserve_tokens(window, config.compaction, dialect=patient.case.dialect) >= used
    return window >= (config.window(own_model(patient)) or 0)


def unknown_models(patient: Patient) -> tuple[str, ...]:
    """Models that the operator named and the config does not know."""
    known = patient.case.config.models
    return tuple(name for name in patient.mandate.models if known and name not in known)


def compact_as_is(work: Work, caller: Caller, key: str, model: str) -> Attempt:
    """Compact with the model that the session has. A refusal is an answer.

    Raises:
        OutcomeUnknownError, HungGatewayError, UnknownKeyError: as `methods.compact`.
    """

    def send() -> Compacted:
        return methods.compact(caller, key)

    try:
        done = ask(work, Call("sessions.compact", {"key": key}), send, reverse=None)
    except GatewayError as error:
        return Attempt(model, compacted=False, reason=error.message)
    if not done.compacted:
        work.last_call_did_nothing()
    return Attempt(model, done.compacted, done.reason)


def compact_with(work: Work, caller: Caller, key: str, model: str, previous: str | None) -> Attempt:
    """Give the session another model, compact, and give it back the model that it had (`previous`, None for none).

    Raises as `compact_as_is`; the journal then holds how the model is put back.
    """
    try:
        patched = ask(
            work,
            Call("sessions.patch", {"key": key, "model": model}),
            lambda: methods.patch_model(caller, key, model),
            reverse=restoring_model(key, previous),
        )
    except GatewayError as error:
        return Attempt(model, compacted=False, reason=error.message)
    number, before = work.calls, patched.previous
    if before != previous:
        work.reverse_last_call_by(restoring_model(key, before))
    made = compact_as_is(work, caller, key, model)
    work.call(
        Call("sessions.patch", {"key": key, "model": before}),
        lambda: methods.patch_model(caller, key, before),
        reverse=None,
    )
    work.settle(work.calls)
    work.settle(number)
    return made
