"""What a drill on a real gateway yields, and who watches it."""

from __future__ import annotations

import time
from typing import Protocol

from msgspec import Struct


class Step(Struct, frozen=True):
    """One thing that was tried. `ok` None: it was not, and `words` says why."""

    name: str
    ok: bool | None
    words: str
    elapsed_ms: int = 0


class VisitReport(Struct, frozen=True):
    """The whole visit. `version` is OpenClaw's, "" when it does not say."""

    url: str
    version: str
    key: str
    steps: tuple[Step, ...]
    elapsed_ms: int

    @property
    def wrong(self) -> tuple[Step, ...]:
        """Steps that did not come out as they should."""
        return tuple(step for step in self.steps if step.ok is False)


class Onlooker(Protocol):
    """Watches a visit."""

    def begins(self, name: str) -> None:
        """A step is about to be tried."""

    def saw(self, step: Step) -> None:
        """It was tried, or it was not."""


class NoOnlooker:
    """Watches nothing."""

    def begins(self, name: str) -> None:
        """Ignored."""

    def saw(self, step: Step) -> None:
        """Ignored."""


def since(began: float) -> int:
    """Milliseconds since a moment of `time.monotonic`."""
    return round((time.monotonic() - began) * 1000)
