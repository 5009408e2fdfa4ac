"""One examination: open the stores, read the logs, look at every session, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.logs.scan import signals
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.cause import Cause
from clawmedic.model.finding import Finding, FindingCode
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Generation, Session
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings
from clawmedic.stores.names import Artefact
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader
from clawmedic.transcripts.brief import brief_view
from clawmedic.transcripts.crew import share
from clawmedic.transcripts.view import TranscriptView, read_view
from clawmedic.triage.acks import Acks, load_acks
from clawmedic.triage.case import Case, Orphan
from clawmedic.triage.checks.check import StoreScene
from clawmedic.triage.checks.table import SESSION_CHECKS, STORE_CHECKS
from clawmedic.triage.gather import Scene, gather
from clawmedic.triage.incidents import incidents_of
from clawmedic.triage.logbook import LogBook
from clawmedic.triage.loose import loose_incidents
from clawmedic.triage.orphans import find_orphans, unreferenced
from clawmedic.triage.spans import session_span, span_reader
from clawmedic.triage.verdict import judge, sentence

WORTH_A_FORK = 200
"""So many sessions are judged by several processes."""
WORTH_A_FORK_BYTES = 16 * 1024 * 1024
"""So many bytes of transcripts are read by several processes."""
_JUDGING_BYTES = 128 * 1024
_FOUND_OUT = attrgetter(*SessionReport.__struct_fields__[1:])
ANSWERING = frozenset({Verdict.DEAD, Verdict.STUCK, Verdict.SUSPECT})


class Shelf(Struct, frozen=True):
    """One store, what its sessions share, and its orphans: all of them, and those of each key."""

    store: StoreReader
    scene: Scene
    orphans: tuple[Orphan, ...]
    own: dict[str, list[Orphan]]


class Examination(Struct, frozen=True):
    """What one examination works with: opened stores, the read log, what people acknowledged."""

    settings: Settings
    reporter: Reporter
    state: StateReader
    book: LogBook
    acks: Acks
    deep: bool
    thorough: bool

    def everything(self) -> tuple[list[SessionReport], list[Finding]]:
        """Every session of every store judged, and what is wrong with the stores themselves."""
        shelves = [self._shelf(store) for store in self.state.stores]
        reports = self._reports([(shelf, session) for shelf in shelves for session in shelf.store.sessions()])
        return reports, [found for shelf in shelves for found in self.findings(shelf.store, shelf.orphans)]

    def findings(self, store: StoreReader, orphans: tuple[Orphan, ...]) -> list[Finding]:
        """What is wrong with a store itself; its orphans are what `cases` gives."""
        scene = StoreScene(
            state=self.state,
            status=store.status(),
            artefacts=store.artefacts(),
            orphans=orphans,
            book=self.book,
            limits=self.settings.world.limits,
            now=self.settings.now(),
        )
        return [finding for check in STORE_CHECKS for finding in check(scene)]

    def cases(
        self,
        store: StoreReader,
        *,
        only: Session | None = None,
        wanted: Callable[[Session, Sequence[Orphan]], bool] = lambda _session, _orphans: True,
    ) -> tuple[Iterator[Case], tuple[Orphan, ...]]:
        """Every session of one store as a case, one at a time, and the store's orphans.

        Args:
            store: the store.
            only: this session alone.
            wanted: given a session and its orphans, says whether it is looked at.
        """
        shelf = self._shelf(store)
        chosen = store.sessions() if only is None else [only]
        chosen = [session for session in chosen if wanted(session, shelf.own.get(session.key, ()))]
        return (self._case(shelf, session) for session in chosen), shelf.orphans

    def _shelf(self, store: StoreReader) -> Shelf:
        sessions, artefacts = store.sessions(), store.artefacts()
        limits = self.settings.world.limits
        loose = unreferenced(artefacts, sessions)
        spans = {session.key: session_span(session) for session in sessions} if loose else {}
        orphans = find_orphans(loose, sessions, spans, self.book, span_reader(limits))
        scene = Scene(
            state=self.state,
            book=self.book,
            boots=self._boots(store),
            store_ids=_store_ids(sessions, artefacts),
            limits=limits,
            now=self.settings.now(),
        )
        return Shelf(store, scene, orphans, _of_keys(orphans))

    def _case(self, shelf: Shelf, session: Session) -> Case:
        """A transcript is let go as soon as its session is judged: memory does not grow with the store."""
        view = self._view(shelf.store, session)
        return gather(shelf.scene, session, view, shelf.own.get(session.key, ()))

    def _reports(self, told: Sequence[tuple[Shelf, Session]]) -> list[SessionReport]:
        """Every session judged; many sessions in files by several processes."""

        def judged(place: int) -> SessionReport:
            return report_of(self._case(*told[place]), self.acks)

        self.reporter.begin("transcripts", len(told))
        try:
            reports: dict[int, SessionReport] = {}
            shared = self._worth_a_fork(told)
            alone = set(range(len(told))).difference(shared)
            for place in sorted(alone):
                reports[place] = judged(place)
                self.reporter.advance()
            # A session itself is in all processes: only what was found out travels.
            found = share(
                shared,
                lambda some: [_FOUND_OUT(judged(place)) for place in some],
                weigh=lambda place: self._weigh(told[place][1]),
                advance=self.reporter.advance,
            )
            for place, rest in zip(shared, found, strict=True):
                reports[place] = SessionReport(told[place][1], *rest)
            return [reports[place] for place in range(len(told))]
        finally:
            self.reporter.end()

    def _worth_a_fork(self, told: Sequence[tuple[Shelf, Session]]) -> list[int]:
        """The places of those sessions that several processes judge."""
        some = [
            place
            for place, (shelf, session) in enumerate(told)
            if shelf.store.generation is Generation.FILES and not self._is_large(session)
        ]
        many = len(some) >= WORTH_A_FORK
        heavy = self.deep and sum(self._weigh(told[place][1]) for place in some) >= WORTH_A_FORK_BYTES
        return some if many or heavy else []

    def _is_large(self, session: Session) -> bool:
        """Whether all processes work on this one transcript, so that none waits for another at the end."""
        if not self.deep:
            return False
        from clawmedic.transcripts.split import WORTH_BYTES

        return session.transcript.size_bytes >= WORTH_BYTES

    def _weigh(self, session: Session) -> int:
        """What it takes to judge a session, in bytes of transcript parsed."""
        return _JUDGING_BYTES + (session.transcript.size_bytes if self.deep else 0)

    def _boots(self, store: StoreReader) -> tuple[int, ...]:
        """When the gateway was started. A log may be shared with other gateways: a database that tells is believed."""
        known = self.state.boots or (self.book.boots if store.generation is Generation.FILES else ())
        return tuple(sorted(known))

    def _view(self, store: StoreReader, session: Session) -> TranscriptView:
        limits = self.settings.world.limits
        if self.deep:
            from clawmedic.transcripts.deep import deep_view

            return deep_view(store, session, limits)
        if self.thorough:
            return read_view(store, session, limits, deep=False)
        return brief_view(store, session, limits)


def examine(
    settings: Settings,
    reporter: Reporter,
    *,
    deep: bool = False,
    thorough: bool = False,
    log_window: TimeWindow | None = None,
) -> ScanReport:
    """Look at every session of a state directory. Reads only.

    Args:
        settings: where to look.
        reporter: is told how far the work has come.
        deep: read every transcript line instead of the head and the tail.
        thorough: parse the whole tail also where its old part looks regular (older incidents are told then).
        log_window: which part of the logs counts; None means all of it.

    Raises:
        NotFoundError: the directory holds nothing of OpenClaw, or a named log file does not exist.
    """
    with open_for_reading(settings, reporter) as state:
        scan = signals(find_sources(settings, state.config), log_window or TimeWindow(), reporter)
        book = LogBook.read(scan)
        acks = load_acks(settings)
        examination = Examination(settings, reporter, state, book, acks, deep, thorough)
        reports, store_findings = examination.everything()
        incidents = [incident for report in reports for incident in report.incidents]
        held = {report.session.key for report in reports}
        incidents += loose_incidents(book, held, generation=state.generation, dialect=state.dialect)
        problems = [*state.problems, *scan.coverage.problems, *([acks.problem] if acks.problem else [])]
        return ScanReport(
            state_dir=state.root,
            generation=state.generation,
            version=state.version,
            scanned_at=settings.now(),
            sessions=tuple(sorted(reports, key=_worst_first)),
            store_findings=tuple(_once(store_findings)),
            incidents=tuple(sorted(incidents, key=lambda incident: incident.started_at or 0)),
            owners=state.owners,
            log_sources=tuple(scan.coverage.sources),
            problems=tuple(problems),
        )


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
        why=sentence(decisive),
        cause=_cause(case, verdict, findings),
        findings=findings,
        incidents=incidents,
        budget=case.budget,
        entries=case.view.entry_count,
        unanswered=case.waiting,
    )


def _of_keys(orphans: Iterable[Orphan]) -> dict[str, list[Orphan]]:
    own: dict[str, list[Orphan]] = {}
    for orphan in orphans:
        own.setdefault(orphan.key or "", []).append(orphan)
    return own


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


def _store_ids(sessions: Sequence[Session], artefacts: Sequence[Artefact]) -> frozenset[str]:
    """All session ids the store knows: rows, earlier windows, live and archived files."""
    ids = {session.session_id for session in sessions}
    ids |= {artefact.session_id for artefact in artefacts if artefact.session_id}
    return frozenset(ids | {previous for session in sessions for previous in session.previous_session_ids})


def _worst_first(report: SessionReport) -> tuple[int, int]:
    return report.verdict.rank, -(report.session.updated_at or 0)


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that every store of a directory repeats (a full disk, a provider's cool-down) are told once."""
    seen: dict[tuple[FindingCode, tuple[str, ...]], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.evidence), finding)
    return list(seen.values())
