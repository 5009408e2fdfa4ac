"""`relink`: a history that 2026.4.15's automatic reset took away stands behind its key again.

The orphaned transcript is not touched. Where it fits and nothing was said since, the row points to it as it is;
otherwise a new transcript is made of it and of what was said since, shortened where it would be dead at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Check
from clawmedic.model.plan import Access, Step
from clawmedic.model.session import Generation
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.installing import (
    Install,
    Installation,
    Place,
    cwd_of,
    new_place,
    row_fields,
    with_header,
)
from clawmedic.recovery.looking import context_of, entries_of, entry_ids, header_of, read_lines
from clawmedic.recovery.offline import offline_plan
from clawmedic.recovery.rows import CONVERSATION_FIELDS, COUNTERS, begin_anew
from clawmedic.recovery.rung import Fit, Patient, Situation, Treatment
from clawmedic.recovery.shorten import Fitted, fitted
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import Seen
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.failures import is_auto_reset_text
from clawmedic.transcripts.parse import parse_entry
from clawmedic.triage.case import Orphan

NOT_TOO_SMALL = 0.5
"""The newest orphan is taken unless an older one holds more than twice as much."""


class Relink(Struct, frozen=True):
    """The rung."""

    name: str = "relink"

    def applies(self, patient: Patient) -> Fit:
        """Files; gateway stopped, or 4.15's running one under its own locks (7.1 has no store lock)."""
        if patient.session.generation is not Generation.FILES or not patient.case.orphans:
            return Fit(ok=False, reason="no history of this key lies orphaned")
        if patient.ailment.kind is not AilmentKind.ORPHANED:
            return Fit(ok=False, reason="the key is dead for another reason: the history would be dead too")
        if patient.situation is Situation.RUNNING and patient.case.dialect != "4.15":
            return Fit(ok=False, reason="this version has no store lock: its gateway must be stopped first")
        return Fit(ok=True, reason="an automatic reset left the history on disk, without a row")

    def plan(self, patient: Patient) -> Treatment:
        """Point the row to the history, or to a new transcript made of it."""
        orphan = _chosen(patient.case.orphans)
        limits = patient.settings.world.limits
        seen = expect_file(orphan.path), expect_file(patient.session.transcript.path)
        old = read_lines(orphan.path, limits)
        present = _present(patient)
        since = _since(present)
        room = room_for(patient.case, context_of(present))
        now = patient.settings.now()
        place = new_place(patient.session, now=now, keep=orphan.path)
        made = fitted(
            (*old, *since), room, session_id=place.session_id, now=now, kept_in=_names(orphan, place, since)
        )
        as_it_is = not (made.distilled or made.mended or since) and header_of(old) is not None
        ids = entry_ids(old) | entry_ids(present)
        if as_it_is:
            installation = _pointing(patient, orphan, old, place, ids)
        else:
            installation = _new(patient, orphan, old=old, made=made, place=place, ids=ids, room=room, now=now)
        if seen != (expect_file(orphan.path), expect_file(patient.session.transcript.path)):
            raise RefusedError(f"{patient.session.key} is being written", hint="try again in a moment")
        return self._treatment(patient, orphan, made, installation, since)

    def _treatment(
        self, patient: Patient, orphan: Orphan, made: Fitted, what: Installation, since: Sequence[RawEntry]
    ) -> Treatment:
        session = patient.session
        row = expect_row(session.store, session.key)
        step = Step(
            self.name,
            _sentence(orphan, made, since, as_it_is=what.data is None),
            reads=(expect_file(orphan.path),),
            writes=what.writes(session),
        )
        others = [other.path.name for other in patient.case.orphans if other.path != orphan.path]
        plan = offline_plan(
            patient,
            step,
            access=Access.OFFLINE if patient.situation is Situation.STOPPED else Access.UNDER_LOCKS,
            locks=what.locks(session),
            notes=(orphan.why, *(f"{name} stays orphaned: `clawmedic backups list`" for name in others)),
        )
        action = Install(
            patient, what, row.sha256 or "", more=lambda seen: (_no_longer_orphaned(seen, orphan),)
        )
        return Treatment(plan, action)


