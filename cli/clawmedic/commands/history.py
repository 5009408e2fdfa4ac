"""`clawmedic history`."""

from __future__ import annotations

from clawmedic.commands.options import with_settings
from clawmedic.errors import ExitCode
from clawmedic.operations.history import list_operations
from clawmedic.settings import Settings


@with_settings()
def command(settings: Settings) -> ExitCode:
    """List every change made here, and where each stands.

    The newest stands first.
    """
    operations = list_operations(settings)
    if settings.json:
        from clawmedic.output.operations_documents import history_document
        from clawmedic.output.sink import write_json

        write_json(history_document(operations))
    else:
        from clawmedic.output.operations import show_history
        from clawmedic.output.screen import Screen

        show_history(Screen(settings), operations)
    return ExitCode.OK
