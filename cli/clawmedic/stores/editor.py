"""The right to change a store, as a type: file-generation stores only. SQLite is never written (design.md 6.2).

Every change goes through `disk.changes.Changes`: it is journalled with a copy of what was there, and refused when the
file is not what the plan saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.disk.changes import Changes
from clawmedic.disk.files import describe, read_bounded
from clawmedic.disk.journal import append
from clawmedic.disk.locks import LockHooks, OpenClawLocks
from clawmedic.disk.records import Locked
from clawmedic.disk.replace import FileState, file_state
from clawmedic.errors import OvertakenError, RefusedError, UnreadableError
from clawmedic.model.session import Generation, Liveness, Session
from clawmedic.settings import Settings
from clawmedic.stores.editing_rows import JsonValue, StoreText
from clawmedic.stores.editing_transcript import TranscriptBytes
from clawmedic.stores.locks import read_lock
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.rows import is_file_name
from clawmedic.stores.state import StateReader

_STORE_BYTES = 1024 * 1024 * 1024
TOKEN_FIELDS = ("totalTokens", "totalTokensFresh", "inputTokens", "outputTokens", "cacheRead", "cacheWrite")
"""Row counters that kill a shortened session again when they stay (openclaw-files.md 2, openclaw.md 5.4)."""
BUDGET_FIELDS = ("contextBudgetStatus",)
"""7.1's own estimate of the prompt, stale with the counters."""


class StoreEditor(Struct, frozen=True):
    """What `open_for_repair` gives: changes of one operation to the files of one state directory."""

    settings: Settings
    state: StateReader
    changes: Changes

    def replace_transcript(self, session: Session, new: TranscriptBytes, *, expected: str) -> None:
        """Replace a session's transcript, which must have the SHA-256 `expected`.

        Raises:
            RefusedError: it has changed, is a symbolic link, or the disk refuses; it was not changed.
        """
        self._require_files(session)
        self.changes.replace(self._inside(session.transcript.path), new.data, expected=expected)

    def create_transcript(self, session: Session, new: TranscriptBytes, *, name: str | None = None) -> Path:
        """Put a new transcript beside the session's store, named by its header's id (or `name`), mode 0600.

        It belongs to the owner of the store. Nothing points to it until `point_row`.

        Returns:
            Its path.

        Raises:
            RefusedError: there is a file of that name, the id cannot be a file name, or the disk refuses.
        """
        self._require_files(session)
        chosen = name or f"{new.header_id}.jsonl"
        if not is_file_name(chosen) or not chosen.endswith(".jsonl"):
            raise RefusedError(f"not a transcript's name: {chosen!r}")
        path = self._inside(session.store.with_name(chosen))
        self.changes.create(path, new.data, like=self._new_file_like(session.store))
        return path

    def edit_row(
        self,
        session: Session,
        *,
        changed: Mapping[str, JsonValue],
        removed: Collection[str] = (),
        expected_row: str,
    ) -> None:
        """Set and remove fields of a session's row, whose text must have the SHA-256 `expected_row`.

        Everything else in `sessions.json` keeps its bytes and order.

        Raises:
            OvertakenError: the row has changed.
            RefusedError: the store has changed, or the disk refuses; it was not changed.
            UnreadableError: the store is not what OpenClaw writes.
            NotFoundError: there is no such row.
        """
        self._require_files(session)
        store, data = self._inside(session.store), store_bytes(session.store)
        text = StoreText.of(data)
        before = text.digest(session.key)
        if before != expected_row:
            raise OvertakenError(
                f"the row {session.key} has changed since it was looked at", hint="run it again"
            )
        new = text.with_fields(session.key, changed=changed, removed=removed)
        after = new.digest(session.key)
        if before is None or after is None or before == after:
            return
        self.changes.replace(
            store,
            new.data,
            expected=hashlib.sha256(data).hexdigest(),
            row_key=session.key,
            row_digests=(before, after),
        )

    def point_row(
        self,
        session: Session,
        *,
        session_id: str,
        transcript: Path,
        expected_row: str,
        changed: Mapping[str, JsonValue] | None = None,
        removed: Collection[str] = (),
    ) -> None:
        """Let a row point to another transcript beside its store, and clear its token counters.

        The transcript must be there and begin with a header of `session_id`'s conversation; `changed` and `removed`
        are further fields. A row that never named its file keeps it so when the name says the same.

        Raises:
            RefusedError, UnreadableError, NotFoundError: as `edit_row`; or the transcript is elsewhere or missing.
        """
        if transcript.parent != session.store.parent or file_state(transcript) is None:
            raise RefusedError(
                f"{transcript} is not beside its store", hint="OpenClaw accepts no other place"
            )
        fields: dict[str, JsonValue] = {**(changed or {}), "sessionId": session_id}
        if session.transcript.as_written is not None or transcript.name != f"{session_id}.jsonl":
            fields["sessionFile"] = _as_rows_write(session, transcript)
        gone = {*TOKEN_FIELDS, *BUDGET_FIELDS, *removed} - set(fields)
        self.edit_row(session, changed=fields, removed=sorted(gone), expected_row=expected_row)

    def remove_lock(self, path: Path) -> None:
        """Take away a lock file whose owner is proven dead (pid and start time).

        Raises:
            RefusedError: its owner lives, or that it is dead cannot be proven, or it has changed meanwhile.
        """
        if not path.name.endswith(".lock"):
            raise RefusedError(f"{path} is not a lock file")
        if not self._clear_dead(self._inside(path)):
            found = read_lock(path, ProcessTable(self.settings.world.proc), self.settings.now())
            why = found.why if found else "it has gone"
            raise RefusedError(
                f"{path.name} is not proven dead: {why}", hint="never remove the lock of a living owner"
            )

    def quarantine(self, path: Path, *, expected: str) -> None:
        """Take a file away from the sessions directory; its bytes are kept with the operation.

        Raises:
            RefusedError: it is a store, a transcript that a row names, elsewhere, has changed, or the disk refuses.
        """
        if path in self._named_paths():
            raise RefusedError(f"{path} is in use by a session", hint="nothing was changed")
        self.changes.remove(self._inside(path), expected=expected)

    def locks(self) -> OpenClawLocks:
        """OpenClaw's locks, to be used as `with editor.locks() as held: held.take(transcript)`.

        While they are held, every change first makes sure that they still are.
        """
        locks = OpenClawLocks(self._hooks(), with_max_hold=self.state.dialect == "7.1")
        self.changes.require_held = locks.require_held
        return locks

    def _hooks(self) -> LockHooks:
        table = ProcessTable(self.settings.world.proc)

        def announce(path: Path, payload: bytes) -> None:
            append(self.changes.journal.folder, Locked(path, hashlib.sha256(payload).hexdigest()))

        return LockHooks(
            table.start_ticks, _iso_clock(self.settings), announce, self._clear_dead, self.changes.tag
        )

    def _clear_dead(self, path: Path) -> bool:
        """Remove a lock file that is proven dead; True as well when it has gone by itself."""
        present = file_state(path)
        if present is None:
            return True
        found = read_lock(path, ProcessTable(self.settings.world.proc), self.settings.now())
        if found is None or found.liveness is not Liveness.DEAD:
            return False
        self.changes.remove(path, expected=present.sha256)
        return True

    def _require_files(self, session: Session) -> None:
        if session.generation is not Generation.FILES:
            raise RefusedError(
                f"{session.key} is kept in SQLite, which is never written",
                hint="start the gateway and let it do it",
            )

    def _inside(self, path: Path) -> Path:
        """The path, which must lie in the directory of one of the state directory's own stores.

        Raises:
            RefusedError: it lies elsewhere.
        """
        if path.parent not in {store.status().path.parent for store in self.state.stores}:
            raise RefusedError(f"{path} does not lie in a sessions directory of {self.state.root}")
        return path

    def _named_paths(self) -> set[Path]:
        stores = [store.status().path for store in self.state.stores]
        return {
            *stores,
            *(session.transcript.path for store in self.state.stores for session in store.sessions()),
        }

    @staticmethod
    def _new_file_like(store: Path) -> FileState:
        found = file_state(store)
        if found is None:
            raise RefusedError(f"there is no store {store}")
        return replace(found, mode=0o600)


