"""From a session's story to its incidents, oldest first."""

from __future__ import annotations

import shlex

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.finding import FindingCode
from clawmedic.model.incident import Evidence, Incident, IncidentOutcome
from clawmedic.model.verdict import Verdict
from clawmedic.triage.case import Case
from clawmedic.triage.events import EventKind, when
from clawmedic.triage.story import Chapter, chapters


def incidents_of(case: Case, verdict: Verdict) -> tuple[Incident, ...]:
    """Every failure story of one session. A lossy compaction and an automatic reset are incidents too."""
    told = [
        _incident(case, chapter, verdict)
        for chapter in chapters(case.story.events)
        if _worth_telling(chapter)
    ]
    lossy = _lossy(case)
    if lossy is not None:
        told.append(lossy)
    return tuple(sorted(told, key=lambda incident: incident.started_at or 0))


def _worth_telling(chapter: Chapter) -> bool:
    """An early warning that came to nothing is no incident."""
    only_strain = all(event.kind is EventKind.STRAINED for event in chapter.failures)
    return not (only_strain and chapter.closed_by is not None)


def _incident(case: Case, chapter: Chapter, verdict: Verdict) -> Incident:
    from clawmedic.triage.knowledge import upstream_for  # a catalogue: most sessions need none

    cause = chapter.cause
    closed = chapter.closed_by
    first = chapter.failures[0]
    return Incident(
        key=case.session.key,
        session_id=next(
            (event.session_id for event in chapter.failures if event.session_id), case.session.session_id
        ),
        started_at=first.at,
        ended_at=closed.at if closed is not None else None,
        cause=cause,
        struck=chapter.struck,
        confidence=round(chapter.confidence, 2),
        outcome=_outcome(case, chapter, verdict),
        attempts=chapter.attempts(),
        count=chapter.count,
        evidence=chapter.evidence(),
        remedies=_remedies(case, cause, chapter.struck),
        upstream=upstream_for(cause),
        provider=next((event.provider for event in reversed(chapter.failures) if event.provider), ""),
    )


def _outcome(case: Case, chapter: Chapter, verdict: Verdict) -> IncidentOutcome:
    if chapter.closed_by is not None:
        reset = chapter.closed_by.kind is EventKind.RESET
        return IncidentOutcome.RESET if reset else IncidentOutcome.RECOVERED
    born = case.view.header.at if case.view.header else None
    if born is not None and case.view.header is not None and when(chapter.failures[-1]) < born:
        return IncidentOutcome.RESET
    if case.story.ended_at is not None and when(chapter.failures[-1]) <= case.story.ended_at:
        return IncidentOutcome.RECOVERED
    return IncidentOutcome.DEAD if verdict is Verdict.DEAD else IncidentOutcome.UNKNOWN


def _remedies(case: Case, cause: Cause, struck: Struck) -> tuple[str, ...]:
    """The catalogue's remedies with this session's key filled in, quoted for a shell."""
    from clawmedic.triage.knowledge import remedies_for

    key = shlex.quote(case.session.key)
    known = remedies_for(cause, case.session.generation, case.dialect, struck=struck)
    return tuple(line.replace(" KEY", f" {key}") for line in known)


def _lossy(case: Case) -> Incident | None:
    """A compaction that succeeded and kept nothing: no log line tells of it (openclaw.md 1.2)."""
    flaws = [flaw for flaw in case.view.flaws if flaw.code is FindingCode.LOSSY_COMPACTION]
    if not flaws:
        return None
    from clawmedic.triage.knowledge import upstream_for

    source = str(case.session.transcript.path)
    at = case.view.last_compaction.at if case.view.last_compaction else None
    return Incident(
        key=case.session.key,
        session_id=case.session.session_id,
        started_at=at,
        ended_at=None,
        cause=Cause.EMPTY_SUMMARY,
        struck=Struck.COMPACTION,
        confidence=0.9,
        outcome=IncidentOutcome.UNKNOWN,
        attempts=(),
        count=len(flaws),
        evidence=tuple(Evidence(source, flaw.line, at, flaw.detail) for flaw in flaws[-5:]),
        remedies=_remedies(case, Cause.EMPTY_SUMMARY, Struck.COMPACTION),
        upstream=upstream_for(Cause.EMPTY_SUMMARY),
    )
