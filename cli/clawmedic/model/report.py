"""What an examination yields: one report for each session, one for the whole state directory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from clawmedic.model.cause import Cause
from clawmedic.model.finding import Finding
from clawmedic.model.incident import Incident
from clawmedic.model.session import GatewayOwner, Generation, PendingInput, Session
from clawmedic.model.verdict import Verdict


class Budget(Struct, frozen=True):
    """How full the model's window is. Tokens; None when unknown. The sources say where a number comes from."""

    used_tokens: int | None
    used_source: str
    budget_tokens: int | None
    budget_source: str

    @property
    def share(self) -> float | None:
        """Used divided by budget, None when either is unknown."""
        if self.used_tokens is None or not self.budget_tokens or self.budget_tokens <= 0:
            return None
        return self.used_tokens / self.budget_tokens


class SessionReport(Struct, frozen=True):
    """One session's verdict with all that led to it.

    Attributes:
        entries: number of transcript lines; None when that was not counted (no `--deep`, large file).
        why: one sentence that says what decided the verdict.
        unanswered: messages that never got an answer, oldest first.
    """

    session: Session
    verdict: Verdict
    why: str
    cause: Cause | None
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    budget: Budget
    entries: int | None
    unanswered: tuple[PendingInput, ...] = ()


class ScanReport(Struct, frozen=True):
    """A whole state directory at one moment (`scanned_at`, epoch milliseconds)."""

    state_dir: Path
    generation: Generation
    version: str | None
    scanned_at: int
    sessions: tuple[SessionReport, ...]
    store_findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    owners: tuple[GatewayOwner, ...]
    log_sources: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def totals(self) -> Mapping[Verdict, int]:
        """How many sessions have each verdict; every verdict is present."""
        counted = Counter(report.verdict for report in self.sessions)
        return {verdict: counted.get(verdict, 0) for verdict in Verdict}
