"""What `rescue`, `reset`, `mend` and `compact` share: their options, and the way from the plan to the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias

import typer

from clawmedic.commands.mutating import agreed, show_outcome
from clawmedic.errors import ExitCode, RefusedError
from clawmedic.model.outcome import Outcome
from clawmedic.operations.run import Run, mutating_run
from clawmedic.output.progress import progress
from clawmedic.output.rescue import live_witness, show_notices, show_outlooks
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rescue import Clinic, Round, carry_out, plan_round
from clawmedic.recovery.rung import Rung
from clawmedic.recovery.telling import told
from clawmedic.settings import Settings

Probe: TypeAlias = Annotated[
    bool, typer.Option("--probe", help="Afterwards send one real turn and wait for a model's answer.")
]
OneKey: TypeAlias = Annotated[
    str, typer.Argument(metavar="KEY", help="A session key, a session id, or a part of either.")
]
SomeKeys: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="KEY", help="Session keys, session ids, or parts of either.")
]


def treat(
    settings: Settings,
    command: str,
    mandate: Mandate,
    *,
    keys: Sequence[str],
    rungs: Sequence[Rung],
    question: str,
    line: Line,
    every_ill: bool = False,
    dry_run: bool = False,
    gateway_stopped: bool = False,
    before: Callable[[Round], None] = lambda _: None,
    finish: Callable[[Round, Outcome], Outcome] = lambda _, outcome: outcome,
) -> ExitCode:
    """Plan, ask once, do, show; the exit code is the outcome's.

    Args:
        settings: where.
        command: the command's name, for the journal.
        mandate: what may be done; `agreed` is `--yes`.
        keys: what the operator named.
        rungs: what may be tried.
        question: asked on a terminal.
        line: the way to the gateway.
        every_ill: every dead and stuck session.
        dry_run: only show the plan.
        gateway_stopped: the operator vouches that no gateway runs.
        before: is given what was planned, before anything is done; may refuse.
        finish: is given the outcome before it is shown (`--probe`).
    """
    clinic = Clinic(command, mandate, line, gateway_stopped)

    def planned_with(run: Run | None) -> ExitCode:
        with (
            progress(settings) as reporter,
            plan_round(settings, reporter, clinic, keys=keys, every_ill=every_ill, rungs=rungs) as planned,
        ):
            reporter.end()
            if run is None:
                show_outlooks(settings, planned)
                return ExitCode.OK
            before(planned)
            return _done(
                settings,
                run,
                planned,
                question,
                lambda made, outcome: told(line, made, finish(made, outcome)),
            )

    if dry_run:
        return planned_with(None)
    with mutating_run(settings, gateway_stopped=gateway_stopped, reverse_call=line.reverse) as run:
        return planned_with(run)


def _done(
    settings: Settings,
    run: Run,
    planned: Round,
    question: str,
    finish: Callable[[Round, Outcome], Outcome],
) -> ExitCode:
    if planned.tries_anything and not _agreed(settings, planned, question):
        return ExitCode.OK
    with live_witness(settings) as witness:
        outcome = carry_out(run, planned, witness)
    outcome = finish(planned, outcome)
    show_outcome(settings, outcome, run.recovered)
    if not settings.json:
        show_notices(settings, outcome.notices)
    return ExitCode(outcome.exit_code)


def _agreed(settings: Settings, planned: Round, question: str) -> bool:
    yes = planned.clinic.mandate.agreed
    return agreed(settings, (), question, yes=yes, show=lambda: show_outlooks(settings, planned))


def require_gateway(line: Line, planned: Round) -> None:
    """Refuse a probe where nothing can take a turn.

    Raises:
        RefusedError: no gateway of this state directory is reached; nothing was changed.
    """
    if line.reach(planned.ward.state) is None:
        raise RefusedError(
            f"--probe sends a real turn, and no gateway takes one: {line.why or 'none runs'}",
            hint="run it without --probe; after the gateway's start, send a message yourself",
        )
