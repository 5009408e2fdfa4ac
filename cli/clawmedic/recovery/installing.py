"""Another transcript behind a key: the action that `relink`, `reset` and `restore --live` share.

The present transcript is put aside under OpenClaw's own name for that (`.jsonl.reset.<stamp>`), the new one is
created, and the row points to it. Nothing is overwritten, and every step is in the journal.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.disk.digest import digest_file
from clawmedic.disk.files import lstat
from clawmedic.disk.journal import append
from clawmedic.disk.records import BackedUp
from clawmedic.disk.replace import file_state
from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Expected
from clawmedic.model.session import Session
from clawmedic.operations.backup import backup_stamp
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.operations.work import Work
from clawmedic.recovery.looking import context_of, iso, read_lines
from clawmedic.recovery.proof import counters_are_clear, fits, history_is_kept, is_alive, is_sound, points_to
from clawmedic.recovery.rung import Patient, Situation
from clawmedic.recovery.sizing import Room, tokens_for
from clawmedic.recovery.ward import Seen, look_again
from clawmedic.stores.editing_rows import JsonValue, StoreText
from clawmedic.stores.editing_transcript import TranscriptBytes, checked_transcript
from clawmedic.stores.editor import store_bytes

ASIDE = ".reset."
FILE_VERSION = 3


class Place(Struct, frozen=True):
    """Where things will be: decided when the plan is made, so that texts can name them.

    Attributes:
        transcript: the new file; nothing stands there.
        aside: where the present transcript goes, None when there is none to put aside.
    """

    session_id: str
    transcript: Path
    aside: Path | None


def new_place(session: Session, *, now: int, keep: Path | None = None) -> Place:
    """A new session id with its file name, and a free name for the present transcript.

    `keep` is an existing transcript that is to be pointed to as it is.

    Raises:
        RefusedError: the present transcript is a symbolic link or no regular file.
    """
    name = str(uuid.uuid4())
    present = session.transcript.path
    aside = _free(present, now) if file_state(present) is not None and present != keep else None
    suffix = present.name.partition("-topic-")[2].removesuffix(".jsonl")
    file_name = f"{name}-topic-{suffix}.jsonl" if suffix else f"{name}.jsonl"
    return Place(name, session.store.with_name(file_name), aside)


def _free(present: Path, now: int) -> Path:
    at = now
    while lstat(path := present.with_name(f"{present.name}{ASIDE}{backup_stamp(at)}")) is not None:
        at += 1
    return path


def with_header(
    lines: Sequence[bytes], *, session_id: str, now: int, cwd: str, parent: str = ""
) -> TranscriptBytes:
    """A whole transcript under another session id; its other lines keep their bytes.

    Args:
        lines: without their line ends; a header among them is replaced.
        session_id: of the new header.
        now: epoch milliseconds: what failed before is over.
        cwd: the agent's working directory, "" when unknown.
        parent: path of the transcript this one was made from, "" for none: OpenClaw's own `parentSession`.

    Raises:
        RefusedError: one of the lines is no JSON object.
    """
    body = lines[1:] if lines and _is_header(lines[0]) else lines
    header: dict[str, JsonValue] = {
        "type": "session",
        "version": FILE_VERSION,
        "id": session_id,
        "timestamp": iso(now),
        "cwd": cwd or "/",
    }
    if parent:
        header["parentSession"] = parent
    first = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return checked_transcript(b"".join(line + b"\n" for line in (first, *body)))


def cwd_of(lines: Sequence[bytes]) -> str:
    """The working directory that a transcript's header names, "" when it names none."""
    value = _header(lines[0]) if lines else None
    cwd = value.get("cwd") if value else None
    return cwd if isinstance(cwd, str) else ""


def _is_header(line: bytes) -> bool:
    return _header(line) is not None


def _header(line: bytes) -> Mapping[str, object] | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and value.get("type") == "session" else None


def row_fields(session: Session) -> Mapping[str, JsonValue]:
    """The fields of a session's row as they are now.

    Raises:
        NotFoundError, UnreadableError: the row has gone, or the store is not what OpenClaw writes.
    """
    return StoreText.of(store_bytes(session.store)).row(session.key)


