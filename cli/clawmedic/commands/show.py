"""`clawmedic show`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.commands.values import FailOn, parse_threshold
from clawmedic.errors import ExitCode
from clawmedic.output.progress import progress
from clawmedic.settings import Settings
from clawmedic.triage.chart import chart
from clawmedic.triage.threshold import reaches

Key = Annotated[str, typer.Argument(metavar="KEY", help="A session key, a session id, or a part of either.")]


@with_settings(journal=True)
def command(settings: Settings, key: Key, *, fail_on: FailOn = "suspect") -> ExitCode:
    """Show one session's chart and the recommended treatment.

    Exits with 3 when the session is at or above --fail-on.
    """
    threshold = parse_threshold(fail_on)
    with progress(settings) as reporter:
        drawn = chart(settings, reporter, key)
    if settings.json:
        from clawmedic.output.documents import chart_document
        from clawmedic.output.sink import write_json

        write_json(chart_document(drawn))
    else:
        from clawmedic.output.chart_view import show_chart
        from clawmedic.output.screen import Screen

        show_chart(Screen(settings), drawn)
    return ExitCode.FINDINGS if reaches([drawn.report], (), threshold) else ExitCode.OK
