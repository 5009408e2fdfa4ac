"""The right to read a store, as a type. Nothing here can write; a repair needs `StoreEditor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec import Struct

from clawmedic.model.session import Generation, Session
from clawmedic.stores.names import Artefact


class RawEntry(NamedTuple):
    """One transcript line as it stands on disk (or one event of a database, decompressed).

    A tuple, because a deep scan makes one for every line there is.

    Attributes:
        line: 1-based line number; for a database the event's `seq` plus 1.
        offset: byte offset of the line in the file; for a database 0.
        data: the bytes without the line end; empty when `oversized`.
        size_bytes: the full size, also where `data` was not held.
        terminated: False when the file ends without a line end after this line.
        oversized: the line is longer than `Limits.line_bytes`, or a zstd body is larger than allowed.
        active: whether the event is on the current branch (databases), None for files.
    """

    line: int
    offset: int
    data: bytes
    size_bytes: int
    terminated: bool = True
    oversized: bool = False
    active: bool | None = None


class TranscriptTail(Struct, frozen=True):
    """The end of a transcript, and its first line.

    Attributes:
        head: the first line of the transcript, None when the file is empty or missing.
        entries: whole lines of the last bytes, in order (the head is not repeated unless `complete`).
        complete: `entries` is the whole transcript.
        compaction: the newest compaction line that stands before `entries`, where one was looked for and found.
        size_bytes: size at the time of reading.
        problem: why it could not be read ("permission denied", "is a FIFO"), or "".
        left_out: how many bytes of whole lines before `entries` were looked at and left out as regular.
    """

    head: RawEntry | None
    entries: tuple[RawEntry, ...]
    complete: bool
    compaction: RawEntry | None
    size_bytes: int
    problem: str = ""
    left_out: int = 0


class StoreStatus(Struct, frozen=True):
    """What can be said of a store without its sessions.

    Attributes:
        problem: "" when it reads well, else one line ("not JSON: ...", "0 bytes", "permission denied").
        damaged: the content is broken (as opposed to unreadable by us).
        schema_version: `user_version` of a database, None for files.
        schema_newer: the database is newer than this clawmedic knows; what is still there was read.
        wal_bytes: size of the write-ahead log, None when there is none.
        salvage: newest valid copies of the store found beside it (temporaries, rotations), newest first.
        invalid_rows: keys or row numbers that could not be read as a session, with the reason.
    """

    path: Path
    agent: str
    generation: Generation
    size_bytes: int
    problem: str = ""
    damaged: bool = False
    schema_version: int | None = None
    schema_newer: bool = False
    wal_bytes: int | None = None
    salvage: tuple[Path, ...] = ()
    invalid_rows: tuple[str, ...] = ()


class StoreReader(Protocol):
    """One agent's store, open for reading. Reading changes no byte and takes no lock."""

    @property
    def agent(self) -> str:
        """The agent's id."""

    @property
    def generation(self) -> Generation:
        """Files or SQLite."""

    def status(self) -> StoreStatus:
        """Never raises for damage: it is in the answer."""

    def sessions(self) -> Sequence[Session]:
        """Every row; unreadable rows are in `status().invalid_rows`, never an exception."""

    def artefacts(self) -> Sequence[Artefact]:
        """Every file of the sessions directory (both generations), classified by name."""

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:
        """The last `limit` bytes as whole lines, and the first line.

        With `seek_compaction`, the newest compaction line before that part is looked for too.
        """

    def entries(self, session: Session) -> Iterator[RawEntry]:
        """Every line of the transcript in file order; a missing or unreadable transcript yields nothing."""

    def close(self) -> None:
        """Release files, databases and temporary copies."""
