"""Gathers what is known of one session into a `Case`: rows, transcript, log turns, runs."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.logs.causes import cause_of
from clawmedic.logs.signals import SignalKind
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Evidence
from clawmedic.model.session import RunRecord, Session
from clawmedic.settings import Limits
from clawmedic.stores.state import StateReader
from clawmedic.transcripts.budget import measure_budget
from clawmedic.transcripts.view import TranscriptView
from clawmedic.triage.case import Case, Orphan
from clawmedic.triage.detours import of_this_branch
from clawmedic.triage.events import Event, EventKind
from clawmedic.triage.logbook import LogBook, LogTurn
from clawmedic.triage.logreading import read_turn
from clawmedic.triage.story import SAME_TURN_MS, Story, tell
from clawmedic.triage.transcriptreading import read_transcript
from clawmedic.triage.waiting import waiting_messages

LONGEST_COMPACTION_S = 900
"""4.15's default for one compaction, the longest of all versions (openclaw.md 1.8)."""
ROW_LAG_MS = 120_000
PREFLIGHT_WORDS = ("preflight compaction required but failed", "cli transcript compaction failed")


class Scene(Struct, frozen=True):
    """What all sessions of one examination share.

    `store_ids` are all session ids the store knows: rows, windows, archives, orphans.
    """

    state: StateReader
    book: LogBook
    boots: tuple[int, ...]
    store_ids: frozenset[str]
    limits: Limits
    now: int


def gather(scene: Scene, session: Session, view: TranscriptView, orphans: Sequence[Orphan]) -> Case:
    """Everything known of one session, with its story told."""
    known = _known_ids(scene, session, orphans)
    turns = scene.book.turns(session.key, known, born_at=_born(session, view), until=_until(scene, session))
    dialect = scene.state.dialect
    story = _story(session, view, turns, dialect=dialect)
    precheck = _precheck(turns)
    budget = measure_budget(session, view, scene.state.config, dialect=dialect, precheck=precheck)
    case = Case(
        session=session,
        view=view,
        turns=tuple(turns),
        story=story,
        budget=budget,
        orphans=tuple(orphans),
        owners=scene.state.owners,
        boots=scene.boots,
        config=scene.state.config,
        dialect=dialect,
        limits=scene.limits,
        now=scene.now,
    )
    return replace(case, waiting=waiting_messages(case))


def _known_ids(scene: Scene, session: Session, orphans: Sequence[Orphan]) -> set[str]:
    """Ids under which the log may speak of this session; a file's may differ from the row's (openclaw-files.md 4)."""
    known = {session.session_id, *session.previous_session_ids, *(orphan.session_id for orphan in orphans)}
    named = {
        session_id for turn in scene.book.turns_of_key(session.key) for session_id in turn.session_ids
    } & scene.store_ids
    return {session_id for session_id in known | named if session_id}


def _born(session: Session, view: TranscriptView) -> int | None:
    """From when on a line that names only the key may be meant for this session's row."""
    candidates = [view.header.at if view.header else None, session.created_at]
    known = [at for at in candidates if at is not None]
    return min(known) if known else None


def _until(scene: Scene, session: Session) -> int | None:
    """Up to when a line may be meant for this row: what OpenClaw did later than a turn can last is not in it."""
    if session.updated_at is None:
        return None
    config = scene.state.config
    longest = max(config.run_timeout_seconds, config.compaction.timeout_seconds or LONGEST_COMPACTION_S)
    return session.updated_at + longest * 1000 + ROW_LAG_MS


