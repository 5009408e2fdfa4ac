"""What a rescue is against: where the newest failure struck, and of what sort it is."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clawmedic.model.cause import Cause, CauseKind
from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.report import SessionReport
from clawmedic.model.verdict import Verdict
from clawmedic.triage.case import Case
from clawmedic.triage.events import EventKind


class AilmentKind(StrEnum):
    """What is wrong, as far as it decides which rungs help.

    NONE: nothing a rescue is for. GATE: the row itself refuses turns (tombstone, archived).
    STUCK: nobody runs what the row or a lock says is running. COMPACTION: a compaction that was needed failed.
    SIZE: the history does not fit. CONTENT: the transcript's structure stops the model.
    MODEL_CALL: the ordinary model call fails: the provider is dead, the session is not.
    ORPHANED: it answers, and an automatic reset took its history away. BROKEN: it answers, its structure is damaged.
    """

    NONE = "none"
    GATE = "gate"
    STUCK = "stuck"
    COMPACTION = "compaction"
    SIZE = "size"
    CONTENT = "content"
    MODEL_CALL = "model-call"
    ORPHANED = "orphaned"
    BROKEN = "broken"


STRUCTURAL = frozenset(
    {
        FindingCode.BAD_HEADER,
        FindingCode.MALFORMED_LINES,
        FindingCode.TORN_TAIL,
        FindingCode.BROKEN_CHAIN,
        FindingCode.UNPAIRED_TOOL_CALLS,
        FindingCode.EMPTY_ENTRIES,
    }
)
"""Findings that a repair of the transcript ends."""
_GATES = frozenset({FindingCode.TOMBSTONED, FindingCode.ARCHIVED})


class Ailment(Struct, frozen=True):
    """What is wrong with one session.

    Attributes:
        cause: named by the words of the failure, None where they name none.
        provider: whose model failed, "" when unknown.
        newest_failure_at: epoch milliseconds, None when nothing is open.
        flaws: structural findings that count (errors, unacknowledged).
    """

    kind: AilmentKind
    cause: Cause | None = None
    provider: str = ""
    newest_failure_at: int | None = None
    flaws: tuple[FindingCode, ...] = ()

    @property
    def transient(self) -> bool:
        """Whether waiting may heal it: a cause that was named and passes by itself."""
        return (
            self.cause is not None
            and self.cause is not Cause.UNKNOWN
            and self.cause.kind is CauseKind.TRANSIENT
            and self.kind in (AilmentKind.COMPACTION, AilmentKind.MODEL_CALL)
        )

    @property
    def outage(self) -> bool:
        """Whether the provider is what fails, for every session that uses it; two writers or a full disk are not it."""
        storage = self.cause is not None and self.cause.kind is CauseKind.STORAGE
        return self.kind is AilmentKind.MODEL_CALL and not storage

    @property
    def shrinkable(self) -> bool:
        """Whether a shorter history is an answer to it (design.md 5: `distil` and `reset`)."""
        return self.kind in (AilmentKind.COMPACTION, AilmentKind.SIZE)


def ailment_of(case: Case, report: SessionReport) -> Ailment:
    """What a rescue of this session would be against."""
    flaws = structural_flaws(report)
    newest = case.story.open[-1].at if case.story.open else None
    provider = next((event.provider for event in reversed(case.story.open) if event.provider), "")
    return Ailment(_kind(case, report, flaws), case.story.cause, provider, newest, flaws)


def structural_flaws(report: SessionReport) -> tuple[FindingCode, ...]:
    """The structural findings of a session that are errors and that nobody has acknowledged."""
    return tuple(
        finding.code
        for finding in report.findings
        if finding.code in STRUCTURAL
        and finding.severity in (Severity.ERROR, Severity.CRITICAL)
        and not finding.acknowledged
    )


def _kind(case: Case, report: SessionReport, flaws: tuple[FindingCode, ...]) -> AilmentKind:
    codes = {finding.code for finding in report.findings if not finding.acknowledged}
    if report.verdict is Verdict.DEAD:
        return _of_dead(case, report, flaws)
    if report.verdict is Verdict.STUCK:
        return AilmentKind.STUCK
    if report.verdict is Verdict.SUSPECT and case.story.open:
        return _of_failures(case, flaws)
    lasting = (
        (FindingCode.HISTORY_ORPHANED in codes, AilmentKind.ORPHANED),
        (bool(flaws), AilmentKind.BROKEN),
    )
    return next((kind for applies, kind in lasting if applies), AilmentKind.NONE)


def _of_dead(case: Case, report: SessionReport, flaws: tuple[FindingCode, ...]) -> AilmentKind:
    gates = [
        finding.code
        for finding in report.findings
        if finding.code in _GATES and finding.severity is Severity.CRITICAL and not finding.acknowledged
    ]
    return AilmentKind.GATE if gates else _of_failures(case, flaws)


def _of_failures(case: Case, flaws: tuple[FindingCode, ...]) -> AilmentKind:
    cause = case.story.cause
    if cause is not None and cause.kind is CauseKind.CONTENT:
        return AilmentKind.CONTENT
    if any(event.kind is EventKind.REFUSED for event in case.story.open):
        return AilmentKind.COMPACTION
    if cause is not None and cause.kind is CauseKind.SIZE:
        return AilmentKind.SIZE
    if flaws and cause is None:
        return AilmentKind.CONTENT
    return AilmentKind.MODEL_CALL
