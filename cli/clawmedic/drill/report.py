"""What a drill yields: for every part what was expected, what was found, what helped, and what is not as promised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from clawmedic.drill.scenario import Helped, Scenario, StoreTrouble
from clawmedic.drill.scenes import Scene
from clawmedic.model.cause import Cause
from clawmedic.model.finding import Finding, FindingCode
from clawmedic.model.outcome import Proof
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.verdict import Verdict


class Treated(Struct, frozen=True):
    """What asking for help came to.

    Attributes:
        rungs: those that held, in order.
        proof: of the last rung that held; None where nothing was changed.
        told: what a person is told; the error where it was refused.
        advice: what would help where nothing was changed, best first.
        sessions: how many sessions the same notice was about (one outage is one notice).
        after: the verdict afterwards, before anything was undone.
        lost: entries of the conversation that were on disk before and in no file afterwards.
        undone: everything was taken back; None where there was nothing to take back.
        differs: files that are not, to the byte, as before all of this, in the end.
        files: how many files were compared.
    """

    helped: Helped
    rungs: tuple[str, ...] = ()
    proof: Proof | None = None
    told: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    sessions: int = 1
    after: Verdict | None = None
    lost: int = 0
    undone: bool | None = None
    differs: tuple[str, ...] = ()
    files: int = 0


class DrillResult(Struct, frozen=True):
    """One session, played, judged and treated. `report` is None when it was not seen at all."""

    scenario: Scenario
    key: str
    report: SessionReport | None
    treated: Treated | None = None

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
    def complaints(self) -> tuple[str, ...]:
        """What is not as promised, one line each; empty when all is."""
        return (*_misjudged(self), *_mistreated(self))

    @property
    def right(self) -> bool:
        """All is as promised."""
        return not self.complaints

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


def _misjudged(result: DrillResult) -> Iterator[str]:
    scenario = result.scenario
    if result.verdict is not scenario.verdict:
        yield f"the verdict is {result.verdict or 'missing'}, and {scenario.verdict} is right"
    if result.cause not in scenario.causes:
        right = " or ".join(str(cause or "none") for cause in scenario.causes)
        yield f"the cause is {result.cause or 'not named'}, and {right} is right"
    if result.missing:
        yield f"not found: {', '.join(result.missing)}"


def _mistreated(result: DrillResult) -> Iterator[str]:
    promise, treated = result.scenario.promise, result.treated
    if treated is None:
        return
    if treated.helped is not promise.helped:
        said = f" ({treated.told[0]})" if treated.told else ""
        yield f"it ended with {treated.helped}, and {promise.helped} was promised{said}"
    climbed = (*promise.first, *([str(promise.helped)] if promise.helped.changes else []))
    if treated.helped is promise.helped and treated.rungs != climbed:
        yield f"climbed: {', '.join(treated.rungs) or 'nothing'}; promised: {', '.join(climbed) or 'nothing'}"
    after = promise.after or result.scenario.verdict
    if treated.after is not after:
        yield f"afterwards it is {treated.after or 'not seen'}, and {after} was promised"
    if treated.rungs and (treated.proof is None or not treated.proof.ok):
        yield f"the proof does not hold: {treated.proof.failure if treated.proof else 'there is none'}"
    if promise.words and not any(promise.words in line for line in treated.told):
        yield f'nobody is told "{promise.words}"'
    if treated.lost:
        yield f"{treated.lost} entries of the conversation are in no file any more"
    if treated.undone is False or (treated.rungs and treated.undone is None):
        yield "it could not be undone"
    if treated.differs:
        yield f"not as before to the byte: {', '.join(treated.differs[:3])}"


class TroubleResult(Struct, frozen=True):
    """One trouble of a whole store, and the finding that names it; None when it was not found."""

    trouble: StoreTrouble
    finding: Finding | None

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is not as promised."""
        if self.finding is None:
            return (f"not found: {self.trouble.code}",)
        if self.finding.severity is not self.trouble.severity:
            return (f"it weighs {self.finding.severity}, and {self.trouble.severity} is right",)
        if self.trouble.words and not any(self.trouble.words in line for line in self.finding.evidence):
            return (f'the evidence does not say "{self.trouble.words}"',)
        return ()


class DrillScene(Struct, frozen=True):
    """One state directory: what was found in it, and what became of it.

    Attributes:
        root: the directory that holds `state` and `logs`.
        judged_ms: what the examination took.
    """

    scene: Scene
    root: Path
    log: Path
    scan: ScanReport
    results: tuple[DrillResult, ...]
    troubles: tuple[TroubleResult, ...]
    judged_ms: int
    elapsed_ms: int


class DrillReport(Struct, frozen=True):
    """The whole drill. `elapsed_ms` counts the making of the directories too."""

    directory: Path
    scenes: tuple[DrillScene, ...]
    elapsed_ms: int

    @property
    def results(self) -> tuple[DrillResult, ...]:
        """Every session."""
        return tuple(result for scene in self.scenes for result in scene.results)

    @property
    def troubles(self) -> tuple[TroubleResult, ...]:
        """Every trouble of a store."""
        return tuple(trouble for scene in self.scenes for trouble in scene.troubles)

    @property
    def wrong(self) -> tuple[DrillResult | TroubleResult, ...]:
        """What is not as promised."""
        seen: tuple[DrillResult | TroubleResult, ...] = (*self.results, *self.troubles)
        return tuple(one for one in seen if one.complaints)
