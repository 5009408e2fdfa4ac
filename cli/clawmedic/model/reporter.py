"""Progress as the domain sees it: a small protocol and a silent implementation."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Told how far long work has come. Implementations must be cheap: called for every session or block."""

    def begin(self, what: str, total: int | None) -> None:
        """A stretch of work starts; `total` in the unit of `advance`, None when unknown."""

    def advance(self, amount: int = 1) -> None:
        """So much more is done."""

    def end(self) -> None:
        """The stretch is over."""


class SilentReporter:
    """Says nothing."""

    def begin(self, what: str, total: int | None) -> None:
        """Ignored."""

    def advance(self, amount: int = 1) -> None:
        """Ignored."""

    def end(self) -> None:
        """Ignored."""
