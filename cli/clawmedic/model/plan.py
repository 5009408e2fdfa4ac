"""A plan: what a mutation would do, as data. `--dry-run` shows it; the real run executes the same object."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class Reversible(StrEnum):
    """What `undo` can give back: the very bytes, the conversation's state by other means, or nothing."""

    BYTES = "bytes"
    STATE = "state"
    NO = "no"


class Access(StrEnum):
    """How a plan reaches the store (design.md 6.1).

    OFFLINE: files are changed, and nobody may own the state directory: that is proven before anything is touched.
    UNDER_LOCKS: files are changed while a gateway runs, under OpenClaw's own locks (2026.4.15's `relink` alone).
    GATEWAY: only the gateway changes anything; this process writes nothing but its own journal and backups.
    """

    OFFLINE = "offline"
    UNDER_LOCKS = "under-locks"
    GATEWAY = "gateway"


class Expected(Struct, frozen=True):
    """A file as it was when the plan was made. `sha256` None: there was no such file. Sizes are bytes.

    A store that other sessions share (`sessions.json`) is expected by its row alone: `row_key` names it, and
    `sha256` is the digest of the row's text (`stores.editing_rows.row_digest`).
    """

    path: Path
    sha256: str | None
    size_bytes: int = 0
    row_key: str | None = None


class Step(Struct, frozen=True):
    """One thing a plan does.

    Attributes:
        rung: the rung's or action's name ("unlock", "mend", "undo", ...).
        sentence: what it will do, one sentence for a person, without a full stop.
        reads: files that the decision rests on; a change since then makes the plan void.
        writes: files that will be replaced, created (`sha256` None) or removed.
        reversible: what the step's undo can give back.
    """

    rung: str
    sentence: str
    reads: tuple[Expected, ...] = ()
    writes: tuple[Expected, ...] = ()
    reversible: Reversible = Reversible.BYTES


class Plan(Struct, frozen=True):
    """One operation: all its steps stand or fall together.

    Attributes:
        operation_id: from `operations.ids`; members of one call share its first part.
        command: the command that asks ("rescue", "undo", ...).
        keys: the session keys it is about; empty for something of the whole store.
        backups: transcripts of which a verified copy is made beside them before anything is done.
        locks: transcripts and stores whose OpenClaw lock is held while it acts (openclaw-files.md 3); the lock
            file is the path with `.lock` behind it.
        new_bytes: at most so many bytes will be written beside the store, beyond what `writes` and `backups` say.
        planned_at: epoch milliseconds.
        undoes: the operation that this one reverses, "" for none.
        notes: things a person should know before agreeing, one line each.
    """

    operation_id: str
    command: str
    keys: tuple[str, ...]
    state_dir: Path
    steps: tuple[Step, ...]
    access: Access = Access.OFFLINE
    backups: tuple[Path, ...] = ()
    locks: tuple[Path, ...] = ()
    new_bytes: int = 0
    planned_at: int = 0
    undoes: str = ""
    notes: tuple[str, ...] = ()

    @property
    def expected(self) -> tuple[Expected, ...]:
        """Every file that must still be as it was, each once."""
        return tuple(dict.fromkeys(item for step in self.steps for item in (*step.reads, *step.writes)))

    @property
    def reversible(self) -> Reversible:
        """What the whole can give back: the weakest of its steps."""
        weakest = max((_STRENGTH.index(step.reversible) for step in self.steps), default=0)
        return _STRENGTH[weakest]


_STRENGTH = (Reversible.BYTES, Reversible.STATE, Reversible.NO)
