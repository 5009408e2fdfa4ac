"""`backups restore --live`: a copy becomes the conversation behind its key again (file generation).

A new session id, the copy's own bytes but for the header, row re-pointed, counters cleared; the present transcript is
put aside. What would be dead at once is refused unless it may be shortened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from clawmedic.backups.reading import CopyReader
from clawmedic.backups.restoring import Restored, restore_lines
from clawmedic.errors import ExitCode, NotFoundError, RefusedError
from clawmedic.model.backup import Backup
from clawmedic.model.outcome import KeyResult, Outcome
from clawmedic.model.plan import Plan, Step
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Generation
from clawmedic.operations.execute import execute
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.operations.ids import new_operation_id
from clawmedic.operations.run import Run
from clawmedic.recovery.admission import Clinic, admit
from clawmedic.recovery.hazards import Hazard, refuse
from clawmedic.recovery.installing import Install, Installation, cwd_of, new_place, row_fields, with_header
from clawmedic.recovery.looking import as_raw, context_of, entry_ids, read_lines
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rows import CONVERSATION_FIELDS, COUNTERS, begin_anew
from clawmedic.recovery.rung import Patient, Situation, Treatment
from clawmedic.recovery.shorten import Fitted, fitted, would_be_dead
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import Ward
from clawmedic.settings import Settings
from clawmedic.stores.reader import RawEntry

NAME = "restore"


@dataclass(frozen=True, slots=True)
class LiveRestore:
    """A restore that is ready: its plan, and what the model will see.

    Attributes:
        share: how full the window will be, None when it is not known.
    """

    patient: Patient
    backup: Backup
    restored: Restored
    fitted: Fitted
    share: float | None
    treatment: Treatment


@contextmanager
def plan_restore(
    settings: Settings,
    reporter: Reporter,
    backup: Backup,
    *,
    may_distil: bool,
    key: str | None = None,
    gateway_stopped: bool = False,
) -> Iterator[LiveRestore]:
    """Look, and plan. Changes nothing; the state directory stays open meanwhile.

    Args:
        settings: where.
        reporter: is told how far the work has come.
        backup: the copy.
        may_distil: shorten it where it would be dead at once.
        key: whose conversation it becomes; None takes the copy's own key.
        gateway_stopped: the operator vouches that no gateway runs.

    Raises:
        NotFoundError: nobody knows whose copy it is, or the key has no row.
        RefusedError: it is live already, would be dead at once, holds nothing, or files may not be changed now.
        BusyError: a living process holds a lock.
    """
    wanted = key or backup.key
    if wanted is None:
        raise NotFoundError(f"nobody knows whose conversation {backup.id} is", hint="say it with --key KEY")
    with Ward.open(settings, reporter) as ward:
        store, session = ward.find(wanted)
        clinic = Clinic(NAME, Mandate(ordered=True), gateway_stopped=gateway_stopped)
        member = new_operation_id(settings.now())
        patient = admit(clinic, ward, ward.look_at(store, session), member=member)
        _require_safe(patient, backup)
        with CopyReader(settings.world, settings.state_dir) as reader:
            restored = restore_lines(reader, backup)
        yield _plan(patient, backup, restored, may_distil=may_distil)


def _require_safe(patient: Patient, backup: Backup) -> None:
    if patient.session.generation is not Generation.FILES:
        raise refuse(Hazard.SQLITE, patient.session.key)
    if patient.situation is not Situation.STOPPED:
        raise refuse(Hazard.LIVE_STORE, patient.why_running)
    if backup.place.is_file and backup.path == patient.session.transcript.path:
        raise RefusedError(f"{backup.id} is the live transcript of {patient.session.key} already")


def _plan(patient: Patient, backup: Backup, restored: Restored, *, may_distil: bool) -> LiveRestore:
    session, now = patient.session, patient.settings.now()
    limits = patient.settings.world.limits
    present = read_lines(session.transcript.path, limits) if session.transcript.exists else ()
    lines = as_raw(restored.lines)
    room = room_for(patient.case, context_of(present))
    place = new_place(session, now=now)
    if not may_distil and would_be_dead(context_of(lines), room):
        raise refuse(Hazard.NEVER_FITS, f"{backup.id} (about {context_of(lines).estimated_tokens} tokens)")
    made = fitted(
        lines, room, session_id=place.session_id, now=now, kept_in=backup.path.name, may_shorten=may_distil
    )
    parent = str(backup.path) if backup.place.is_file else ""
    fields = row_fields(session)
    installation = Installation(
        place=place,
        data=with_header(
            made.lines, session_id=place.session_id, now=now, cwd=cwd_of(restored.lines[:1]), parent=parent
        ),
        changed=begin_anew(fields, session_id=place.session_id, now=now),
        removed=[name for name in (*CONVERSATION_FIELDS, *COUNTERS) if name in fields],
        ids=entry_ids(present) | (frozenset() if made.distilled else entry_ids(lines)),
        room=room,
    )
    treatment = _treatment(patient, backup, made, installation, present)
    return LiveRestore(patient, backup, restored, made, _share(room, made), treatment)


def _share(room: Room, made: Fitted) -> float | None:
    return room.share(made.tokens_after)


def _treatment(
    patient: Patient, backup: Backup, made: Fitted, what: Installation, present: Sequence[RawEntry]
) -> Treatment:
    session = patient.session
    row = expect_row(session.store, session.key)
    kept = f"keep {session.transcript.path.name} as {what.place.aside.name}, " if what.place.aside else ""
    how = (
        f", shortened from about {made.tokens_before} to {made.tokens_after} tokens" if made.distilled else ""
    )
    step = Step(
        NAME,
        f"{kept}put {backup.path.name}{how} behind the key as session {what.place.session_id}",
        reads=(expect_file(backup.path),) if backup.place.is_file else (),
        writes=what.writes(session),
    )
    shown = len(made.context.entries)
    plan = Plan(
        operation_id=patient.member,
        command=NAME,
        keys=(session.key,),
        state_dir=patient.settings.state_dir,
        steps=(step,),
        locks=what.locks(session),
        planned_at=patient.settings.now(),
        notes=(
            f"the model will see {shown} message{'' if shown == 1 else 's'}"
            + (" after a summary" if made.context.compaction else "")
            + f", about {made.tokens_after} tokens",
            *(
                ["what was said in the present conversation is kept aside, not joined"]
                if len(present) > 1
                else []
            ),
        ),
    )
    return Treatment(plan, Install(patient, what, row.sha256 or ""))


def restore_live(run: Run, planned: LiveRestore) -> Outcome:
    """Carry out what `plan_restore` planned.

    Raises:
        RefusedError, BusyError, RollbackError: as `execute`.
    """
    result = execute(run, planned.treatment.plan, planned.treatment.action, state=planned.patient.state)
    one = KeyResult(
        key=planned.patient.session.key,
        action=NAME,
        ok=result.ok,
        rungs=(result,),
        backup=result.backup,
        proof=result.proof,
        reversible=result.reversible,
        error=result.error,
        exit_code=ExitCode.OK if result.ok else ExitCode.PROOF_FAILED,
    )
    return Outcome(planned.patient.member, (one,))
