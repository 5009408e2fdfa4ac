"""S12 to S18: what is broken inside the transcript (found by the transcripts room, weighed here)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.transcripts.structure import Flaw
from clawmedic.triage.case import Case
from clawmedic.triage.checks.check import of_session

SHOWN = 5

_BEING_WRITTEN = frozenset({FindingCode.TORN_TAIL, FindingCode.BAD_HEADER})
_SEVERITY = {
    FindingCode.BAD_HEADER: Severity.ERROR,
    FindingCode.MALFORMED_LINES: Severity.ERROR,
    FindingCode.TORN_TAIL: Severity.ERROR,
    FindingCode.UNPAIRED_TOOL_CALLS: Severity.ERROR,
    FindingCode.BROKEN_CHAIN: Severity.ERROR,
    FindingCode.EMPTY_ENTRIES: Severity.WARNING,
    FindingCode.LOSSY_COMPACTION: Severity.ERROR,
    FindingCode.COMPACTION_LOOP: Severity.WARNING,
}


def check(case: Case) -> Iterable[Finding]:
    """One finding for each kind of flaw, with the first few lines it stands in."""
    grouped: dict[FindingCode, list[Flaw]] = defaultdict(list)
    for flaw in case.view.flaws:
        grouped[flaw.code].append(flaw)
    for code, severity in _SEVERITY.items():
        flaws = grouped.get(code)
        if not flaws:
            continue
        whole = case.view.complete or case.view.deep
        lines = [_line(flaw, whole=whole) for flaw in flaws[:SHOWN]]
        if len(flaws) > SHOWN:
            lines.append(f"and {len(flaws) - SHOWN} more")
        yield of_session(case, code, _weight(case, code, severity, flaws), *lines, at=_newest(case, flaws))


def _line(flaw: Flaw, *, whole: bool) -> str:
    """Where and what. Without `--deep` the lines of a large transcript are counted from the part that was read."""
    if flaw.line is None:
        return flaw.detail
    return f"line {flaw.line}{'' if whole else ' of the tail'}: {flaw.detail}"


def _newest(case: Case, flaws: list[Flaw]) -> int | None:
    """When the newest flaw was written: what an acknowledgement is about (epoch milliseconds)."""
    lines = {flaw.line for flaw in flaws}
    at = [entry.at for entry in case.view.entries if entry.line in lines and entry.at is not None]
    return max(at, default=None)


def _weight(case: Case, code: FindingCode, severity: Severity, flaws: list[Flaw]) -> Severity:
    """A dangling call at the tail is repaired at prompt time by every version (openclaw-channels.md 6): a note.

    So is a line that is being written, and a transcript that is being begun.
    """
    if case.in_motion and code in _BEING_WRITTEN:
        return Severity.INFO
    if code is FindingCode.UNPAIRED_TOOL_CALLS and all(flaw.at_tail or flaw.survived for flaw in flaws):
        return Severity.INFO
    return severity
