"""Opening a copy wherever it is: a file (plain, gzip, zstd), a blob of a database, a part of a window.

Nothing here blocks, follows a link out of the state directory, or holds more than one line.
"""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.backups.quick import quick_summary
from clawmedic.backups.summary import Summary, summarise
from clawmedic.disk.files import describe, lstat, open_regular, pread_all
from clawmedic.disk.jsonl import Line, file_size
from clawmedic.disk.packed import LineStream, unpacked_limit
from clawmedic.disk.sqlite import Database, open_read_only
from clawmedic.errors import UnreadableError
from clawmedic.model.backup import Backup, BackupState, Place
from clawmedic.settings import Limits, World
from clawmedic.stores.dbcopies import Part, events
from clawmedic.stores.reader import RawEntry


class CopyStream(Struct):
    """The lines of one copy; iterate `entries()` once, then look at the rest.

    Attributes:
        problem: why the copy could not be read to its end, "" when it could.
        cut: it ends before its end mark (a packed copy), or it vanished.
        unreadable: nothing could be read at all.
    """

    place: Place
    limits: Limits
    root: Path | None = None
    connection: sqlite3.Connection | None = None
    problem: str = ""
    cut: bool = False
    unreadable: bool = False
    codec: str = "plain"
    unpacked_bytes: int = 0

    def entries(self) -> Iterator[RawEntry]:
        """Every line (or event) in order. Never raises for what the copy is like."""
        try:
            yield from self._events() if self.place.window is not None else self._lines()
        except OSError as error:
            self.problem, self.unreadable = describe(error), True
        except (sqlite3.Error, UnreadableError) as error:
            self.problem, self.unreadable = " ".join(str(error).split())[:200], True

    def _events(self) -> Iterator[RawEntry]:
        if self.connection is None:
            self.problem, self.unreadable = "the database cannot be opened", True
            return
        words: list[str] = []
        part = Part(self.place.window or "", self.place.first_seq, self.place.last_seq)
        limit = self.limits.decompressed_entry_bytes
        yield from events(self.connection, part, entry_limit=limit, damage=words.append)
        self.problem = "; ".join(dict.fromkeys(words))

    def _lines(self) -> Iterator[RawEntry]:
        if self.place.blob is not None:
            yield from self._blob()
            return
        if words := link_problem(self.place.path, self.root):
            self.problem, self.unreadable = words, True
            return
        with open_regular(self.place.path) as descriptor:
            size = file_size(descriptor)

            def read(offset: int, length: int) -> bytes:
                return pread_all(descriptor, offset, length)

            yield from self._stream(LineStream(read, self.limits.line_bytes, unpacked_limit(size)))

    def _blob(self) -> Iterator[RawEntry]:
        blob = self.place.blob
        if self.connection is None or blob is None:
            self.problem, self.unreadable = "the database cannot be opened", True
            return
        with self.connection.blobopen(blob.table, blob.column, blob.row, readonly=True) as handle:

            def read(offset: int, length: int) -> bytes:
                handle.seek(offset)
                return handle.read(length)

            yield from self._stream(LineStream(read, self.limits.line_bytes, unpacked_limit(len(handle))))

    def _stream(self, stream: LineStream) -> Iterator[RawEntry]:
        for line in stream.lines():
            yield _raw(line)
        self.problem, self.cut = stream.problem, stream.cut
        self.codec, self.unpacked_bytes = stream.codec, stream.unpacked_bytes


def _raw(line: Line) -> RawEntry:
    data = line.data.removesuffix(b"\r")
    return RawEntry(
        line.number, line.offset, data, line.size, terminated=line.terminated, oversized=line.oversized
    )


