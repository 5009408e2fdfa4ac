"""A real turn after a rescue: its answer, and the room it left, become a part of the proof."""

from __future__ import annotations

from msgspec.structs import replace

from clawmedic.errors import ClawmedicError, ExitCode
from clawmedic.gateway.calling import Caller
from clawmedic.model.outcome import Check, KeyResult, Outcome, Proof
from clawmedic.recovery.line import Line
from clawmedic.recovery.probe import Probed, after_turn, probe
from clawmedic.recovery.rescue import Round


def probed(line: Line, planned: Round, outcome: Outcome) -> Outcome:
    """Send one real turn to each session that was rescued; one that nobody answers is no rescue."""
    return replace(outcome, results=tuple(_probed(line, planned, result) for result in outcome.results))


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
