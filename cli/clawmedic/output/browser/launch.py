"""Starting the browser: a terminal is needed; textual is imported here and not before."""

from __future__ import annotations

import sys

from clawmedic.errors import ClawmedicError, UsageError
from clawmedic.model.backup import Archive
from clawmedic.settings import Settings

_HINT = "`clawmedic backups list` and `clawmedic backups show ID` work anywhere"


def require_terminal(settings: Settings) -> None:
    """Refuse where nobody could see a full screen, or press a key.

    Raises:
        UsageError: standard input or output is no terminal, or the call says that nobody is there.
    """
    if settings.json:
        raise UsageError(
            "browse draws on a screen and has no JSON", hint="`clawmedic backups list --json` has it"
        )
    if settings.no_input:
        raise UsageError("browse needs somebody at the keyboard (--no-input)", hint=_HINT)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or settings.world.env.get("TERM") == "dumb":
        raise UsageError("browse needs a terminal", hint=_HINT)


def browse(settings: Settings, archive: Archive) -> None:
    """Show the archive until somebody leaves. Reads only; writes the files that are ordered there.

    Raises:
        UsageError: as `require_terminal`.
        ClawmedicError: a bug in the browser.
    """
    require_terminal(settings)
    from clawmedic.output.browser.app import Browser

    app = Browser(settings, archive)
    try:
        app.run()
    finally:
        app.close_desks()
    if app.return_code:  # textual has said on standard error what it was
        raise ClawmedicError("the browser failed unexpectedly; nothing was changed", hint=_HINT)