def _chosen(orphans: Sequence[Orphan]) -> Orphan:
    largest = max(orphan.size_bytes for orphan in orphans)
    worth = [orphan for orphan in orphans if orphan.size_bytes >= NOT_TOO_SMALL * largest]
    return max(worth, key=lambda orphan: (orphan.last_at or 0, orphan.path.name))


def _present(patient: Patient) -> tuple[RawEntry, ...]:
    transcript = patient.session.transcript
    return read_lines(transcript.path, patient.settings.world.limits) if transcript.exists else ()


def _since(present: Sequence[RawEntry]) -> tuple[RawEntry, ...]:
    """What was said since the reset: nothing when nobody has asked anything; OpenClaw's notice of it is left out."""
    body = present[1:] if header_of(present) is not None else present
    if not any(entry.role == "user" for entry in entries_of(body)):
        return ()
    return tuple(raw for raw in body if not _is_notice(raw))


def _is_notice(raw: RawEntry) -> bool:
    entry = parse_entry(raw)
    return getattr(entry, "role", "") == "assistant" and is_auto_reset_text(getattr(entry, "text", ""))


def _names(orphan: Orphan, place: Place, since: Sequence[RawEntry]) -> str:
    aside = f" and {place.aside.name}" if since and place.aside else ""
    return f"{orphan.path.name}{aside}"


def _sentence(orphan: Orphan, made: Fitted, since: Sequence[RawEntry], *, as_it_is: bool) -> str:
    if as_it_is:
        return f"point the row to {orphan.path.name}"
    also = " and of what was said since" if since else ""
    how = (
        f", shortened from about {made.tokens_before} to {made.tokens_after} tokens" if made.distilled else ""
    )
    return f"make a transcript of {orphan.path.name}{also}{how}, and point the row to it"


def _pointing(
    patient: Patient, orphan: Orphan, old: Sequence[RawEntry], place: Place, ids: frozenset[str]
) -> Installation:
    """The orphan as it is, under its own session id."""
    header = header_of(old)
    name = orphan.session_id or (header.session_id if header else place.session_id)
    fields = row_fields(patient.session)
    return Installation(
        place=replace(place, session_id=name, transcript=orphan.path),
        data=None,
        changed={"updatedAt": patient.settings.now()},
        removed=_removed(fields),
        ids=ids,
    )


def _new(  # everything it takes was found out by `plan`
    patient: Patient,
    orphan: Orphan,
    *,
    old: Sequence[RawEntry],
    made: Fitted,
    place: Place,
    ids: frozenset[str],
    room: Room,
    now: int,
) -> Installation:
    cwd = cwd_of([raw.data for raw in old[:1]])
    fields = row_fields(patient.session)
    data = with_header(
        made.lines, session_id=place.session_id, now=now, cwd=cwd, parent=_named(patient, orphan.path)
    )
    return Installation(
        place=place,
        data=data,
        changed=begin_anew(fields, session_id=place.session_id, now=now),
        removed=_removed(fields),
        ids=ids,
        kept_in=(orphan.path,),
        room=room,
    )


def _removed(fields: object) -> tuple[str, ...]:
    known = fields if isinstance(fields, dict) else {}
    return tuple(name for name in (*CONVERSATION_FIELDS, *COUNTERS) if name in known)


def _named(patient: Patient, path: Path) -> str:
    """The parent's path as the rows of this store write paths."""
    written = patient.session.transcript.as_written
    return str(Path(written).with_name(path.name)) if written and Path(written).is_absolute() else str(path)


def _no_longer_orphaned(seen: Seen, orphan: Orphan) -> Check:
    left = [other.path.name for other in seen.case.orphans]
    return Check(
        "orphan", ok=orphan.path.name not in left, detail="has its row again" if not left else ", ".join(left)
    )
