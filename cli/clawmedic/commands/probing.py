"""`--probe`: what is done with the outcome before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict

from clawmedic.commands.treating import require_gateway
from clawmedic.errors import ClawmedicError, ExitCode
from clawmedic.model.outcome import Check, KeyResult, Outcome, Proof
from clawmedic.recovery.line import Line
from clawmedic.recovery.probe import Probed, probe
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
    check = Check("probe", ok=found.answered, detail=found.detail)
    proof = result.proof or Proof(())
    proof = replace(proof, checks=(*proof.checks, check), answered=found.answered)
    if found.answered:
        return replace(result, proof=proof)
    words = f"the probe was not answered: {found.detail}"
    return replace(result, proof=proof, ok=False, error=words, exit_code=ExitCode.PROOF_FAILED)
