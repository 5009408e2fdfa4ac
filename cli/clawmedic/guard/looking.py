"""Looking at a state directory, in the cheapest of three ways that will do.

*  Nothing was written since the last look (`surface`), and time alone changes nothing: the last look holds.
*  Something was written: the stores' rows are read, and the logs from where the last look stopped; sessions of which
   neither row, transcript nor log lines have changed keep their verdict, the others are examined.
*  Once in `ANEW_MS` every session is examined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from clawmedic.guard.growth import WORTH_A_LOOK, pace_of
from clawmedic.guard.look import Known, Look, Seen, Trouble, load_logs
from clawmedic.guard.sight import Sight, sight_of
from clawmedic.guard.surface import surface, watched_of
from clawmedic.logs.kept import read_on
from clawmedic.logs.sources import SourceKind, find_sources
from clawmedic.model.finding import Finding, Severity
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Liveness, Session
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import StoreReader
from clawmedic.transcripts.view import read_view
from clawmedic.triage.acks import load_acks
from clawmedic.triage.case import Case, Orphan
from clawmedic.triage.examine import Examination, report_of
from clawmedic.triage.logbook import LogBook

ANEW_MS = 60 * 60_000
"""A verdict is not remembered for longer."""
RESTLESS_MS = 20 * 60_000
"""So long after a session was used its verdict may change by the clock alone (grace times, longest compaction)."""
_LASTING = frozenset({Verdict.HEALTHY, Verdict.AT_RISK, Verdict.DAMAGED})


def look(settings: Settings, seen: Seen, check: Callable[[], None] = lambda: None) -> Look:
    """Look at every session; what is to be kept for the next look is put into `seen`.

    Args:
        settings: where.
        seen: what the last look kept.
        check: called between sessions; may end it by raising.

    Raises:
        NotFoundError: the state directory holds nothing of OpenClaw.
    """
    now = settings.now()
    # Taken first: what is written while we read is then found by the next look.
    before = surface(settings, seen.watched) if seen.watched.folders else ""
    if seen.surface and before == seen.surface and _holds(seen, now):
        return seen.look
    seen.logs = seen.logs or load_logs(settings)
    with open_for_reading(settings, SilentReporter()) as state:
        sources = find_sources(settings, state.config)
        watched = watched_of(settings, state, sources)
        reading = read_on(sources, seen.logs, now)
        book = LogBook.read(reading.signals)
        examination = Examination(
            settings, SilentReporter(), state, book, load_acks(settings), deep=False, thorough=False
        )
        eyes = _Eyes(examination, seen, now, check)
        eyes.look_at_all()
    seen.logs_changed = seen.logs_changed or reading.kept != seen.logs
    # What else belongs to it was not looked at in time; other sources than files have no surface.
    plain = all(source.kind is SourceKind.FILE for source in sources)
    seen.surface = before if plain and watched == seen.watched else ""
    seen.logs, seen.watched, seen.at, seen.scene = reading.kept, watched, now, eyes.scene
    seen.known, seen.changed = eyes.known, True
    seen.look = Look(
        sights=tuple(sorted((one.sight for one in eyes.known.values()), key=_worst_first)),
        troubles=_troubles(eyes.findings),
        problems=tuple(dict.fromkeys([*state.problems, *reading.problems])),
        generation=state.generation.value,
        version=state.version or "",
        gateway_alive=any(owner.liveness is Liveness.ALIVE for owner in state.owners),
        read=eyes.read,
        log_bytes=reading.parsed_bytes,
    )
    return seen.look


def _holds(seen: Seen, now: int) -> bool:
    """Whether the last look is still true when nothing was written since."""
    return seen.at <= now < seen.at + ANEW_MS and all(one.settled for one in seen.known.values())


class _Eyes:
    """One look at all stores of an opened state directory."""

    def __init__(self, examination: Examination, seen: Seen, now: int, check: Callable[[], None]) -> None:
        self.examination, self.now, self.check = examination, now, check
        self.scene = _scene_of(examination)
        self.old = seen.known if seen.scene == self.scene else {}
        self.known: dict[tuple[str, str], Known] = {}
        self.findings: list[Finding] = []
        self.read = 0

    def look_at_all(self) -> None:
        for store in self.examination.state.stores:
            self._look_at(store)

    def _look_at(self, store: StoreReader) -> None:
        signatures: dict[str, str] = {}

        def wanted(session: Session, orphans: Sequence[Orphan]) -> bool:
            signatures[session.key] = made = _signature(session, orphans, self.examination.book)
            known = self.old.get((session.agent, session.key))
            if known is None or not self._still_true(known, made):
                return True
            self.known[session.agent, session.key] = known
            return False

        cases, orphans = self.examination.cases(store, wanted=wanted)
        for case in cases:
            self.check()
            self.read += 1
            session = case.session
            sight = self._sight(case, store)
            settled = _is_settled(session, sight, self.now, case.run_timeout_ms)
            self.known[session.agent, session.key] = Known(signatures[session.key], self.now, settled, sight)
        self.findings += self.examination.findings(store, orphans)

    def _still_true(self, known: Known, signature: str) -> bool:
        fresh = known.at <= self.now < known.at + ANEW_MS
        return known.settled and fresh and known.signature == signature

    def _sight(self, case: Case, store: StoreReader) -> Sight:
        pace = None
        if (case.budget.share or 0.0) >= WORTH_A_LOOK:
            view = read_view(store, case.session, case.limits, deep=False)
            pace = pace_of(view)
        return sight_of(report_of(case, self.examination.acks), pace)


def _scene_of(examination: Examination) -> str:
    """A digest of what all verdicts rest on besides rows, transcripts and log lines."""
    state, limits = examination.state, examination.settings.world.limits
    owners = [(owner.pid, owner.liveness, owner.started_at) for owner in state.owners]
    return _digest(state.dialect, state.version, state.config, owners, state.boots, examination.acks, limits)


def _signature(session: Session, orphans: Iterable[Orphan], book: LogBook) -> str:
    """A digest of all that a session's verdict rests on, time and scene left out."""
    ids = {session.session_id, *session.previous_session_ids}
    turns = [*book.turns_of_key(session.key), *book.turns(session.key, ids, born_at=None)]
    told = [(len(turn.signals), turn.at) for turn in turns]
    return _digest(session, [str(orphan.path) for orphan in orphans], told)


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _is_settled(session: Session, sight: Sight, now: int, run_timeout_ms: int) -> bool:
    """Whether the clock alone will not change the verdict."""
    if session.status == "running" or sight.verdict not in _LASTING or session.pending:
        return False
    if session.lock is not None or session.pending_delivery_at is not None or session.initialization_pending:
        return False
    times = (session.updated_at, session.last_interaction_at, session.last_activity_at, session.ended_at)
    newest = max((at for at in times if at is not None), default=0)
    return newest + run_timeout_ms + RESTLESS_MS < now


def _troubles(found: Iterable[Finding]) -> tuple[Trouble, ...]:
    grave = [one for one in found if one.severity in (Severity.ERROR, Severity.CRITICAL)]
    return tuple(
        dict.fromkeys(Trouble(one.code.value, one.subject, one.evidence[0], one.remedy) for one in grave)
    )


def _worst_first(sight: Sight) -> tuple[int, str, str]:
    return sight.verdict.rank, sight.agent, sight.key
