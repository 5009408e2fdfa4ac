"""`reset`: a new, empty session behind the key, with a short note that says where the history is."""

from __future__ import annotations

import json
import secrets

from msgspec import Struct

from clawmedic.disk.files import lstat
from clawmedic.model.plan import Step
from clawmedic.operations.expect import expect_row
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.hazards import HAZARDS, Hazard
from clawmedic.recovery.installing import (
    Install,
    Installation,
    Place,
    cwd_of,
    new_place,
    row_fields,
    with_header,
)
from clawmedic.recovery.looking import entry_ids, iso, marked, outlasting, read_lines
from clawmedic.recovery.offline import offline_only, offline_plan
from clawmedic.recovery.rows import CONVERSATION_FIELDS, COUNTERS, begin_anew
from clawmedic.recovery.rung import Fit, Patient, Treatment

HAND_OVER = "clawmedic:hand-over"
"""customType of the entry that marks the new session."""


class Reset(Struct, frozen=True):
    """The rung."""

    name: str = "reset"

    def applies(self, patient: Patient) -> Fit:
        """Offline; for what a new session cures, or because the operator insists."""
        if not (fit := offline_only(patient)).ok:
            return fit
        if patient.mandate.ordered:
            return Fit(ok=True, reason="the operator asks for it")
        if patient.mandate.insists_on_reset and patient.ailment.kind is not AilmentKind.ORPHANED:
            return Fit(ok=True, reason="the operator asks for a new session")
        if patient.ailment.kind is AilmentKind.MODEL_CALL:
            return Fit(ok=False, reason=HAZARDS[Hazard.DEAD_PROVIDER].why)
        if patient.ailment.shrinkable or patient.ailment.kind in (AilmentKind.CONTENT, AilmentKind.GATE):
            return Fit(ok=True, reason="nothing gentler brings it back")
        return Fit(ok=False, reason="a new session is no answer to this")

    def plan(self, patient: Patient) -> Treatment:
        """Put the transcript aside under OpenClaw's own name, begin a new one with the note."""
        session, now = patient.session, patient.settings.now()
        place = new_place(session, now=now)
        old = read_lines(session.transcript.path, patient.settings.world.limits) if place.aside else ()
        body = _note(patient, place, now)
        cwd = cwd_of([raw.data for raw in old[:1]])
        fields = row_fields(session)
        made = Installation(
            place=place,
            data=with_header(body, session_id=place.session_id, now=now, cwd=cwd),
            changed=begin_anew(fields, session_id=place.session_id, now=now),
            removed=[name for name in (*CONVERSATION_FIELDS, *COUNTERS) if name in fields],
            ids=entry_ids(old),
        )
        row = expect_row(session.store, session.key)
        kept = f"keep {session.transcript.path.name} as {place.aside.name}, " if place.aside else ""
        step = Step(self.name, f"{kept}begin session {place.session_id}", writes=made.writes(session))
        plan = offline_plan(
            patient,
            step,
            locks=made.locks(session),
            notes=_side_effects(patient),
        )
        return Treatment(plan, Install(patient, made, row.sha256 or ""))


def _note(patient: Patient, place: Place, now: int) -> tuple[bytes, ...]:
    """A compaction whose summary is the note for the model, a note for people, and our mark."""
    where = place.aside.name if place.aside else ""
    waiting = len(patient.report.unanswered)
    text = (
        "# Earlier conversation\n"
        "This conversation was begun anew by an operator's tool because the earlier one could no longer be answered. "
        f"Nothing of it is in view. {_where(where)}\n"
        + (f"{waiting} message(s) had no answer.\n" if waiting else "")
        + "If something from before is needed, say so and ask for it.\n"
    )
    name = secrets.token_hex(4)
    summary = {
        "type": "compaction",
        "id": name,
        "parentId": None,
        "timestamp": iso(now),
        "summary": text,
        "firstKeptEntryId": name,
        "tokensBefore": 1,
    }
    line = json.dumps(summary, ensure_ascii=False, separators=(",", ":")).encode()
    lines = outlasting((line,), words=f"[clawmedic] A new session. {_where(where)}", now=now)
    return marked(lines, kind=HAND_OVER, operation=patient.member, now=now)


def _where(name: str) -> str:
    return f"The earlier conversation is kept in {name}." if name else "There was no earlier transcript."


def _side_effects(patient: Patient) -> tuple[str, ...]:
    stem = patient.session.transcript.path.name.removesuffix(".jsonl")
    trace = patient.session.store.with_name(f"{stem}.trajectory.jsonl")
    return (f"{trace.name} stays where it is",) if lstat(trace) is not None else ()
