"""One session's chart for `show`: its report, what takes the room, what happened when, what to do."""

from __future__ import annotations

from collections.abc import Iterator

from clawmedic.logs.scan import signals
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.chart import AnatomySlice, LargeEntry, SessionChart, TimelineItem
from clawmedic.model.report import SessionReport
from clawmedic.model.reporter import Reporter
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader
from clawmedic.transcripts.anatomy import measure_anatomy
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.turns import Turn, TurnOutcome
from clawmedic.triage.acks import load_acks
from clawmedic.triage.case import Case
from clawmedic.triage.events import Event, EventKind, when
from clawmedic.triage.examine import Examination, report_of
from clawmedic.triage.logbook import LogBook
from clawmedic.triage.select import resolve_session

TIMELINE = 40
"""So many of the newest items are shown."""
TEXT = 160


def chart(settings: Settings, reporter: Reporter, key: str) -> SessionChart:
    """The chart of the one session that `key` means. Its transcript is read whole.

    Raises:
        NotFoundError: no such session, or no store.
        AmbiguousError: the part fits several.
    """
    with open_for_reading(settings, reporter) as state:
        owned = [(store, session) for store in state.stores for session in store.sessions()]
        chosen = resolve_session([session for _, session in owned], key)
        store = next(store for store, session in owned if session is chosen)
        scan = signals(find_sources(settings, state.config), TimeWindow(), reporter)
        examination = Examination(
            settings, reporter, state, LogBook.read(scan), load_acks(settings), deep=True, thorough=True
        )
        case = next(examination.cases(store, only=chosen)[0])
        return _drawn(state, store, case, report_of(case, examination.acks))


def _drawn(state: StateReader, store: StoreReader, case: Case, report: SessionReport) -> SessionChart:
    anatomy = measure_anatomy(parse_entry(raw) for raw in store.entries(case.session))
    return SessionChart(
        report=report,
        anatomy=tuple(AnatomySlice(part.name, part.size_bytes, part.entries) for part in anatomy.parts),
        largest=tuple(LargeEntry(large.line, large.name, large.size_bytes) for large in anatomy.largest),
        timeline=tuple(sorted(_timeline(case), key=lambda item: item.at or 0)[-TIMELINE:]),
        siblings=tuple(_siblings(state, store, case)),
        treatment=_treatment(report),
    )


def _timeline(case: Case) -> Iterator[TimelineItem]:
    for turn in case.view.turns.all:
        if turn.line and not turn.synthetic:
            yield TimelineItem(turn.at, f"turn {turn.outcome}", _of_turn(turn))
    for entry in case.view.path.entries:
        if entry.type == "compaction":
            tokens = f"{entry.tokens_before} tokens before, " if entry.tokens_before else ""
            yield TimelineItem(entry.at, "compaction", f"{tokens}summary of {entry.summary_chars} characters")
        elif entry.type == "reset":
            yield TimelineItem(entry.at, "reset", "the model sees nothing of what was before")
    for event in sorted(case.story.events, key=when):
        if event.origin in ("log", "run") and event.kind is not EventKind.ANSWERED:
            yield TimelineItem(event.at, _word(event), _of_event(event))
    if case.session.updated_at is not None:
        status = case.session.status or "no status"
        yield TimelineItem(case.session.updated_at, "row", f"last change of the row: {status}")


def _of_turn(turn: Turn) -> str:
    text = " ".join(turn.text.split())[:TEXT]
    if turn.outcome in (TurnOutcome.FAILED, TurnOutcome.REFUSED) and turn.error:
        return f"{text} ⇒ {' '.join(turn.error.split())[:TEXT]}"
    return text


def _word(event: Event) -> str:
    words = {
        EventKind.REFUSED: "turn refused",
        EventKind.FAILED: "run failed",
        EventKind.STRAINED: "compaction failed",
        EventKind.RESET: "automatic reset",
    }
    return words.get(event.kind, str(event.kind))


def _of_event(event: Event) -> str:
    cause = f"{event.cause}: " if event.cause else ""
    return cause + (event.evidence[-1].text[:TEXT] if event.evidence else "")


def _siblings(state: StateReader, store: StoreReader, case: Case) -> Iterator[str]:
    """Other files and windows of the same conversation; `clawmedic backups list KEY` knows them all."""
    session = case.session
    for previous in session.previous_session_ids:
        yield f"earlier session id of the key: {previous}"
    for orphan in case.orphans:
        yield f"orphan: {orphan.path}"
    own = session.transcript.path.name
    stems = {session.session_id, *session.previous_session_ids}
    for artefact in store.artefacts():
        if artefact.session_id in stems and artefact.path.name != own:
            yield f"{artefact.kind}: {artefact.path}"
    for other in state.stores:
        for one in other.sessions():
            if one.session_id == session.session_id and one.key != session.key:
                yield f"the same session id also stands behind {one.key}"


def _treatment(report: SessionReport) -> tuple[str, ...]:
    """Commands in the order of the findings, then what the newest open incident asks for; each once."""
    remedies = [finding.remedy for finding in report.findings if finding.remedy and not finding.acknowledged]
    for incident in report.incidents[-1:]:
        if incident.ended_at is None:
            remedies += incident.remedies
    return tuple(dict.fromkeys(line for line in remedies if not line.startswith("clawmedic show ")))
