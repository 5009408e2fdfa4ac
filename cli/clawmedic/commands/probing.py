"""`--probe`: what is done with the outcome before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict

from clawmedic.commands.treating import require_gateway
from clawmedic.errors import ClawmedicError, ExitCode
from clawmedic.gateway.calling import Caller
from clawmedic.model.outcome import Check, KeyResult, Outcome, Proof
from clawmedic.recovery.line import Line
from clawmedic.recovery.probe import Probed, after_turn, probe
from clawmedic.recovery.rescue import Round


class Probing(TypedDict, total=False):
    """The arguments of `treat` that a probe needs."""

    before: Callable[[Round], None]
    finish: Callable[[Round, Outcome], Outcome]


def probing(line: Line, *, wanted: bool) -> Probing:
    """Nothing without `--probe`; with it, a refusal beforehand where no gateway is, and the turns afterwards."""
    if not wanted:
        return {}

    def finish(planned: Round, outcome: Outcome) -> Outcome:
        return replace(outcome, results=tuple(_probed(line, planned, result) for result in outcome.results))

    return {"before": lambda planned: require_gateway(line, planned), "finish": finish}


def _probed(line: Line, planned: Round, result: KeyResult) -> KeyResult:
    caller = line.reach(planned.ward.state) if result.ok else None
    if caller is None:
        return result
    try:
        found = probe(caller, result.key)
    except ClawmedicError as error:
        found = Probed(answered=False, detail=error.message)
    proof = result.proof or Proof(())
    checks = [Check("probe", ok=found.answered, detail=found.detail)]
    if found.answered:
        checks += _room(caller, result.key, proof.budget_tokens)
    proof = replace(proof, checks=(*proof.checks, *checks), answered=found.answered)
    if all(check.ok for check in checks):
        return replace(result, proof=proof)
    words = "; ".join(check.detail for check in checks if not check.ok)
    words = f"the probe: {words}"
    return replace(result, proof=proof, ok=False, error=words, exit_code=ExitCode.PROOF_FAILED)


def _room(caller: Caller, key: str, budget: int | None) -> list[Check]:
    """What the answered turn really took: the next one must fit as well (openclaw-channels.md 0.6)."""
    try:
        used = after_turn(caller, key)
    except ClawmedicError:
        used = None
    if used is None or not budget:
        return []
    return [
        Check(
            "room", ok=used < budget, detail=f"the turn took {used} of {budget} tokens, {used / budget:.0%}"
        )
    ]
