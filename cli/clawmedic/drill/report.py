"""What a drill yields: for every scenario what was expected and what the examination said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clawmedic.drill.scenarios import Scenario
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DrillResult:
    """One scenario, played and judged. `report` is None when the session was not seen at all."""

    scenario: Scenario
    key: str
    report: SessionReport | None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that was given."""
        return self.report.verdict if self.report else None

    @property
    def cause(self) -> Cause | None:
        """The cause that was named."""
        return self.report.cause if self.report else None

    @property
    def missing(self) -> tuple[FindingCode, ...]:
        """Findings that had to be there and are not."""
        found = {finding.code for finding in self.report.findings} if self.report else set()
        return tuple(code for code in self.scenario.findings if code not in found)

    @property
    def right(self) -> bool:
        """The verdict, the cause and the findings are all as expected."""
        return (
            self.verdict is self.scenario.verdict and self.cause in self.scenario.causes and not self.missing
        )

    @property
    def evidence(self) -> str:
        """The line that shows it best: the log's own words, an expected finding's, or the verdict's reason."""
        if self.report is None:
            return "the session was not found"
        if self.cause is not None:
            quoted = [line.text for incident in reversed(self.report.incidents) for line in incident.evidence]
            words = [text for text in quoted if not text.startswith("[")]
            if words:
                return words[0]
        expected = [finding for finding in self.report.findings if finding.code in self.scenario.findings]
        return expected[0].evidence[0] if expected else self.report.why


@dataclass(frozen=True, slots=True)
class DrillTree:
    """One state directory that was made, and what the examination of it cost."""

    version: Version
    root: Path
    log: Path
    scan: ScanReport
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class DrillReport:
    """The whole drill. `elapsed_ms` counts the making of the trees too."""

    directory: Path
    trees: tuple[DrillTree, ...]
    results: tuple[DrillResult, ...]
    elapsed_ms: int

    @property
    def wrong(self) -> tuple[DrillResult, ...]:
        """Results that are not as expected."""
        return tuple(result for result in self.results if not result.right)
