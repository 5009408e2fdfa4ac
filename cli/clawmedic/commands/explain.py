"""`clawmedic explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.errors import ExitCode
from clawmedic.settings import Settings
from clawmedic.triage.knowledge import everything, find

Code = Annotated[
    str | None,
    typer.Argument(
        metavar="CODE", help="A finding or a cause; without one, all are listed.", show_default=False
    ),
]


@with_settings(store=False)
def command(settings: Settings, code: Code = None) -> ExitCode:
    """Explain a finding or a cause: what helps, what does not."""
    chosen = (find(code),) if code else everything()
    if settings.json:
        from clawmedic.output.documents import explanations_document
        from clawmedic.output.sink import write_json

        write_json(explanations_document(chosen))
        return ExitCode.OK
    from clawmedic.output.explanation_view import show_explanation, show_explanations
    from clawmedic.output.screen import Screen

    if code:
        show_explanation(Screen(settings), chosen[0])
    else:
        show_explanations(Screen(settings), chosen)
    return ExitCode.OK
