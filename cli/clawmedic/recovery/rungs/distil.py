"""`distil`: the transcript is shortened without any model: recent turns whole, a factual digest of the rest.

Stale `usage` of the kept answers and the row's token counters go too: they alone kill a shortened session again
(openclaw.md 5.4).
"""

from __future__ import annotations

from msgspec import Struct

from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Proof
from clawmedic.model.plan import Step
from clawmedic.operations.backup import INFIX, backup_stamp
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.operations.work import Work
from clawmedic.recovery.installing import measured, row_fields
from clawmedic.recovery.looking import context_of, entry_ids, marked, outlasting, read_lines
from clawmedic.recovery.offline import offline_only, offline_plan
from clawmedic.recovery.proof import counters_are_clear, fits, history_is_kept, is_alive, is_sound
from clawmedic.recovery.rows import COUNTERS, lying_fields
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import look_again
from clawmedic.stores.editing_transcript import checked_transcript
from clawmedic.transcripts.distil import Distilled, distil

_NOTE = "[clawmedic] The earlier part of this conversation was shortened; its whole history is kept."
RESCUED = "clawmedic:rescued"
"""customType of the entry that ends a rewritten transcript: failures older than it are over."""


class Distil(Struct, frozen=True):
    """The rung."""

    name: str = "distil"

    def applies(self, patient: Patient) -> Fit:
        """Offline, and a compaction failed or the history does not fit."""
        if not (fit := offline_only(patient)).ok:
            return fit
        if patient.mandate.ordered:
            return Fit(ok=True, reason="the operator asks for it")
        if patient.ailment.shrinkable:
            return Fit(ok=True, reason="a shorter history fits, and needs no compaction")
        return Fit(ok=False, reason="the history's length is not what ails it")

    def plan(self, patient: Patient) -> Treatment:
        """Rewrite the transcript, clear the counters of the row."""
        session, now = patient.session, patient.settings.now()
        path = session.transcript.path
        source = expect_file(path)
        if source.sha256 is None:
            raise RefusedError(
                f"{path} is missing: there is nothing to distil", hint="`clawmedic reset` begins anew"
            )
        lines = read_lines(path, patient.settings.world.limits)
        room = room_for(patient.case, context_of(lines))
        stamp = backup_stamp(now)
        made = distil(
            lines,
            session_id=session.session_id,
            target_tokens=room.target,
            now=now,
            backup=f"{path.name}{INFIX}{stamp}",
        )
        row = expect_row(session.store, session.key)
        fields = row_fields(session)
        removed = tuple(name for name in (*COUNTERS, *lying_fields(fields)) if name in fields)
        step = Step(self.name, _sentence(made), writes=(source, row))
        plan = offline_plan(
            patient,
            step,
            backups=(path,),
            locks=(path, session.store),
            new_bytes=len(made.data),
            notes=_notes(patient, room, made),
        )
        action = _Distilling(
            patient,
            b"".join(
                line + b"\n"
                for line in marked(
                    outlasting(made.lines, words=_NOTE, now=now),
                    kind=RESCUED,
                    operation=patient.member,
                    now=now,
                )
            ),
            f"{INFIX}{stamp}",
            source.sha256,
            row.sha256 or "",
            removed,
            entry_ids(lines),
            room,
        )
        return Treatment(plan, action)


def _sentence(made: Distilled) -> str:
    turns = f"{made.kept_turns} recent turn{'' if made.kept_turns == 1 else 's'}"
    return (
        f"keep {turns} and a digest of {made.cut_entries} entries: "
        f"about {made.tokens_before} tokens become {made.tokens_after}"
    )


def _notes(patient: Patient, room: Room, made: Distilled) -> tuple[str, ...]:
    share = room.share(made.tokens_after)
    filling = (
        f"the window would be {share:.0%} full" if share is not None else "the model's window is not known"
    )
    if patient.case.dialect == "7.1" and patient.session.chat_type == "group":
        return (filling, _GROUPS_OF_7_1)
    return (filling,)


_GROUPS_OF_7_1 = (
    "2026.7.1 adds the chat's own history to every prompt of a group, outside the transcript: "
    "should it die again, `clawmedic reset` leaves more room"
)


class _Distilling(Struct, frozen=True):
    """`planned_name` stands in the text for the backup's real name, which has the same length."""

    patient: Patient
    data: bytes
    planned_name: str
    source: str
    expected_row: str
    removed: tuple[str, ...]
    ids: frozenset[str]
    room: Room

    def act(self, work: Work) -> None:
        session, editor = self.patient.session, work.editor()
        _, _, stamp = work.backups[0].path.name.rpartition(INFIX)
        data = self.data.replace(self.planned_name.encode(), f"{INFIX}{stamp}".encode())
        editor.replace_transcript(session, checked_transcript(data), expected=self.source)
        if self.removed:
            editor.edit_row(session, changed={}, removed=self.removed, expected_row=self.expected_row)

    def prove(self, work: Work) -> Proof:
        session = self.patient.session
        seen = look_again(work.settings, self.patient.book, session)
        places = (session.transcript.path, *(backup.path for backup in work.backups))
        checks = [
            is_sound(seen),
            history_is_kept(self.ids, places, work.settings.world.limits),
            counters_are_clear(seen),
            fits(seen, self.room, work.settings.world.limits),
            is_alive(seen),
        ]
        return measured(checks, self.patient, seen, self.room)
