"""`backups browse`: the archive on a full screen."""

from __future__ import annotations

from clawmedic.backups.catalogue import catalogue
from clawmedic.commands.backups_options import NoCache
from clawmedic.commands.options import with_settings
from clawmedic.errors import ExitCode
from clawmedic.output.browser.launch import browse as show_browser
from clawmedic.output.browser.launch import require_terminal
from clawmedic.output.progress import progress
from clawmedic.settings import Settings


@with_settings(journal=True)
def browse(settings: Settings, *, no_cache: NoCache = False) -> ExitCode:
    """Browse every key and copy on a full screen.

    Read, search, compare, export, restore to a file.
    """
    require_terminal(settings)
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=not no_cache)
    show_browser(settings, archive)
    return ExitCode.OK
