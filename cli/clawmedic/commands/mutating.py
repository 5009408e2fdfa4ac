"""What every command that changes something shares: its options, and the one question."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Outcome
from clawmedic.model.plan import Plan
from clawmedic.settings import Settings

if TYPE_CHECKING:
    from clawmedic.operations.run import Recovered

Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
GatewayStopped: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--gateway-stopped", help="Vouch that no gateway uses this directory, where it cannot be proven."
    ),
]


def agreed(
    settings: Settings,
    plans: Sequence[Plan],
    question: str,
    *,
    yes: bool,
    show: Callable[[], None] | None = None,
) -> bool:
    """Show the plans and ask once, on a terminal; `--yes` answers, and elsewhere it must be given.

    `show` draws another page in place of the plans.

    Raises:
        RefusedError: nobody can be asked, and `--yes` is missing.
    """
    if yes:
        return True
    if settings.no_input or settings.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusedError(
            "nobody can be asked here; nothing was done", hint="--yes does it, --dry-run shows the plan"
        )
    (show or (lambda: show_plans(settings, plans)))()
    if typer.confirm(question, default=False, err=True):
        return True
    typer.echo("nothing was done", err=True)
    return False


def show_plans(settings: Settings, plans: Sequence[Plan]) -> None:
    """The plans, as JSON or as a page."""
    if settings.json:
        from clawmedic.output.operations_documents import plans_document
        from clawmedic.output.sink import write_json

        write_json(plans_document(plans))
    else:
        from clawmedic.output.operations import show_plans as show
        from clawmedic.output.screen import Screen

        show(Screen(settings), plans)


def show_outcome(settings: Settings, outcome: Outcome, recovered: Sequence[Recovered]) -> None:
    """What was done, as JSON or as a page."""
    if settings.json:
        from clawmedic.output.operations_documents import outcome_document
        from clawmedic.output.sink import write_json

        write_json(outcome_document(outcome, recovered))
    else:
        from clawmedic.output.operations import show_outcome as show
        from clawmedic.output.operations import show_recovered
        from clawmedic.output.screen import Screen

        screen = Screen(settings)
        show_recovered(screen, recovered)
        show(screen, outcome)
