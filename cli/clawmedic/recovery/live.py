"""What the rungs that work through a running gateway share: who is asked, what is kept first, what is proven.

The gateway alone changes anything; this process writes its journal, a verified copy beside a transcript file, or an
export of a database's events into the operation's own folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from clawmedic.disk.records import Call
from clawmedic.disk.replace import file_state
from clawmedic.errors import BusyError, ClawmedicError, OvertakenError, RefusedError
from clawmedic.gateway.answers import LiveSession
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.failures import GatewayError, SessionBusyError
from clawmedic.gateway.methods import active_run, require
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Access, Plan, Reversible, Step
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Generation, Session
from clawmedic.operations.expect import AGAIN, expect_file
from clawmedic.operations.work import Work
from clawmedic.recovery.looking import MOST_BYTES, context_of, entries_of, entry_ids, read_lines
from clawmedic.recovery.rung import Fit, Patient, Situation
from clawmedic.recovery.sizing import AIM, Room, tokens_for
from clawmedic.recovery.ward import Seen, look_again
from clawmedic.settings import Limits, Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import Context
from clawmedic.transcripts.entry import Entry

IDLE_SECONDS = 30.0
"""7.1 calls a run active for 15 s after it was refused; a turn that really runs is not waited for longer."""
_AFTER_REFUSAL_MS = 20_000
_PAUSE_SECONDS = 0.3
"""Whoever is refused writes again at once: the moment between two runs is short."""
_TURNS = frozenset({"compaction", "reset"})
T = TypeVar("T")


def without_gateway(patient: Patient) -> Fit | None:
    """Why nothing can be asked of a gateway; None when one of this state directory is connected."""
    if patient.situation is not Situation.RUNNING:
        return Fit(ok=False, reason="no gateway runs that could do it")
    if patient.gateway is None:
        return Fit(ok=False, reason="a gateway runs, and it was not reached")
    return None


def caller_of(patient: Patient) -> Caller:
    """The gateway of a patient.

    Raises:
        RefusedError: there is none.
    """
    if patient.gateway is None:
        raise RefusedError("no gateway is reached", hint="see `clawmedic info`")
    return patient.gateway


def described(patient: Patient) -> LiveSession:
    """The session as the gateway sees it; makes no row.

    Raises:
        RefusedError: the gateway knows no such key, has another conversation behind it, or cannot be asked.
    """
    try:
        found = require(caller_of(patient), patient.session.key)
    except RefusedError:
        raise
    except ClawmedicError as error:
        raise RefusedError(error.message, hint=error.hint) from error
    if found.session_id and found.session_id != patient.session.session_id:
        raise OvertakenError(
            f"the gateway has another conversation behind the key: {found.session_id}", hint=AGAIN
        )
    return found


def require_quiet(patient: Patient, before: LiveSession, ids: Collection[str]) -> None:
    """Make sure that nobody was answered in the session since the plan, and that no run goes on in it.

    The row's own time says nothing: 7.1 writes it once more up to 15 s after a refused run (openclaw-files.md 7). A
    message that was refused as well says nothing: who gets no answer writes again, and 9.6 keeps what was written.

    Args:
        patient: whose session.
        before: the session as the plan saw it.
        ids: the entries that were there then.

    Raises:
        OvertakenError: another conversation stands behind the key, or something was answered.
        BusyError: a run goes on.
    """
    caller, key = caller_of(patient), patient.session.key
    deadline = time.monotonic() + IDLE_SECONDS
    while active_run(caller, key):
        if time.monotonic() > deadline:
            if _refused_just_now(patient):
                break
            raise BusyError(f"a run goes on in {key}", hint="wait until it has ended")
        time.sleep(_PAUSE_SECONDS)
    moved = require(caller, key).session_id != before.session_id
    if moved or (patient.session.transcript.exists and _used_since(patient, ids)):
        raise OvertakenError(f"{key} has been used since it was looked at", hint=AGAIN)


def _refused_just_now(patient: Patient) -> bool:
    """Whether the newest turn was refused a moment ago: whoever writes again and again keeps 7.1 calling it a run."""
    story = look_again(patient.settings, None, patient.session).case.story
    at = story.open[-1].at if story.open else None
    return at is not None and 0 <= patient.settings.now() - at <= _AFTER_REFUSAL_MS


def _used_since(patient: Patient, ids: Collection[str]) -> bool:
    entries = entries_of(lines_of(patient.settings, patient.session))
    return any(entry.id not in ids and is_use(entry) for entry in entries)


def is_use(entry: Entry) -> bool:
    """Whether an entry shows that its session lives: an answer of a model, a compaction, a reset."""
    return entry.is_answer or entry.type in _TURNS


def live_plan(patient: Patient, step: Step, *, notes: Sequence[str] = ()) -> Plan:
    """A plan that changes nothing but through the gateway, with a copy of the transcript first.

    Raises:
        RefusedError: the transcript is a symbolic link, no regular file, or cannot be read.
    """
    session = patient.session
    path = session.transcript.path
    there = session.generation is Generation.FILES and file_state(path) is not None
    return Plan(
        operation_id=patient.member,
        command=patient.command,
        keys=(session.key,),
        state_dir=patient.settings.state_dir,
        steps=(replace(step, reads=(expect_file(path),)) if there else step,),
        access=Access.GATEWAY,
        backups=(path,) if there else (),
        new_bytes=0 if there else session.transcript.size_bytes,
        planned_at=patient.settings.now(),
        notes=(*notes, *kept_note(patient, step)),
    )


def kept_note(patient: Patient, step: Step) -> tuple[str, ...]:
    """What a person should know of going back."""
    if step.reversible is not Reversible.NO or not patient.session.transcript.exists:
        return ()
    if patient.session.generation is Generation.FILES:
        return (
            "undo does not reverse this; with the gateway stopped, `clawmedic backups restore COPY --live` does",
        )
    return ("undo does not reverse this; the whole history is kept in a file",)


def lines_of(settings: Settings, session: Session) -> tuple[RawEntry, ...]:
    """Every entry of the conversation behind a key as it is now, its earlier windows not among them.

    Raises:
        RefusedError: it cannot be read, or is too large to be held.
    """
    if session.generation is Generation.FILES:
        return read_lines(session.transcript.path, settings.world.limits)
    return _events(settings, session, (session.transcript.window or session.session_id,))


def all_lines_of(settings: Settings, session: Session) -> tuple[RawEntry, ...]:
    """As `lines_of`, for a database with all earlier windows of the key, oldest first."""
    if session.generation is Generation.FILES:
        return lines_of(settings, session)
    present = session.transcript.window or session.session_id
    return _events(settings, session, tuple(dict.fromkeys((*session.previous_session_ids, present))))


def _events(settings: Settings, session: Session, windows: Sequence[str]) -> tuple[RawEntry, ...]:
    found: list[RawEntry] = []
    held = 0
    with open_for_reading(settings, SilentReporter()) as state:
        stores = [one for one in state.stores if one.agent == session.agent]
        for store in (one for one in stores if one.generation is Generation.SQLITE):
            for window in windows:
                meant = replace(session, transcript=replace(session.transcript, window=window))
                for raw in store.entries(meant):
                    held += len(raw.data)
                    if raw.oversized or held > MOST_BYTES:
                        raise RefusedError(
                            "the conversation is too large to be kept aside", hint="nothing was changed"
                        )
                    found.append(raw)
    return tuple(found)


def keep(work: Work, patient: Patient) -> Path | None:
    """The copy of the history: the one made beside the transcript file, or an export of the database's events.

    Raises:
        RefusedError: it cannot be read or written; nothing was changed.
    """
    if work.backups:
        return work.backups[-1].path
    session = patient.session
    if session.generation is Generation.FILES:
        return None
    lines = all_lines_of(work.settings, session)
    data = b"".join(raw.data + b"\n" for raw in lines)
    return work.keep_export(session.store, f"history-{work.plan.operation_id}.jsonl", data).path


def ask(work: Work, call: Call, send: Callable[[], T], *, reverse: Call | None) -> T:
    """As `Work.call`, asked again while a run goes on in the session.

    A refusal of the gateway is noted as one that did nothing before it passes through.
    """
    try:
        return work.call(call, lambda: when_idle(send), reverse=reverse)
    except GatewayError:
        work.last_call_did_nothing()
        raise


def when_idle(send: Callable[[], T], *, seconds: float = IDLE_SECONDS) -> T:
    """What `send` gives; it is called again while the gateway refuses because a run goes on in the session.

    Raises:
        SessionBusyError: it still did when the seconds were over.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return send()
        except SessionBusyError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def history_stays(work: Work, patient: Patient, ids: Collection[str]) -> Check:
    """Every entry of the old history is still in the store, or in the copy that was made first."""
    missing = set(ids)
    missing -= _ids_in_store(work, patient)
    for backup in work.backups:
        if missing:
            missing -= entry_ids(read_lines(backup.path, work.settings.world.limits))
    gone = f"{len(missing)} of {len(ids)} entries are missing"
    return Check("history", ok=not missing, detail=gone if missing else f"all {len(ids)} entries are on disk")


