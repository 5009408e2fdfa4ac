"""Conversations kept in an agent's database: windows, archive blobs, cold archives (openclaw-sqlite.md 1 and 3).

Every query is tolerant: a table or column that is not there gives no rows, damage ends the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from msgspec import Struct

from clawmedic.stores.bodies import Bodies
from clawmedic.stores.database import DatabaseReader
from clawmedic.stores.joined import JoinedReader
from clawmedic.stores.query import Damage, columns_of, rows, select
from clawmedic.stores.reader import RawEntry, StoreReader

ARCHIVES = "session_transcript_archives"
COLD = "session_transcript_cold_archives"
_EVENTS = "transcript_events"


class Window(Struct, frozen=True):
    """One row of `session_windows`, or a session id that only has events. `resets`: `seq` of each reset event."""

    session_id: str
    key: str | None
    previous_id: str | None
    created_at: int | None
    resets: tuple[int, ...]


class StoredArchive(Struct, frozen=True):
    """A row that holds an archive as a blob of `size_bytes`; `at` in epoch milliseconds."""

    table: str
    row: int
    session_id: str
    key: str | None
    name: str
    reason: str
    at: int | None
    size_bytes: int


class Part(Struct, frozen=True):
    """A part of a window: events from `first` to `last` (both included, None means open)."""

    session_id: str
    first: int | None = None
    last: int | None = None

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """The condition and its parameters."""
        words = "WHERE session_id = ?"
        parameters: list[object] = [self.session_id]
        for bound, sign in ((self.first, ">="), (self.last, "<=")):
            if bound is not None:
                words += f" AND seq {sign} ?"
                parameters.append(bound)
        return words, tuple(parameters)


def connection_of(reader: StoreReader) -> sqlite3.Connection | None:
    """The open database behind a store reader, None for files and for databases that cannot be opened."""
    inner = reader.inner if isinstance(reader, JoinedReader) else reader
    return inner.connection if isinstance(inner, DatabaseReader) else None


def row_documents(connection: sqlite3.Connection, damage: Damage) -> Iterator[tuple[str, str]]:
    """(session key, the row as JSON text) of every session."""
    for row in select(connection, "session_nodes", ("session_key", "entry_json"), damage=damage):
        key, document = row.text("session_key"), row.text("entry_json")
        if key and document:
            yield key, document


def windows(connection: sqlite3.Connection, damage: Damage) -> list[Window]:
    """Every window, oldest first, then every session id that has events and no window."""
    columns = ("session_id", "session_key", "previous_session_id", "created_at")
    resets = _resets(connection, damage)
    found: list[Window] = []
    for row in select(connection, "session_windows", columns, damage=damage):
        session_id = row.text("session_id")
        if session_id:
            previous, created = row.text("previous_session_id"), row.time("created_at")
            found.append(
                Window(session_id, row.text("session_key"), previous, created, resets.get(session_id, ()))
            )
    found.sort(key=lambda window: window.created_at or 0)
    known = {window.session_id for window in found}
    for (name,) in rows(connection, f"SELECT DISTINCT session_id FROM {_EVENTS}", damage=damage):  # noqa: S608
        if isinstance(name, str) and name not in known:
            found.append(Window(name, None, None, None, resets.get(name, ())))
    return found


def _resets(connection: sqlite3.Connection, damage: Damage) -> dict[str, tuple[int, ...]]:
    table = "transcript_event_identities"
    if not {"session_id", "seq", "event_type"} <= columns_of(connection, table):
        return {}
    found: dict[str, tuple[int, ...]] = {}
    statement = f"SELECT session_id, seq FROM {table} WHERE event_type = 'reset' ORDER BY seq"  # noqa: S608
    for session_id, seq in rows(connection, statement, damage=damage):
        if isinstance(session_id, str) and isinstance(seq, int):
            found[session_id] = (*found.get(session_id, ()), seq)
    return found


def archives(connection: sqlite3.Connection, damage: Damage) -> Iterator[StoredArchive]:
    """Every archive that is kept as a blob: of deletions and resets, and cold ones kept in the database."""
    for table, at in ((ARCHIVES, "created_at"), (COLD, "archived_at")):
        present = columns_of(connection, table)
        if not {"session_id", "archive_name", "archive_blob", at} <= present:
            continue
        key = "session_key" if "session_key" in present else "NULL"
        reason = "reason" if "reason" in present else "'cold'"
        statement = (
            f"SELECT rowid, session_id, {key}, archive_name, {reason}, {at}, length(archive_blob) FROM {table} "  # noqa: S608
            "WHERE archive_blob IS NOT NULL"
        )
        for row in rows(connection, statement, damage=damage):
            number, session_id, owner, name, word, when, size = row
            if isinstance(number, int) and isinstance(session_id, str):
                yield StoredArchive(
                    table,
                    number,
                    session_id,
                    owner if isinstance(owner, str) else None,
                    str(name),
                    str(word),
                    when if isinstance(when, int) else None,
                    size if isinstance(size, int) else 0,
                )


def cold_owners(connection: sqlite3.Connection, damage: Damage) -> dict[str, str]:
    """Archive file name -> session id, of cold archives kept as files in `sessions/cold`."""
    columns = ("archive_name", "session_id")
    return {
        name: session_id
        for row in select(connection, COLD, columns, damage=damage)
        if (name := row.text("archive_name")) and (session_id := row.text("session_id"))
    }


def part_size(connection: sqlite3.Connection, part: Part) -> int:
    """The UTF-8 bytes of a part's events, as far as they are recorded."""
    stored = "event_utf8_bytes, " if "event_utf8_bytes" in columns_of(connection, _EVENTS) else ""
    where, parameters = part.where
    statement = f"SELECT sum(coalesce({stored}length(CAST(event_json AS BLOB)), 0)) FROM {_EVENTS} {where}"  # noqa: S608
    for (total,) in rows(connection, statement, parameters):
        return total if isinstance(total, int) else 0
    return 0


