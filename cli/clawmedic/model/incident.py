"""An incident: one failure story of one session, from its first sign to its end."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clawmedic.model.cause import Cause, CauseKind, Struck


class IncidentOutcome(StrEnum):
    """How the story ended, as far as it can be seen."""

    DEAD = "dead"
    RECOVERED = "recovered"
    RESET = "reset"
    UNKNOWN = "unknown"


class Attempt(Struct, frozen=True):
    """One try that failed. `failure_class` is OpenClaw's own word (`guard_blocked`), which is never a cause."""

    at: int | None
    model: str
    trigger: str
    failure_class: str


class Evidence(Struct, frozen=True):
    """A quoted line: the file (or table) it stands in, its line number, its time and its text."""

    source: str
    line: int | None
    at: int | None
    text: str


class Incident(Struct, frozen=True):
    """One failure story.

    Attributes:
        key: the session key, or None when no session could be named.
        started_at, ended_at: epoch milliseconds; `ended_at` is None while it lasts.
        confidence: 0 to 1; 1 is the provider's own words in the same turn.
        count: how many turns failed the same way.
        remedies: exact commands or settings, best first.
        upstream: matching issues, as "openclaw#69202".
    """

    key: str | None
    session_id: str | None
    started_at: int | None
    ended_at: int | None
    cause: Cause
    struck: Struck
    confidence: float
    outcome: IncidentOutcome
    attempts: tuple[Attempt, ...]
    count: int
    evidence: tuple[Evidence, ...]
    remedies: tuple[str, ...]
    upstream: tuple[str, ...]
    provider: str = ""

    @property
    def kind(self) -> CauseKind:
        """What sort of remedy the cause asks for."""
        return self.cause.kind
