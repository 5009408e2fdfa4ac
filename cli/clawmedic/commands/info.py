"""`clawmedic info`."""

from __future__ import annotations

from clawmedic.commands.options import with_settings
from clawmedic.errors import ExitCode
from clawmedic.output.progress import progress
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine
from clawmedic.triage.overview import overview


@with_settings(journal=True)
def command(settings: Settings) -> ExitCode:
    """Say what is seen here: store, version, gateway, logs, config."""
    with progress(settings) as reporter:
        view = overview(settings, examine(settings, reporter))
    if settings.json:
        from clawmedic.output.documents import info_document
        from clawmedic.output.sink import write_json

        write_json(info_document(view))
    else:
        from clawmedic.output.info_view import show_info
        from clawmedic.output.screen import Screen

        show_info(Screen(settings), view)
    return ExitCode.OK