def events(
    connection: sqlite3.Connection, part: Part, *, entry_limit: int, damage: Damage
) -> Iterator[RawEntry]:
    """The events of a part in order, unpacked up to `entry_limit` bytes each.

    The window's header (its first event, of type `session`) comes first, also where the part begins later.
    """
    present = columns_of(connection, _EVENTS)
    plain = "event_json" if "event_json" in present else "NULL"
    packed = "event_zstd" if "event_zstd" in present else "NULL"
    bodies = Bodies(entry_limit)
    branch = _branch(connection, part.session_id)
    select_from = f"SELECT seq, {plain}, {packed} FROM {_EVENTS}"  # noqa: S608
    if part.first:
        yield from _header(connection, select_from, part.session_id, bodies, damage)
    where, parameters = part.where
    for seq, text, blob in rows(connection, f"{select_from} {where} ORDER BY seq", parameters, damage=damage):
        if isinstance(seq, int):
            data, over = bodies.read(text, blob)
            active = seq in branch if branch else None
            yield RawEntry(seq + 1, 0, data, len(data), oversized=over, active=active)


def _branch(connection: sqlite3.Connection, session_id: str) -> frozenset[int]:
    statement = "SELECT event_seq FROM session_transcript_active_events WHERE session_id = ?"
    return frozenset(row[0] for row in rows(connection, statement, (session_id,)) if isinstance(row[0], int))


def _header(
    connection: sqlite3.Connection, select_from: str, session_id: str, bodies: Bodies, damage: Damage
) -> Iterator[RawEntry]:
    statement = f"{select_from} WHERE session_id = ? ORDER BY seq LIMIT 1"
    for seq, text, blob in rows(connection, statement, (session_id,), damage=damage):
        data, over = bodies.read(text, blob)
        if isinstance(seq, int) and not over and data.startswith(b'{"type":"session"'):
            yield RawEntry(seq + 1, 0, data, len(data))


def windows_with(connection: sqlite3.Connection, words: str) -> frozenset[str]:
    """Session ids of windows whose full-text index holds the words (ASCII case ignored); none where there is no index.

    The index knows the text of messages alone, so that it can say where to look first, and never where not to look.
    """
    table = "session_transcript_fts_content"
    if not {"c0", "c1"} <= columns_of(connection, table):
        return frozenset()
    pattern = "".join(f"\\{char}" if char in "\\%_" else char for char in words)
    statement = f"SELECT DISTINCT c1 FROM {table} WHERE c0 LIKE ? ESCAPE '\\'"  # noqa: S608
    found = rows(connection, statement, (f"%{pattern}%",))
    return frozenset(row[0] for row in found if isinstance(row[0], str))
