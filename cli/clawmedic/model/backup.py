"""A backup: any copy of a conversation, live or archived, with what it holds and how it relates to the others."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from clawmedic.model.discreet import Discreet


class BackupKind(StrEnum):
    """What a copy is (openclaw.md 6, openclaw-sqlite.md 1, 3 and 6).

    LIVE, TOPIC and FORK are transcripts that a row points to; the same without a row is an ORPHAN. WINDOW is an
    earlier window of a database key, PRE_RESET the part of a window before a `reset` event, DB_ARCHIVE a blob of the
    database. FOREIGN was made by a person or by another tool and is known by its content.
    """

    LIVE = "live"
    TOPIC = "topic"
    FORK = "fork"
    RESET = "reset"
    DELETED = "deleted"
    BAK = "bak"
    REPAIR = "repair"
    CHECKPOINT = "checkpoint"
    CORRUPT = "corrupt"
    DOCTOR = "doctor"
    COLD = "cold"
    IMPORTED = "imported"
    ORPHAN = "orphan"
    WINDOW = "window"
    PRE_RESET = "pre-reset"
    DB_ARCHIVE = "db-archive"
    FOREIGN = "foreign"
    STORE_COPY = "store-copy"
    DATABASE = "database"
    TEMP = "temp"

    @property
    def is_live(self) -> bool:
        """Whether a row points to it: it is in use."""
        return self in (BackupKind.LIVE, BackupKind.TOPIC, BackupKind.FORK)

    @property
    def is_transcript(self) -> bool:
        """Whether it can hold a conversation at all."""
        return self not in (BackupKind.STORE_COPY, BackupKind.DATABASE)


class BackupState(StrEnum):
    """What a copy's content is like (design.md 2)."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    HEADER_MISSING = "header-missing"
    DAMAGED = "damaged"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NOT_A_TRANSCRIPT = "not-a-transcript"

    @property
    def rank(self) -> int:
        """0 is the best."""
        return _STATE_RANKS[self]

    @property
    def holds_entries(self) -> bool:
        """Whether there is anything of a conversation in it."""
        return self.rank <= BackupState.DAMAGED.rank


_STATE_RANKS = {state: rank for rank, state in enumerate(BackupState)}


class Overlap(StrEnum):
    """How a copy's entries relate to those of the live transcript of its key."""

    SAME = "same"
    SUBSET = "subset"
    SUPERSET = "superset"
    DIVERGED = "diverged"
    NONE = "none"


class Codec(StrEnum):
    """How the bytes of a copy are packed."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"


class BlobPlace(Struct, frozen=True):
    """A blob in a database: table, rowid, and the column that holds the bytes."""

    table: str
    row: int
    column: str = "archive_blob"


class Place(Struct, frozen=True):
    """Where a copy's bytes are.

    Attributes:
        path: the file, or the database.
        codec: how the bytes are packed; PLAIN for windows.
        window: the session id of a database window, None for files and blobs.
        first_seq, last_seq: the events of that window that belong to the copy, both included; None means open.
        blob: the blob of a database, None for files and windows.
    """

    path: Path
    codec: Codec = Codec.PLAIN
    window: str | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    blob: BlobPlace | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file of its own."""
        return self.window is None and self.blob is None


class Backup(Discreet, frozen=True):
    """One copy.

    Attributes:
        id: short, stable while the copy's place and first entry stay, unambiguous as a prefix.
        key: the session key it belongs to, None when nobody can say; `key_reason` is the evidence.
        session_id: of the header, else of the name; "" when neither says one.
        size_bytes: as stored; for windows the sum of the events' UTF-8 bytes.
        entries, messages: lines that are entries (the header not counted), and those of them that are messages.
        visible: messages a model would see of it, after its last reset and compaction.
        first_at, last_at: oldest and newest entry, epoch milliseconds.
        overlap: with the live transcript of the key; SAME for the live one itself, NONE where there is none.
        unique_entries: entries that no other copy of the key holds.
        missing_entries: entries that other copies of the key hold and this one does not.
        best: the copy to restore; `best_reason` says why.
        note: what a person should know: why unreadable, how many lines are broken, what else it is.
        archived_at: the time in the name (or of the blob), epoch milliseconds.
        referenced: a row, a lock or a checkpoint list of the store names it.
        preview: the first words of the first user message.
        version: of the header, None without one.
        hole_at: time of the entry whose parent is not in the copy, None when its branch is whole.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"fingerprints"})

    id: str
    key: str | None
    session_id: str
    kind: BackupKind
    state: BackupState
    place: Place
    agent: str = ""
    size_bytes: int = 0
    entries: int = 0
    messages: int = 0
    visible: int = 0
    first_at: int | None = None
    last_at: int | None = None
    archived_at: int | None = None
    overlap: Overlap = Overlap.NONE
    unique_entries: int = 0
    missing_entries: int = 0
    best: bool = False
    best_reason: str = ""
    key_reason: str = ""
    note: str = ""
    referenced: bool = False
    preview: str = ""
    version: int | None = None
    hole_at: int | None = None
    fingerprints: bytes = b""
    """Sorted 8-byte marks of the entries (id and time stamp), for comparing copies."""

    @property
    def path(self) -> Path:
        """The file, or the database."""
        return self.place.path

    @property
    def compressed(self) -> bool:
        """Whether the bytes are packed."""
        return self.place.codec is not Codec.PLAIN

    @property
    def at(self) -> int | None:
        """When it was put aside: the time in its name, else its newest entry."""
        return self.archived_at if self.archived_at is not None else self.last_at


class Gap(Struct, frozen=True):
    """A stretch of a key's history that no copy holds: between two times in epoch milliseconds, None where unknown."""

    after: int | None
    before: int | None
    reason: str


class Link(Struct, frozen=True):
    """One conversation in the chain behind a key: its session id and the ids of its copies, oldest first."""

    session_id: str
    first_at: int | None
    last_at: int | None
    copies: tuple[str, ...]
    how: str


class Lineage(Struct, frozen=True):
    """All that a key ever was.

    Attributes:
        copies: every copy, oldest conversation first, the live one last.
        chain: the conversations behind the key, oldest first.
        distinct_entries: entries that at least one copy holds.
        best: the copy to restore, None when there is nothing to restore from.
    """

    key: str
    copies: tuple[Backup, ...]
    chain: tuple[Link, ...]
    gaps: tuple[Gap, ...]
    distinct_entries: int
    best: Backup | None


class Archive(Struct, frozen=True):
    """Every copy of a state directory. `problems` are things that could not be looked at, one line each."""

    state_dir: Path
    backups: tuple[Backup, ...]
    lineages: tuple[Lineage, ...]
    problems: tuple[str, ...]
    cached: int = 0
