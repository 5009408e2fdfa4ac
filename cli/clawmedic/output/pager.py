"""A pager where somebody sits at a terminal; elsewhere text goes straight out."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

from clawmedic.settings import Settings

DEFAULT = ("less", "-RFX")


class TerminalPager:
    """Shows a page in the program that `PAGER` names, in `less` when it names none."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def show(self, content: str) -> None:
        """Show it; a pager that cannot be started, or that is left early, is no failure."""
        try:
            process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603 - the user's own pager
        except OSError:
            sys.stdout.write(content)
            return
        process.communicate(content.encode("utf-8", "replace"))


def pager_for(settings: Settings) -> TerminalPager | None:
    """The pager to use, None where text goes straight out."""
    if not sys.stdout.isatty() or not sys.stdin.isatty() or settings.no_input:
        return None
    words = tuple(shlex.split(settings.world.env.get("PAGER", ""))) or DEFAULT
    if words[0] in ("cat", "") or shutil.which(words[0]) is None:
        return None
    return TerminalPager(DEFAULT if words == ("less",) else words)
