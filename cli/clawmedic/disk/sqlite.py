"""Read-only SQLite without a trace: no byte of OpenClaw's databases, and no file beside them, is changed.

Three routes, chosen by what stands there (design.md 6.2; each is proven by hashing the tree in the tests):

`live`   The database is in WAL mode, and its `-wal` and `-shm` exist: `mode=ro&readonly_shm=1`. Plain `mode=ro` maps
         the `-shm` writable and stores read marks in it (bytes change); with `readonly_shm` it is opened read-only, the
         read locks are byte-range locks alone, and where nobody else has it open the index is built in memory.
`plain`  The database is not in WAL mode and has no rollback journal: `mode=ro` creates nothing.
`copy`   Everything else: a closed WAL database would get a `-wal` and `-shm` by the very opening. Database, `-wal` and
         `-journal` are copied to a private directory, and the copy is opened.

`immutable` is never used: it ignores the WAL, and with it everything new.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from clawmedic.disk.files import describe, free_bytes, open_regular, pread_all
from clawmedic.errors import UnreadableError

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_ATTEMPTS = 5
_BUSY_SECONDS = 2.0
_BLOCK = 4 * 1024 * 1024
_SPARE_BYTES = 64 * 1024 * 1024


class Route(StrEnum):
    """How a database was opened; see the module."""

    LIVE = "live"
    PLAIN = "plain"
    COPY = "copy"


class Database(Struct, frozen=True):
    """An open database. `opened` is the file behind the connection: the copy for `Route.COPY`.

    `damage` has SQLite's words when parts of the schema are malformed and were left out, else "". The connection may
    be used by one thread at a time.
    """

    path: Path
    opened: Path
    route: Route
    connection: sqlite3.Connection
    scratch: Path | None = None
    damage: str = ""

    def close(self) -> None:
        """Close the connection and remove a temporary copy; a second call does nothing."""
        self.connection.close()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def open_read_only(path: Path, *, scratch: Path) -> Database:
    """Open a database for reading; `scratch` is where a private copy may be made (the system's temporary directory).

    Raises:
        UnreadableError: missing, no regular file, no permission, not a database, no room for a copy, or SQLite refuses.
    """
    try:
        wal_mode = _is_wal(path)
    except OSError as error:
        raise UnreadableError(f"{path} {describe(error)}") from error
    if wal_mode is None:
        raise UnreadableError(f"{path} is not a database", hint="its first bytes are not SQLite's")
    if wal_mode and _beside(path, "-wal").exists() and _beside(path, "-shm").exists():
        with contextlib.suppress(sqlite3.Error):
            return _opened(path, path, Route.LIVE, "mode=ro&readonly_shm=1", None)
    elif not wal_mode and not any(_beside(path, suffix).exists() for suffix in ("-wal", "-journal")):
        with contextlib.suppress(sqlite3.Error):
            return _opened(path, path, Route.PLAIN, "mode=ro", None)
    return _open_copy(path, scratch)


@contextmanager
def read_only(path: Path, *, scratch: Path) -> Iterator[sqlite3.Connection]:
    """`open_read_only` for the length of a block.

    Raises:
        UnreadableError: as `open_read_only`.
    """
    database = open_read_only(path, scratch=scratch)
    try:
        yield database.connection
    finally:
        database.close()


def _is_wal(path: Path) -> bool | None:
    """Whether the header says WAL (bytes 18 and 19 are 2), None when it is no database. An empty file is not one."""
    with open_regular(path) as descriptor:
        header = pread_all(descriptor, 0, _HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return None
    return header[18] == 2 or header[19] == 2


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _opened(path: Path, opened: Path, route: Route, query: str, scratch: Path | None) -> Database:
    uri = f"file:{quote(str(opened.absolute()))}?{query}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _text
    try:
        connection.execute("PRAGMA query_only=1")
        # A CHECK of OpenClaw's tables names it; SQLite has it only from 3.43 (openclaw-sqlite.md 1).
        connection.create_function("octet_length", 1, _octet_length, deterministic=True)
        damage = _schema_damage(connection)
    except BaseException:
        connection.close()
        raise
    return Database(path, opened, route, connection, scratch, damage)


def _schema_damage(connection: sqlite3.Connection) -> str:
    """Have the schema read; SQLite's words when a part of it is malformed and the rest can be used.

    Raises:
        sqlite3.Error: nothing can be read.
    """
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError as error:
        if "malformed database schema" not in str(error):
            raise
        words = str(error)
    except UnicodeDecodeError:  # SQLite's words quote a damaged name
        words = "malformed database schema"
    else:
        return ""
    # One bad definition makes SQLite refuse all tables. This switch lets it leave that one out; nothing can be written
    # all the same: the file is opened for reading, and query_only is on.
    connection.execute("PRAGMA writable_schema=1")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError(words) from error
    return words


def _text(data: bytes) -> str:
    """Text that is not UTF-8 is damage in one value, not in the whole answer."""
    return data.decode("utf-8", "replace")


def _octet_length(value: object) -> int | None:
    if value is None:
        return None
    return len(value) if isinstance(value, bytes) else len(str(value).encode("utf-8", "surrogatepass"))


def _open_copy(path: Path, scratch: Path) -> Database:
    try:
        directory = Path(tempfile.mkdtemp(prefix="clawmedic-read-", dir=scratch))  # mkdtemp makes it 0700
    except OSError as error:
        raise UnreadableError(f"no temporary copy of {path}: {scratch} {describe(error)}") from error
    try:
        copy = directory / "database.sqlite"
        _copy_consistently(path, copy)
        # A rollback journal is played back by the first reader, which then must be able to write: here, the copy.
        mode = "rw" if _beside(copy, "-journal").exists() else "ro"
        return _opened(path, copy, Route.COPY, f"mode={mode}", directory)
    except BaseException as error:
        shutil.rmtree(directory, ignore_errors=True)
        if isinstance(error, OSError):
            raise UnreadableError(f"no temporary copy of {path}: {describe(error)}") from error
        if isinstance(error, sqlite3.Error):
            raise UnreadableError(f"{path}: {error}") from error
        raise


def _copy_consistently(path: Path, copy: Path) -> None:
    """Copy database, `-wal` and `-journal`; all over again when one of them changed meanwhile.

    Raises:
        UnreadableError: too little room, or it never stood still.
    """
    for _ in range(_ATTEMPTS):
        before = _signature(path)
        needed = sum(size for size, _, _ in before.values())
        room = free_bytes(copy.parent)
        if room is not None and room < needed + _SPARE_BYTES:
            raise UnreadableError(
                f"no room in {copy.parent.parent} for a copy of {path} ({needed} bytes)",
                hint="set TMPDIR to a directory with more room",
            )
        for suffix in ("", "-wal", "-journal"):
            target = _beside(copy, suffix) if suffix else copy
            target.unlink(missing_ok=True)
            if suffix in before:
                _copy_file(_beside(path, suffix), target)
        if _signature(path) == before:
            return
    raise UnreadableError(f"{path} changed each time it was copied", hint="try again in a moment")


def _signature(path: Path) -> dict[str, tuple[int, int, int]]:
    """Size, time of change and inode of the database and of what belongs to its content."""
    found: dict[str, tuple[int, int, int]] = {}
    for suffix in ("", "-wal", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            seen = os.stat(_beside(path, suffix))  # noqa: PTH116 - Path.stat says no more
            if seen.st_size or not suffix:
                found[suffix] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
    return found


def _copy_file(source: Path, target: Path) -> None:
    """Copy a regular file to a new one of mode 0600, shared blocks where the file system can."""
    with open_regular(source) as reading:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _copy_blocks(reading, writing)
        finally:
            os.close(writing)


def _copy_blocks(reading: int, writing: int) -> None:
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):  # another file system, or one that cannot
            while os.copy_file_range(reading, writing, _BLOCK):
                pass
            return
        os.ftruncate(writing, 0)
        os.lseek(writing, 0, os.SEEK_SET)
    offset = 0
    while block := pread_all(reading, offset, _BLOCK):
        view = memoryview(block)
        while view:
            view = view[os.write(writing, view) :]
        offset += len(block)