def link_problem(path: Path, root: Path | None) -> str:
    """Why a path may not be read: a symbolic link that leads out of the state directory. "" when it may."""
    seen = lstat(path)
    if seen is None or not stat.S_ISLNK(seen.st_mode):
        return ""
    try:
        target = path.resolve()
        allowed = [path.parent.resolve(), *([root.resolve()] if root else [])]
    except (OSError, RuntimeError):
        return "is a loop of symbolic links"
    if any(target.is_relative_to(place) for place in allowed):
        return ""
    return "is a symbolic link that leads out of the state directory"


class CopyReader(Struct):
    """Opens copies; databases are opened once and stay open until `close`."""

    world: World
    root: Path | None = None
    _databases: dict[Path, Database] = field(default_factory=dict)
    _connections: dict[Path, sqlite3.Connection | None] = field(default_factory=dict)

    def open(self, place: Place) -> CopyStream:
        """The stream of one copy."""
        stream = CopyStream(place, self.world.limits, self.root)
        if not place.is_file:
            stream.connection = self.connection(place.path)
        return stream

    def entries(self, backup: Backup) -> Iterator[RawEntry]:
        """The lines of one backup."""
        return self.open(backup.place).entries()

    def may_hold(self, place: Place, test: Callable[[bytes], bool], reach: int) -> bool:
        """Whether a test holds for any block of a file's content; True for everything that is no readable file.

        Each block is tested together with the last `reach` bytes before it.
        """
        if not place.is_file or link_problem(place.path, self.root):
            return True
        before = b""
        try:
            with open_regular(place.path) as descriptor:
                limit = unpacked_limit(file_size(descriptor))
                stream = LineStream(lambda at, size: pread_all(descriptor, at, size), 0, limit)
                for block in stream.blocks():
                    if test(before + block):
                        return True
                    before = block[-reach:]
        except OSError:
            return True
        return False

    def adopt(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use a connection that somebody else has open and will close."""
        self._connections[path] = connection

    def connection(self, path: Path) -> sqlite3.Connection | None:
        """The open database at a path, None when it cannot be opened."""
        if path not in self._connections:
            self._connections[path] = None
            with contextlib.suppress(UnreadableError):
                self._databases[path] = open_read_only(path, scratch=self.world.tmp)
                self._connections[path] = self._databases[path].connection
        return self._connections[path]

    def close(self) -> None:
        """Close what was opened here."""
        for database in self._databases.values():
            database.close()
        self._databases.clear()
        self._connections.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _quick(stream: CopyStream) -> Summary | None:
    """The summary of a file of the usual shape; None means that it has to be read line by line."""
    place = stream.place
    if link_problem(place.path, stream.root):
        return None
    try:
        with open_regular(place.path) as descriptor:
            blocks = LineStream(
                lambda at, size: pread_all(descriptor, at, size), 0, unpacked_limit(file_size(descriptor))
            )
            found = quick_summary(blocks.blocks())
    except OSError:
        return None
    if found is None or blocks.problem:
        return None
    return replace(found, codec=blocks.codec, unpacked_bytes=blocks.unpacked_bytes)


def look(stream: CopyStream) -> Summary:
    """Read a whole copy and say what it holds."""
    if stream.place.is_file and (quick := _quick(stream)) is not None:
        return quick
    found = summarise(stream.entries())
    packing = replace(found, codec=stream.codec, unpacked_bytes=stream.unpacked_bytes)
    if not stream.problem:
        return packing
    note = "; ".join(words for words in (stream.problem, found.note) if words)
    if stream.unreadable and not found.entries:
        return replace(packing, state=BackupState.UNREADABLE, note=note)
    if found.state is BackupState.NOT_A_TRANSCRIPT or (found.state is BackupState.EMPTY and not stream.cut):
        state = found.state if found.state is BackupState.NOT_A_TRANSCRIPT else BackupState.DAMAGED
        return replace(packing, state=state, note=note)
    cut_only = stream.cut and found.state in (BackupState.COMPLETE, BackupState.TRUNCATED, BackupState.EMPTY)
    return replace(packing, state=BackupState.TRUNCATED if cut_only else BackupState.DAMAGED, note=note)
