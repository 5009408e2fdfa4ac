"""What a rung is given to work with: the editor, the journal for its calls, a place for exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct, field

from clawmedic.disk.changes import Changes
from clawmedic.disk.digest import digest_file
from clawmedic.disk.exports import write_export
from clawmedic.disk.journal import Journal, append
from clawmedic.disk.records import Answered, BackedUp, Call, Called
from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Proof
from clawmedic.model.plan import Access, Plan
from clawmedic.settings import Settings
from clawmedic.stores.editor import StoreEditor, open_for_repair
from clawmedic.stores.state import StateReader

T = TypeVar("T")


class Work(Struct):
    """One operation under way.

    Attributes:
        backups: the verified copies made so far, newest last.
        after_locks: what is done when OpenClaw's locks have been released, before the proof.
    """

    plan: Plan
    settings: Settings
    state: StateReader
    journal: Journal
    changes: Changes
    backups: list[BackedUp] = field(default_factory=list)
    after_locks: list[Callable[[], None]] = field(default_factory=list)
    _calls: int = 0

    def editor(self) -> StoreEditor:
        """The right to change files.

        Raises:
            RefusedError: the plan said that only the gateway changes anything, or the store is SQLite.
        """
        if self.plan.access is Access.GATEWAY:
            raise RefusedError("this plan changes nothing but through the gateway")
        return open_for_repair(self.settings, self.state, self.changes)

    def call(self, call: Call, send: Callable[[], T], *, reverse: Call | None) -> T:
        """Ask the gateway to change something: announced in the journal first, its answer noted after.

        A call that raises counts as made, because its answer may only be late: `reverse` is then made on rolling back.

        Args:
            call: method and parameters, for the journal: never a token, never a message's text.
            send: makes the call; what it raises passes through.
            reverse: the call that puts it back, None when none can: after a failed proof or a crash what it did
                stands, and the journal says so.
        """
        self._calls += 1
        append(self.journal.folder, Called(self._calls, call, reverse))
        answer = send()
        append(self.journal.folder, Answered(self._calls, ok=True, reverse=None))
        return answer

    def reverse_last_call_by(self, reverse: Call) -> None:
        """Say, when the answer is known, how the last call is put back (its checkpoint, its branch, ...)."""
        append(self.journal.folder, Answered(self._calls, ok=True, reverse=reverse))

    @property
    def calls(self) -> int:
        """The number of the newest call, 0 before the first."""
        return self._calls

    def settle(self, number: int) -> None:
        """A call that a later one has put back already: neither rolling back nor `undo` puts it back again."""
        append(self.journal.folder, Answered(number, ok=False, reverse=None))

    def last_call_did_nothing(self) -> None:
        """The last call was refused: there is nothing to put back."""
        append(self.journal.folder, Answered(self._calls, ok=False, reverse=None))

    def keep_export(self, source: Path, name: str, data: bytes) -> BackedUp:
        """Keep a backup that cannot stand beside its source (events of a database) in the operation's folder.

        Raises:
            RefusedError: the disk refuses, or there is one of that name.
        """
        path = write_export(self.journal.folder, name, data)
        digest = digest_file(path)
        record = BackedUp(source, path, digest.sha256, digest.size_bytes)
        append(self.journal.folder, record)
        self.backups.append(record)
        return record


class Action(Protocol):
    """What a rung does once its plan is agreed to. It holds what `plan` made; it decides nothing any more."""

    def act(self, work: Work) -> None:
        """Do it. Whatever it raises rolls everything back; the locks that the plan names are held."""

    def prove(self, work: Work) -> Proof:
        """Look at what is there now, without locks. A proof that does not hold rolls everything back."""