def _ids_in_store(work: Work, patient: Patient) -> frozenset[str]:
    try:
        return entry_ids(all_lines_of(work.settings, patient.session))
    except RefusedError:  # put aside by a reset
        return frozenset()


def sight_of(settings: Settings, session: Session) -> Context:
    """What the model would be sent of a conversation now: its whole current branch, read line by line.

    Raises:
        RefusedError: as `lines_of`.
    """
    return context_of(lines_of(settings, session) if session.transcript.exists else ())


def roomy(context: Context, room: Room, limits: Limits) -> Check:
    """What the model would be sent now leaves room for more turns, where the budget is known.

    `AIM` is the aim; what a gateway has made of a history stands, so that here only a budget that is nearly used up
    again is a failure.

    A row's `totalTokens` counts where an answered turn has made it; what a compaction predicts is too low
    (openclaw-channels.md 0.6), so that the length of the text and what stands beside it are added up.
    """
    tokens = tokens_for(context, room)
    share = tokens / room.budget if room.budget else None
    if share is None:
        return Check("budget", ok=True, detail=f"about {tokens} tokens; the model's window is not known")
    words = f"{share:.0%}" if share <= AIM else f"{share:.1%}, more than the {AIM:.0%} aimed at"
    return Check(
        "budget", ok=share < limits.near_budget, detail=f"about {tokens} of {room.budget} tokens, {words}"
    )


def live_proof(work: Work, checks: Sequence[Check], patient: Patient, seen: Seen, room: Room) -> Proof:
    """The checks, and how much room is left, with sizes before and after."""
    context = sight_of(work.settings, seen.case.session)
    return Proof(
        (*checks, roomy(context, room, work.settings.world.limits)),
        bytes_before=patient.session.transcript.size_bytes,
        bytes_after=seen.case.session.transcript.size_bytes,
        entries_before=patient.report.entries,
        entries_after=seen.report.entries,
        tokens_before=patient.case.budget.used_tokens,
        tokens_after=tokens_for(context, room),
        budget_tokens=room.budget,
    )
