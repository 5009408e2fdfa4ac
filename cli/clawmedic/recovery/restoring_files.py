"""`backups restore --live` with files: a copy becomes the conversation behind its key again.

A new session id, the copy's own bytes but for the header, row re-pointed, counters cleared; the present transcript is
put aside. What would be dead at once is refused unless it may be shortened.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.backups.restoring import Restored
from clawmedic.errors import RefusedError
from clawmedic.model.backup import Backup
from clawmedic.model.plan import Step
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.recovery.hazards import Hazard, refuse
from clawmedic.recovery.installing import Install, Installation, cwd_of, new_place, row_fields, with_header
from clawmedic.recovery.looking import as_raw, context_of, entry_ids, read_lines
from clawmedic.recovery.offline import offline_plan
from clawmedic.recovery.rows import CONVERSATION_FIELDS, COUNTERS, begin_anew
from clawmedic.recovery.rung import Patient, Situation, Treatment
from clawmedic.recovery.shorten import Fitted, fitted, would_be_dead
from clawmedic.recovery.sizing import room_for, sight_in_words
from clawmedic.stores.reader import RawEntry

NAME = "restore"


def restore_in_files(patient: Patient, backup: Backup, restored: Restored, *, may_distil: bool) -> Treatment:
    """The plan of a restore with files. Changes nothing.

    Raises:
        RefusedError: a gateway runs, the copy is live already or would be dead at once, or something is being written.
    """
    if patient.situation is not Situation.STOPPED:
        raise refuse(Hazard.LIVE_STORE, patient.why_running)
    if backup.place.is_file and backup.path == patient.session.transcript.path:
        raise RefusedError(f"{backup.id} is the live transcript of {patient.session.key} already")
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
    return _treatment(patient, backup, made, installation, present)


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
    seen = [sight_in_words(made.context, room)] if (room := what.room) is not None else []
    aside = (
        ["what was said in the present conversation is kept aside, not joined"] if len(present) > 1 else []
    )
    plan = offline_plan(patient, step, locks=what.locks(session), notes=(*seen, *aside))
    return Treatment(plan, Install(patient, what, row.sha256 or ""))
