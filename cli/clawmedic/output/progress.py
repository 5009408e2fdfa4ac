"""Progress on a terminal: a bar on standard error, and only when work takes long enough to wonder about."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clawmedic.model.reporter import Reporter, SilentReporter
from clawmedic.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 0.7


class TerminalReporter:
    """Shows a bar after `PATIENCE_SECONDS` of work; what ends sooner is never shown."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""
        self._total: int | None = None
        self._done = 0

    def begin(self, what: str, total: int | None) -> None:
        """A stretch of work starts."""
        self._what, self._total, self._done = what, total, 0
        if self._progress is not None:
            self._task = self._progress.add_task(what, total=total)

    def advance(self, amount: int = 1) -> None:
        """So much more is done."""
        self._done += amount
        if self._progress is None:
            if time.monotonic() - self._started < PATIENCE_SECONDS:
                return
            self._show()
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=self._done)

    def end(self) -> None:
        """The stretch is over; the bar goes away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress, self._task = None, None

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task(self._what, total=self._total)


@contextmanager
def progress(settings: Settings) -> Iterator[Reporter]:
    """A reporter for one stretch of work; the terminal is as it was afterwards, whatever happened."""
    reporter = reporter_for(settings)
    try:
        yield reporter
    finally:
        reporter.end()


def reporter_for(settings: Settings) -> Reporter:
    """A bar where somebody sits at a terminal and wants to hear; silence elsewhere."""
    if settings.quiet or settings.json or not sys.stderr.isatty() or settings.world.env.get("TERM") == "dumb":
        return SilentReporter()
    return TerminalReporter()
