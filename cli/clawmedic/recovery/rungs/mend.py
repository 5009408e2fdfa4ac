"""`mend`: structural repair of a transcript: torn tail, malformed lines, header, chain, tool pairs, ids, errors."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Step
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.operations.work import Work
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.installing import cwd_of, measured
from clawmedic.recovery.looking import entry_ids, marked, read_lines
from clawmedic.recovery.offline import offline_only, offline_plan
from clawmedic.recovery.proof import history_is_kept, is_sound
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.ward import look_again
from clawmedic.stores.editing_transcript import checked_transcript
from clawmedic.transcripts.mend import HeaderHint, Mended, mend

MENDED = "clawmedic:mended"
"""customType of the entry that marks the repair: failures older than it are over."""


class Mend(Struct, frozen=True):
    """The rung."""

    name: str = "mend"

    def applies(self, patient: Patient) -> Fit:
        """Offline, and the transcript's structure is broken."""
        if not (fit := offline_only(patient)).ok:
            return fit
        if patient.mandate.ordered:
            return Fit(ok=True, reason="the operator asks for it")
        if patient.ailment.flaws:
            return Fit(ok=True, reason=f"the transcript is damaged: {', '.join(patient.ailment.flaws)}")
        if patient.ailment.kind is AilmentKind.CONTENT:
            return Fit(
                ok=True, reason=f"the provider refuses what the transcript holds: {patient.ailment.cause}"
            )
        return Fit(ok=False, reason="the transcript is sound")

    def plan(self, patient: Patient) -> Treatment:
        """Rewrite the transcript; lines that need nothing keep their bytes.

        Raises:
            RefusedError: nothing is wrong with it, or it is missing.
        """
        session, now = patient.session, patient.settings.now()
        path = session.transcript.path
        source = expect_file(path)
        if source.sha256 is None:
            raise RefusedError(
                f"{path} is missing: there is nothing to mend", hint="see `clawmedic backups list`"
            )
        lines = read_lines(path, patient.settings.world.limits)
        hint = HeaderHint(cwd=cwd_of([raw.data for raw in lines[:1]]), created_at=session.created_at)
        made = mend(lines, session_id=session.session_id, now=now, header_template=hint)
        if not made.changes:
            raise RefusedError(
                f"there is nothing to mend in {path.name}", hint="`clawmedic show` says what ails it"
            )
        data = b"".join(
            line + b"\n" for line in marked(made.lines, kind=MENDED, operation=patient.member, now=now)
        )
        row = expect_row(session.store, session.key)
        step = Step(self.name, _sentence(made), reads=(row,), writes=(source,))
        plan = offline_plan(
            patient,
            step,
            backups=(path,),
            locks=(path,),
            new_bytes=len(data),
            notes=(*_changes(made), _context(made)),
        )
        return Treatment(plan, _Mending(patient, data, source.sha256, entry_ids(lines), made.set_aside))


def _sentence(made: Mended) -> str:
    return f"repair {len(made.changes)} place{'' if len(made.changes) == 1 else 's'} of the transcript"


def _changes(made: Mended, shown: int = 8) -> tuple[str, ...]:
    lines = [
        f"line {change.line}: {change.done}" if change.line else change.done
        for change in made.changes[:shown]
    ]
    more = len(made.changes) - shown
    return (*lines, f"and {more} more") if more > 0 else tuple(lines)


def _context(made: Mended) -> str:
    before, after = len(made.context_before.entries), len(made.context_after.entries)
    return f"the model saw {before} messages and will see {after}"


class _Mending(Struct, frozen=True):
    patient: Patient
    data: bytes
    source: str
    ids: frozenset[str]
    set_aside: tuple[bytes, ...]

    def act(self, work: Work) -> None:
        session = self.patient.session
        if self.set_aside:
            lines = b"".join(line + b"\n" for line in self.set_aside)
            work.keep_export(session.transcript.path, "set-aside.jsonl", lines)
        work.editor().replace_transcript(session, checked_transcript(self.data), expected=self.source)

    def prove(self, work: Work) -> Proof:
        session = self.patient.session
        seen = look_again(work.settings, self.patient.book, session)
        places = (session.transcript.path, *(backup.path for backup in work.backups))
        before = len(self.patient.case.view.context.entries)
        after = len(seen.case.view.context.entries)
        checks = [
            is_sound(seen),
            history_is_kept(self.ids, places, work.settings.world.limits),
            Check("context", ok=after > 0 or before == 0, detail=f"{before} messages before, {after} now"),
        ]
        return measured(checks, self.patient, seen)