class Installation(Struct, frozen=True):
    """What is to stand behind the key.

    Attributes:
        data: the new transcript; None where `place.transcript` is there already and is pointed to as it is.
        changed, removed: fields of the row besides those that point.
        ids: entries of the old history, each of which must be on disk afterwards in one of `kept_in`, the new
            transcript or the one put aside.
        room: how full the window may be; None where that does not matter.
    """

    place: Place
    data: TranscriptBytes | None
    changed: Mapping[str, JsonValue]
    removed: Collection[str]
    ids: Collection[str]
    kept_in: tuple[Path, ...] = ()
    room: Room | None = None

    def writes(self, session: Session) -> tuple[Expected, ...]:
        """What a plan must say that is changed, as it is now.

        Raises:
            RefusedError, NotFoundError: something stands where the new files go, or the row has gone.
        """
        found = [expect_row(session.store, session.key)]
        if self.data is not None:
            size = len(self.data.data)
            found.append(replace(expect_file(self.place.transcript), size_bytes=size))
        if self.place.aside is not None:
            present = expect_file(session.transcript.path)
            found += [present, replace(expect_file(self.place.aside), size_bytes=present.size_bytes)]
        return tuple(found)

    def locks(self, session: Session) -> tuple[Path, ...]:
        """What is locked while it is done."""
        return (session.transcript.path, session.store)


class Install(Struct, frozen=True):
    """The action. `more` are further checks of the session as it is afterwards."""

    patient: Patient
    installation: Installation
    expected_row: str
    more: Callable[[Seen], Sequence[Check]] = field(default=lambda _: ())

    def act(self, work: Work) -> None:
        """Put aside, create, point; the present transcript is taken away last."""
        session, made = self.patient.session, self.installation
        editor = work.editor()
        present = file_state(session.transcript.path) if made.place.aside is not None else None
        if made.place.aside is not None and present is not None:
            self._copy_aside(work, made.place.aside)
        if made.data is not None:
            editor.create_transcript(session, made.data, name=made.place.transcript.name)
        editor.point_row(
            session,
            session_id=made.place.session_id,
            transcript=made.place.transcript,
            expected_row=self.expected_row,
            changed=made.changed,
            removed=made.removed,
        )
        if present is not None:
            work.changes.remove(session.transcript.path, expected=present.sha256)

    def _copy_aside(self, work: Work, aside: Path) -> None:
        source = self.patient.session.transcript.path
        data = source.read_bytes()
        present = file_state(source)
        if present is None:
            raise RefusedError(f"{source} has gone", hint="nothing was changed")
        record = BackedUp(source, aside, present.sha256, present.size_bytes)
        append(work.journal.folder, record)
        work.backups.append(record)
        work.changes.create(aside, data, like=replace(present, mode=0o600), keep_time=True)
        if digest_file(aside).sha256 != present.sha256:
            raise RefusedError(
                f"{source} is being written", hint="nothing was changed; try again in a moment"
            )

    def prove(self, work: Work) -> Proof:
        """The row points there, the transcript is sound, nothing of the old history is gone, and it is not dead."""
        made, patient = self.installation, self.patient
        book = patient.book if patient.situation is Situation.STOPPED else None
        seen = look_again(work.settings, book, patient.session)
        aside = (made.place.aside,) if made.place.aside else ()
        places = (*made.kept_in, *aside, made.place.transcript)
        checks = [
            points_to(seen, made.place.session_id, made.place.transcript),
            is_sound(seen),
            history_is_kept(made.ids, places, work.settings.world.limits),
            is_alive(seen),
            *self.more(seen),
        ]
        if made.data is not None:
            checks.append(counters_are_clear(seen))
        if made.room is not None:
            checks.append(fits(seen, made.room, work.settings.world.limits))
        return measured(checks, patient, seen, made.room)


def measured(checks: Sequence[Check], patient: Patient, seen: Seen, room: Room | None = None) -> Proof:
    """The checks with bytes, entries and tokens before and after; `room` knows what stands in every prompt besides."""
    before, after = patient.case, seen.case
    tokens = after.budget.used_tokens
    if room is not None:
        limits = patient.settings.world.limits
        tokens = tokens_for(context_of(read_lines(after.session.transcript.path, limits)), room)
    return Proof(
        tuple(checks),
        bytes_before=before.session.transcript.size_bytes,
        bytes_after=after.session.transcript.size_bytes,
        entries_before=patient.report.entries,
        entries_after=seen.report.entries,
        tokens_before=before.budget.used_tokens,
        tokens_after=tokens,
        budget_tokens=after.budget.budget_tokens or before.budget.budget_tokens,
    )
