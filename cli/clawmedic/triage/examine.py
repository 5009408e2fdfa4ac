"""One examination: open the stores, read the logs, look at every session, judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from clawmedic.logs.scan import signals
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.cause import Cause
from clawmedic.model.finding import Finding, FindingCode
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Session
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader
from clawmedic.triage.acks import Acks, load_acks
from clawmedic.triage.case import Case, Orphan
from clawmedic.triage.checks.check import StoreScene
from clawmedic.triage.checks.table import SESSION_CHECKS, STORE_CHECKS
from clawmedic.triage.gather import Scene, gather
from clawmedic.triage.incidents import incidents_of
from clawmedic.triage.logbook import LogBook
from clawmedic.triage.orphans import find_orphans
from clawmedic.triage.spans import read_span, span_of
from clawmedic.triage.verdict import judge, sentence
from clawmedic.triage.waiting import waiting_messages
from clawmedic.transcripts.deep import read_views_deep
from clawmedic.transcripts.view import TranscriptView, read_view

ANSWERING = frozenset({Verdict.DEAD, Verdict.STUCK, Verdict.SUSPECT})


def examine(
    settings: Settings,
    reporter: Reporter,
    *,
    deep: bool = False,
    log_window: TimeWindow | None = None,
) -> ScanReport:
    """Look at every session of a state directory. Reads only.

    Args:
        deep: read every transcript line instead of the head and the tail.
        log_window: which part of the logs counts; None means all of it.

    Raises:
        NotFoundError: the directory holds nothing of OpenClaw, or a named log file does not exist.
    """
    with open_for_reading(settings, reporter) as state:
        sources = find_sources(settings, state.config)
        book = LogBook.read(signals(sources, log_window, reporter))
        acks = load_acks(settings)
        reports: list[SessionReport] = []
        store_findings: list[Finding] = []
        for store in state.stores:
            examined, found = _examine_store(settings, reporter, state, store, book, acks, deep=deep)
            reports += examined
            store_findings += found
        return ScanReport(
            state_dir=state.root,
            generation=state.generation,
            version=state.version,
            scanned_at=settings.now(),
            sessions=tuple(sorted(reports, key=_worst_first)),
            store_findings=tuple(_once(store_findings)),
            incidents=tuple(
                sorted((item for report in reports for item in report.incidents), key=lambda item: item.started_at or 0),
            ),
            owners=state.owners,
            log_sources=tuple(source.name for source in sources),
            problems=state.problems,
        )


def cases(
    settings: Settings,
    reporter: Reporter,
    state: StateReader,
    store: StoreReader,
    book: LogBook,
    *,
    deep: bool,
) -> tuple[list[Case], tuple[Orphan, ...]]:
    """Every session of one store as a case, and the store's orphans."""
    limits = settings.world.limits
    sessions = store.sessions()
    views = _views(store, sessions, settings, reporter, deep=deep)
    spans = {session.key: span_of(views[session.key]) for session in sessions}
    artefacts = store.artefacts()
    orphans = find_orphans(artefacts, sessions, spans, book, read_span)
    ids = {session.session_id for session in sessions} | {item.session_id for item in artefacts if item.session_id}
    ids |= {previous for session in sessions for previous in session.previous_session_ids}
    scene = Scene(state, book, _boots(state, book), ids, limits, settings.now())
    gathered = [
        gather(scene, session, views[session.key], [orphan for orphan in orphans if orphan.key == session.key])
        for session in sessions
    ]
    return gathered, orphans


def _examine_store(
    settings: Settings,
    reporter: Reporter,
    state: StateReader,
    store: StoreReader,
    book: LogBook,
    acks: Acks,
    *,
    deep: bool,
) -> tuple[list[SessionReport], list[Finding]]:
    gathered, orphans = cases(settings, reporter, state, store, book, deep=deep)
    reports = [report_of(case, acks) for case in gathered]
    scene = StoreScene(
        state=state,
        status=store.status(),
        artefacts=store.artefacts(),
        orphans=orphans,
        book=book,
        limits=settings.world.limits,
        now=settings.now(),
    )
    return reports, [finding for check in STORE_CHECKS for finding in check(scene)]


def report_of(case: Case, acks: Acks) -> SessionReport:
    """Run every check on a case and judge it."""
    findings = tuple(
        replace(finding, acknowledged=acks.covers(finding, case.session))
        for check in SESSION_CHECKS
        for finding in check(case)
    )
    verdict, decisive = judge(findings)
    incidents = incidents_of(case, verdict)
    return SessionReport(
        session=case.session,
        verdict=verdict,
        why=sentence(verdict, decisive),
        cause=_cause(case, verdict, findings),
        findings=findings,
        incidents=incidents,
        budget=case.budget,
        entries=case.view.entry_count,
        unanswered=waiting_messages(case),
    )


def _cause(case: Case, verdict: Verdict, findings: Iterable[Finding]) -> Cause | None:
    """What keeps the session from answering, or what cost it its history; None where nothing did."""
    if verdict in ANSWERING:
        return case.story.cause
    if verdict is not Verdict.DAMAGED:
        return None
    codes = {finding.code for finding in findings if not finding.acknowledged}
    if FindingCode.LOSSY_COMPACTION in codes:
        return Cause.EMPTY_SUMMARY
    if FindingCode.HISTORY_ORPHANED in codes:
        resets = [incident for incident in incidents_of(case, verdict) if incident.cause is not Cause.UNKNOWN]
        return resets[-1].cause if resets else None
    return None


def _views(
    store: StoreReader,
    sessions: Sequence[Session],
    settings: Settings,
    reporter: Reporter,
    *,
    deep: bool,
) -> Mapping[str, TranscriptView]:
    limits = settings.world.limits
    if deep:
        return read_views_deep(store, sessions, limits, reporter)
    reporter.begin("transcripts", len(sessions))
    views = {}
    for session in sessions:
        views[session.key] = read_view(store, session, limits, deep=False)
        reporter.advance()
    reporter.end()
    return views


def _boots(state: StateReader, book: LogBook) -> tuple[int, ...]:
    known = {owner.started_at for owner in state.owners if owner.started_at is not None}
    return tuple(sorted(known | set(book.boots)))


def _worst_first(report: SessionReport) -> tuple[int, int]:
    return report.verdict.rank, -(report.session.updated_at or 0)


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that every store of a directory repeats (a full disk, a provider's cool-down) are told once."""
    seen: dict[tuple[FindingCode, tuple[str, ...]], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.evidence), finding)
    return list(seen.values())
