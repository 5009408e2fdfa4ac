"""The six verdicts of a session key, worst first."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """One for each session key; the first that applies wins (design.md 3)."""

    DEAD = "dead"
    STUCK = "stuck"
    SUSPECT = "suspect"
    DAMAGED = "damaged"
    AT_RISK = "at_risk"
    HEALTHY = "healthy"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return _ORDER.index(self)

    def at_least(self, threshold: Verdict) -> bool:
        """Whether this verdict is as bad as the threshold, or worse."""
        return self.rank <= threshold.rank


_ORDER = tuple(Verdict)
