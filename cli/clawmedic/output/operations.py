"""The pages of mutations: what would be done, what was done, and the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clawmedic.model.outcome import KeyResult, OperationState, OperationSummary, Outcome, RungResult
from clawmedic.model.plan import Plan, Reversible
from clawmedic.operations.run import Recovered
from clawmedic.output.screen import WIDE, Cell, Column, Screen
from clawmedic.output.text import count_of, moment, size, tokens, visible

_STYLES = {
    OperationState.DONE: "green",
    OperationState.UNDONE: "dim",
    OperationState.ROLLED_BACK: "yellow",
    OperationState.INTERRUPTED: "bold red",
    OperationState.RUNNING: "cyan",
}
_GIVES_BACK = {
    Reversible.BYTES: "`undo` gives back the very bytes",
    Reversible.STATE: "`undo` gives back the conversation, not the bytes",
    Reversible.NO: "this cannot be undone",
}


def show_history(screen: Screen, operations: Sequence[OperationSummary]) -> None:
    """Every operation, newest first, and what is to be done about those that stand in the middle."""
    if not operations:
        screen.line("nothing was ever changed here")
        return
    wide = screen.width >= WIDE
    at = [Column("AT")] if wide else []
    columns = [Column("OPERATION"), *at, Column("COMMAND"), Column("STATE"), Column("UNDO")]
    columns.append(Column("SESSIONS", flexible=True))
    screen.table(columns, [_history_row(screen, one, wide=wide) for one in operations])
    for one in operations:
        if one.detail and (one.state is OperationState.INTERRUPTED or screen.settings.verbose):
            screen.labelled("note", visible(f"{one.operation_id}: {one.detail}"), indent=0, room=6)
    if any(one.state is OperationState.INTERRUPTED for one in operations) and not screen.settings.quiet:
        screen.line("an interrupted operation is rolled back by the next command that changes something")


def _history_row(screen: Screen, one: OperationSummary, *, wide: bool) -> list[Cell]:
    at = [Cell(moment(one.at, screen.settings.times))] if wide else []
    rungs = f" ({', '.join(one.rungs)})" if wide and one.rungs else ""
    undone = one.undoes if wide else one.undoes.rpartition("-")[2]
    words = one.command + (f" of {undone}" if undone else rungs)
    keys = ", ".join(one.keys) or "-"
    return [
        Cell(one.operation_id, "bold"),
        *at,
        Cell(visible(words)),
        Cell(one.state.value, _STYLES[one.state]),
        Cell(one.reversible.value),
        Cell(visible(keys)),
    ]


def show_plans(screen: Screen, plans: Sequence[Plan]) -> None:
    """What would be done, step by step."""
    for plan in plans:
        screen.line((visible(", ".join(plan.keys) or str(plan.state_dir)), "bold"))
        for number, step in enumerate(plan.steps, 1):
            screen.labelled(f"{number}", (step.rung, "bold"), ": ", visible(step.sentence), room=3)
        for path in plan.backups:
            screen.labelled("", "first a verified copy of ", visible(path.name), room=3)
        for note in plan.notes:
            screen.labelled("!", visible(note), room=3, style="yellow")
        screen.labelled("", (_GIVES_BACK[plan.reversible], "dim"), room=3)


def show_outcome(screen: Screen, outcome: Outcome) -> None:
    """What was done for each key, with its proof, and how to undo it."""
    for result in outcome.results:
        _result(screen, result)
    for note in outcome.notes:
        screen.labelled("note", visible(note), indent=0, room=6)
    done = [result for result in outcome.results if result.ok]
    if done and not screen.settings.quiet:
        if any(result.reversible is not Reversible.NO for result in done):
            screen.exact("undo", f"clawmedic undo {outcome.operation_id}")
        failed = len(outcome.results) - len(done)
        if failed:
            screen.line(f"{count_of(len(done), 'session')} done, {failed} not")


def _result(screen: Screen, result: KeyResult) -> None:
    word, style = ("done", "bold green") if result.ok else ("failed", "bold red")
    screen.line((word, style), "  ", (visible(result.key or "-"), "bold"), f"  {visible(result.action)}")
    for rung in result.rungs:
        _rung(screen, rung)
    if result.backup:
        screen.exact("backup", visible(str(result.backup)), style="")
    if result.error:
        screen.labelled("why", visible(result.error))


def _rung(screen: Screen, rung: RungResult) -> None:
    state = rung.state.value if rung.state else "not done"
    screen.labelled(
        "rung", (rung.rung, "bold"), f", {state}", f": {visible(rung.error)}" if rung.error else ""
    )
    proof = rung.proof
    if proof is None:
        return
    if proof.bytes_after is not None:
        screen.labelled("bytes", f"{size(proof.bytes_before)} before, {size(proof.bytes_after)} now")
    if proof.entries_after is not None:
        screen.labelled("entries", f"{proof.entries_before} before, {proof.entries_after} now")
    if proof.tokens_after is not None:
        of = f" of {tokens(proof.budget_tokens)}" if proof.budget_tokens else ""
        screen.labelled(
            "tokens", f"{tokens(proof.tokens_before)} before, {tokens(proof.tokens_after)}{of} now"
        )
    for check in proof.checks:
        mark, style = ("ok", "green") if check.ok else ("not", "bold red")
        detail = f": {visible(check.detail)}" if check.detail else ""
        screen.labelled("proof", (mark, style), f" {visible(check.name)}{detail}")


def show_recovered(screen: Screen, recovered: Iterable[Recovered]) -> None:
    """What an earlier run had left in the middle, and what became of it."""
    for one in recovered:
        subject = (
            f"operation {one.operation_id} ({one.command}{': ' if one.keys else ''}{', '.join(one.keys)})"
        )
        word = "was rolled back" if one.ok else "is still in the middle"
        screen.labelled("note", visible(f"{subject} {word}: {one.detail}"), indent=0, room=6)
