"""How a pass ends early: a signal ends it between rungs, the clock ends it in any case.

SIGTERM and SIGINT: outside a rung the pass ends at once, inside one when the rung is over (committed or rolled back).

`--max-runtime`: no rung begins in its last part; when it is over, whatever goes on is broken off, a rung too: its own
transaction then rolls it back. A process that does not even come to that (a call that never returns to Python) is
ended by a watchdog a little later, as SIGKILL would: the next pass finds its operation and puts it right.
"""

from __future__ import annotations

import faulthandler
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import FrameType

from clawmedic.disk.crash import hang_report
from clawmedic.settings import World

RESERVED = 0.4
"""In this last part of the time no rung begins: one may take minutes."""
AFTER_SECONDS = 30.0
"""So long a pass that is broken off may take to roll back and to write its memory."""


class Why(StrEnum):
    """What ended a pass early."""

    SIGNAL = "by a signal"
    TIME = "its time was up"


class PassEnd(BaseException):
    """The pass ends here. It is no error, so that nothing that catches errors swallows it."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why))
        self.why = why


class Stopping:
    """The end of one pass, as its parts ask for it. Without `armed` it never comes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._climbs = False
        self._seals = 0
        self._wanted: Why | None = None
        self._latest_start = float("inf")

    @property
    def wanted(self) -> Why | None:
        """Why the pass should end, None while it may go on."""
        return self._wanted

    def check(self) -> None:
        """Between two pieces of work.

        Raises:
            PassEnd: it is over.
        """
        if self._wanted is not None and not self._climbs and not self._seals:
            raise PassEnd(self._wanted)

    def require_time_for_rung(self) -> None:
        """Before a session is taken on, and before each rung.

        Raises:
            PassEnd: it is over, or too little time is left for a rung.
        """
        if self._wanted is None and self._clock() >= self._latest_start:
            self._wanted = Why.TIME
        if self._wanted is not None:
            raise PassEnd(self._wanted)

    @contextmanager
    def climbing(self) -> Iterator[None]:
        """Rungs are climbed: a signal ends that before the next rung (`require_time_for_rung`), the clock at once."""
        self._climbs = True
        try:
            yield
        finally:
            self._climbs = False

    @contextmanager
    def sealed(self) -> Iterator[None]:
        """A few moments that nothing ends but the watchdog: a file is written, the pass is brought to its end."""
        self._seals += 1
        try:
            yield
        finally:
            self._seals -= 1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to signals while the block lasts. In the main thread only."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            for number in _SIGNALS:
                signal.signal(number, self._told)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def armed(self, max_runtime_ms: int, world: World) -> Iterator[None]:
        """As `listening`, and watch the clock.

        Args:
            max_runtime_ms: how long the block may take.
            world: where the watchdog says at which place a process hung that it had to end.
        """
        seconds = max_runtime_ms / 1000
        self._latest_start = self._clock() + seconds * (1 - RESERVED)
        with _watchdog(seconds + AFTER_SECONDS, world), self.listening():
            try:
                signal.setitimer(signal.ITIMER_REAL, seconds)
                yield
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                self._latest_start = float("inf")

    def _told(self, number: int, frame: FrameType | None) -> None:
        del frame
        why = Why.TIME if number == signal.SIGALRM else Why.SIGNAL
        self._wanted = self._wanted or why
        if not self._seals and (why is Why.TIME or not self._climbs):
            raise PassEnd(why)


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


@contextmanager
def _watchdog(seconds: float, world: World) -> Iterator[None]:
    """A watch kept outside Python's own threads: it ends this process where nothing else can any more."""
    with hang_report(world) as report:
        faulthandler.dump_traceback_later(seconds, exit=True, file=report)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