def _story(session: Session, view: TranscriptView, turns: Sequence[LogTurn], *, dialect: str) -> Story:
    source = str(session.transcript.path)
    events = read_transcript(view, source=source, stop_is_failure=_timed_out(session, turns, dialect=dialect))
    events += [event for turn in turns if (event := read_turn(turn, dialect=dialect)) is not None]
    events += [event for run in session.runs if (event := _run_event(run)) is not None]
    events = of_this_branch(events, view)
    events += _row_events(session, view, events)
    if view.header is not None and view.header.at is not None and events and view.inherited_at is None:
        # Another session id behind the key: what the log says of the time before is over (design.md 3).
        events.append(Event(EventKind.RESET, view.header.at, "row"))
    if session.recovered_key is not None and events:
        # The conversation goes on in another session: what failed in this one is over.
        events.append(Event(EventKind.RESET, session.archived_at or session.updated_at, "row"))
    return tell(events)


def _timed_out(session: Session, turns: Sequence[LogTurn], *, dialect: str) -> bool:
    """Whether an aborted newest turn was ended by the clock and not by a person (openclaw-files.md 1b and 7)."""
    if session.status == "timeout":
        return True
    if turns and turns[-1].has(SignalKind.RUN_TIMEOUT):
        return True
    return dialect == "4.15" and session.status == "done" and session.aborted_last_run is True


def _run_event(run: RunRecord) -> Event | None:
    """A row of `task_runs` (9.6): runs by RPC or command line only."""
    at = run.ended_at or run.at
    if run.status == "succeeded":
        return Event(EventKind.ANSWERED, at, "run")
    if run.status not in ("failed", "cancelled", "timeout", "timed_out", "lost") or not run.error:
        return None
    lowered = run.error.lower()
    cause = cause_of(run.error)
    if run.status == "cancelled" and cause is not Cause.TIMEOUT:
        return None  # a person's own stop
    refused = any(words in lowered for words in PREFLIGHT_WORDS)
    return Event(
        kind=EventKind.REFUSED if refused else EventKind.FAILED,
        at=at,
        origin="run",
        struck=Struck.COMPACTION if refused else Struck.MODEL_CALL,
        cause=cause,
        confidence=0.9 if cause else 0.0,
        evidence=(Evidence("task_runs", None, at, " ".join(run.error.split())[:300]),),
    )


def _row_events(session: Session, view: TranscriptView, events: Sequence[Event]) -> list[Event]:
    """What the row alone says: a failed status, or an end without failure where the transcript shows no answer."""
    status, ended = session.status, session.ended_at
    if status in ("failed", "timeout") and ended is not None:
        cause = cause_of(session.last_run_error) if session.last_run_error else None
        if _told_already(events, ended):
            return []
        words = f"row: status {status}" + (
            f", {session.last_run_error[:200]}" if session.last_run_error else ""
        )
        return [
            Event(
                EventKind.FAILED,
                ended,
                "row",
                Struck.MODEL_CALL,
                cause,
                0.8 if cause else 0.0,
                (Evidence(str(session.store), None, ended, words),),
            ),
        ]
    silent = not any(event.origin == "transcript" for event in events)
    if (
        silent
        and status == "done"
        and ended is not None
        and session.aborted_last_run is not True
        and not view.complete
    ):
        return [Event(EventKind.ANSWERED, ended, "row")]
    return []


def _told_already(events: Sequence[Event], ended: int) -> bool:
    """A `failed` row is written up to 15 s late and may belong to a turn that others describe, or that healed since."""
    return any(
        event.at is not None and event.at >= ended - SAME_TURN_MS
        for event in events
        if event.origin != "row" and (event.is_failure or event.kind is EventKind.ANSWERED)
    )


def _precheck(turns: Sequence[LogTurn]) -> tuple[int, int, int] | None:
    """The newest precheck of the log: (at, estimated tokens, budget tokens)."""
    newest: tuple[int, int, int] | None = None
    for turn in turns:
        for signal in turn.of(SignalKind.PRECHECK):
            if signal.at is None or signal.estimated_tokens is None or signal.budget_tokens is None:
                continue
            if newest is None or signal.at >= newest[0]:
                newest = (signal.at, signal.estimated_tokens, signal.budget_tokens)
    return newest