def open_for_repair(settings: Settings, state: StateReader, changes: Changes) -> StoreEditor:
    """The editor of one operation.

    Raises:
        RefusedError: the state directory holds no file-generation store.
    """
    if not any(store.generation is Generation.FILES for store in state.stores):
        raise RefusedError("SQLite stores are never written", hint="start the gateway: it can do it")
    return StoreEditor(settings, state, changes)


def store_bytes(store: Path) -> bytes:
    """A whole `sessions.json`.

    Raises:
        UnreadableError: it cannot be read, or is larger than any that OpenClaw could use.
    """
    try:
        content = read_bounded(store, _STORE_BYTES)
    except OSError as error:
        raise UnreadableError(f"{store} {describe(error)}") from error
    if content.truncated:
        raise UnreadableError(f"{store} is larger than {_STORE_BYTES} bytes")
    return content.data


def _as_rows_write(session: Session, transcript: Path) -> str:
    """The path as this row's `sessionFile` is written: absolute, in the same directory as before where that is ours."""
    written = session.transcript.as_written
    if (
        written
        and Path(written).is_absolute()
        and Path(written).parent.resolve() == transcript.parent.resolve()
    ):
        return str(Path(written).with_name(transcript.name))
    return str(transcript.resolve())


def _iso_clock(settings: Settings) -> Callable[[], str]:
    def now() -> str:
        at = settings.now()
        return f"{datetime.fromtimestamp(at / 1000, tz=UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"

    return now
