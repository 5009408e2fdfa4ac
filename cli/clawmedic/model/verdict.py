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
    def meaning(self) -> str:
        """What it says to a person, without a full stop."""
        return _MEANINGS[self]

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return _ORDER.index(self)

    def at_least(self, threshold: Verdict) -> bool:
        """Whether this verdict is as bad as the threshold, or worse."""
        return self.rank <= threshold.rank


_ORDER = tuple(Verdict)

_MEANINGS = {
    Verdict.DEAD: "no message can get an answer while the cause lasts",
    Verdict.STUCK: "it is marked as running, but nothing runs",
    Verdict.SUSPECT: "the newest turn failed, and nothing has succeeded since",
    Verdict.DAMAGED: "it answers, but history was lost or the transcript is broken, and nobody has acknowledged it",
    Verdict.AT_RISK: "near or over its token budget, or a very large transcript",
    Verdict.HEALTHY: "none of these",
}
