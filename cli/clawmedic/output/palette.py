"""How verdicts and severities look: a symbol and a word each, so that they work without colour too."""

from __future__ import annotations

from typing import NamedTuple

from clawmedic.model.cause import Cause
from clawmedic.model.finding import Severity
from clawmedic.model.incident import IncidentOutcome
from clawmedic.model.session import Generation
from clawmedic.model.verdict import Verdict

STORES = {Generation.FILES: "file store", Generation.SQLITE: "SQLite store"}


class Look(NamedTuple):
    """A one-cell symbol, a word, and a rich style."""

    symbol: str
    word: str
    style: str

    @property
    def label(self) -> str:
        """Symbol and word."""
        return f"{self.symbol} {self.word}"


VERDICTS = {
    Verdict.DEAD: Look("✖", "dead", "bold red"),
    Verdict.STUCK: Look("■", "stuck", "bold magenta"),
    Verdict.SUSPECT: Look("▲", "suspect", "bold yellow"),
    Verdict.DAMAGED: Look("◆", "damaged", "yellow"),
    Verdict.AT_RISK: Look("●", "at risk", "cyan"),
    Verdict.HEALTHY: Look("✔", "healthy", "green"),
}
SEVERITIES = {
    Severity.CRITICAL: Look("✖", "critical", "bold red"),
    Severity.ERROR: Look("▲", "error", "bold yellow"),
    Severity.WARNING: Look("●", "warning", "cyan"),
    Severity.INFO: Look("·", "info", "dim"),
}
OUTCOMES = {
    IncidentOutcome.DEAD: Look("✖", "dead", "bold red"),
    IncidentOutcome.RESET: Look("◆", "reset", "yellow"),
    IncidentOutcome.UNKNOWN: Look("▲", "unclear", "yellow"),
    IncidentOutcome.RECOVERED: Look("✔", "recovered", "green"),
}


def cause_word(cause: Cause | None) -> str:
    """A cause's code, or "-"."""
    return cause.value if cause else "-"
