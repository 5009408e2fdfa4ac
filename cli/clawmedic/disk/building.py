"""Plain writers for trees that did not exist before: the drill's state directories.

Nothing here replaces anything: an existing path is refused. Files of a living store are written by `atomic`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from clawmedic.errors import RefusedError, UsageError

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
STRICT_TABLES = (3, 37, 0)
OCTET_LENGTH = (3, 43, 0)


def make_directory(path: Path) -> Path:
    """Create a directory (and its parents), mode 0700; an existing one must be empty.

    Raises:
        RefusedError: it holds something, or it is no directory.
    """
    try:
        path.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        occupied = next(path.iterdir(), None)
    except (FileExistsError, NotADirectoryError) as error:
        raise RefusedError(
            f"not a directory: {path}", hint="name a directory that is empty or not there"
        ) from error
    except OSError as error:
        raise RefusedError(f"cannot create {path}: {error.strerror or error}") from error
    if occupied is not None:
        raise RefusedError(
            f"not empty: {path} holds {occupied.name}", hint="name a directory that is empty or not there"
        )
    return path


def write_bytes(path: Path, content: bytes, *, mtime_ms: int | None = None) -> None:
    """Write a new file, mode 0600, creating its directories; `mtime_ms` sets its time of change.

    Raises:
        RefusedError: the path exists.
    """
    path.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
    except FileExistsError as error:
        raise RefusedError(f"already there: {path}") from error
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    if mtime_ms is not None:
        os.utime(path, ns=(mtime_ms * 1_000_000, mtime_ms * 1_000_000))


def write_text(path: Path, content: str, *, mtime_ms: int | None = None) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, content.encode(), mtime_ms=mtime_ms)


def write_lines(path: Path, lines: Iterable[bytes], *, mtime_ms: int | None = None) -> None:
    """Each line with a line end, into a new file."""
    write_bytes(path, b"".join(line + b"\n" for line in lines), mtime_ms=mtime_ms)


def create_database(
    path: Path, schema: str, user_version: int, fill: Callable[[sqlite3.Connection], None]
) -> None:
    """A new database in WAL mode, as a killed process leaves it: the content is in the `-wal` file.

    OpenClaw's databases look so after their first start (openclaw-sqlite.md 1): whoever ignores the log
    reads an empty database. `-shm` is not there.

    Raises:
        RefusedError: the path exists.
        UsageError: this Python's SQLite is too old for STRICT tables.
    """
    if sqlite3.sqlite_version_info < STRICT_TABLES:
        raise UsageError(
            f"SQLite {sqlite3.sqlite_version} is too old", hint="use a Python with SQLite 3.37 or later"
        )
    if path.exists():
        raise RefusedError(f"already there: {path}")
    workshop = path.parent / f".building-{path.name}"
    make_directory(workshop)
    with closing(sqlite3.connect(workshop / path.name, isolation_level=None)) as database:
        _prepare(database, user_version)
        database.executescript(schema)
        database.execute("BEGIN")
        fill(database)
        database.execute("COMMIT")
        for name in (path.name, path.name + "-wal"):
            shutil.copyfile(workshop / name, path.parent / name)
            (path.parent / name).chmod(PRIVATE_FILE)
    shutil.rmtree(workshop)


@contextmanager
def passing_directory(parent: Path) -> Iterator[Path]:
    """A private directory in `parent` that is gone afterwards, with all that is in it.

    Raises:
        RefusedError: `parent` cannot be written.
    """
    try:
        place = TemporaryDirectory(prefix="clawmedic-", dir=parent)
    except OSError as error:
        raise RefusedError(
            f"cannot write in {parent}: {error.strerror}", hint="TMPDIR names another directory"
        ) from error
    with place as name:
        yield Path(name)


@contextmanager
def failing_politely(root: Path) -> Iterator[None]:
    """A disk that is full or goes away while a tree is made ends in one line.

    Raises:
        RefusedError: something could not be written.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RefusedError(
            f"cannot make {root}: {reason}", hint="look at the room and the rights there"
        ) from error


def _prepare(database: sqlite3.Connection, user_version: int) -> None:
    database.execute("PRAGMA auto_vacuum = 2")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(f"PRAGMA user_version = {user_version:d}")
    if sqlite3.sqlite_version_info < OCTET_LENGTH:
        database.create_function("octet_length", 1, _octet_length, deterministic=True)


def _octet_length(value: object) -> int | None:
    """SQLite 3.43 has it built in; OpenClaw's CHECK constraints call it (openclaw-sqlite.md 1)."""
    if value is None:
        return None
    return len(value) if isinstance(value, bytes) else len(str(value).encode())
