"""Copies of conversations inside an agent's database: windows, archive blobs, cold archives (openclaw-sqlite.md 1 and 3).

Every query is tolerant: a table or column that is not there gives no rows, damage ends the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from clawmedic.disk.packed import ZSTD_MAGIC, ZSTD_WINDOW
from clawmedic.stores.query import Damage, columns_of, rows, select
from clawmedic.stores.reader import RawEntry

ARCHIVES = "session_transcript_archives"
COLD = "session_transcript_cold_archives"


@dataclass(frozen=True, slots=True)
class Window:
    """One row of `session_windows`, or a session id that only has events."""

    session_id: str
    key: str | None
    previous_id: str | None
    created_at: int | None
    resets: tuple[int, ...]
    """`seq` of each `reset` event, oldest first."""


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """A row that holds an archive as a blob. `size_bytes` is the blob's."""

    table: str
    row: int
    session_id: str
    key: str | None
    name: str
    reason: str
    at: int | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Node:
    """One row of `session_nodes`: the key, its current session id, and the row as JSON text."""

    key: str
    session_id: str
    entry_json: str


def nodes(connection: sqlite3.Connection, damage: Damage) -> Iterator[Node]:
    """Every session key of the database."""
    columns = ("session_key", "current_session_id", "entry_json")
    for row in select(connection, "session_nodes", columns, damage=damage):
        key = row.text("session_key")
        if key:
            yield Node(key, row.text("current_session_id") or "", row.text("entry_json") or "")


def windows(connection: sqlite3.Connection, damage: Damage) -> list[Window]:
    """Every window, oldest first, and every session id that has events and no window."""
    columns = ("session_id", "session_key", "previous_session_id", "created_at")
    resets = _resets(connection, damage)
    found = [
        Window(
            session_id,
            row.text("session_key"),
            row.text("previous_session_id"),
            row.time("created_at"),
            tuple(resets.get(session_id, ())),
        )
        for row in select(connection, "session_windows", columns, tail="ORDER BY created_at", damage=damage)
        if (session_id := row.text("session_id"))
    ]
    known = {window.session_id for window in found}
    statement = "SELECT DISTINCT session_id FROM transcript_events"
    for (session_id,) in rows(connection, statement, damage=damage):
        if isinstance(session_id, str) and session_id not in known:
            found.append(Window(session_id, None, None, None, tuple(resets.get(session_id, ()))))
    return found


def _resets(connection: sqlite3.Connection, damage: Damage) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    statement = "SELECT session_id, seq FROM transcript_event_identities WHERE event_type = 'reset' ORDER BY seq"
    for session_id, seq in rows(connection, statement, damage=damage):
        if isinstance(session_id, str) and isinstance(seq, int):
            found.setdefault(session_id, []).append(seq)
    return found


def archives(connection: sqlite3.Connection, damage: Damage) -> Iterator[StoredArchive]:
    """Every archive that is kept as a blob: of deletions and resets, and cold ones kept in the database."""
    for table, at, reason in ((ARCHIVES, "created_at", "reason"), (COLD, "archived_at", "")):
        present = columns_of(connection, table)
        if not {"session_id", "archive_name", "archive_blob", at} <= present:
            continue
        key = "session_key" if "session_key" in present else "NULL"
        why = reason if reason in present else "'cold'"
        statement = (
            f"SELECT rowid, session_id, {key}, archive_name, {why}, {at}, length(archive_blob) FROM {table} "  # noqa: S608 - names from above
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


def window_size(connection: sqlite3.Connection, session_id: str, first: int | None, last: int | None) -> tuple[int, int]:
    """(events, UTF-8 bytes) of a part of a window."""
    where, parameters = _range(session_id, first, last)
    size = "coalesce(event_utf8_bytes, length(CAST(event_json AS BLOB)), length(event_zstd), 0)"
    if "event_utf8_bytes" not in columns_of(connection, "transcript_events"):
        size = "length(CAST(event_json AS BLOB))"
    statement = f"SELECT count(*), sum({size}) FROM transcript_events {where}"  # noqa: S608 - names from above
    for count, total in rows(connection, statement, parameters):
        return (count if isinstance(count, int) else 0, total if isinstance(total, int) else 0)
    return 0, 0


def events(
    connection: sqlite3.Connection,
    session_id: str,
    first: int | None,
    last: int | None,
    *,
    entry_limit: int,
    damage: Damage,
) -> Iterator[RawEntry]:
    """The events of a part of a window in order, unpacked. `entry_limit`: bytes of one event's body.

    The window's header (its first event, of type `session`) comes first, also where the part begins later.
    """
    on_branch = _active(connection, session_id)
    if first is not None and first > 0:
        yield from _header(connection, session_id, entry_limit, damage)
    where, parameters = _range(session_id, first, last)
    packed = "event_zstd" if "event_zstd" in columns_of(connection, "transcript_events") else "NULL"
    statement = f"SELECT seq, event_json, {packed} FROM transcript_events {where} ORDER BY seq"  # noqa: S608
    for seq, text, blob in rows(connection, statement, parameters, damage=damage):
        if isinstance(seq, int):
            active = seq in on_branch if on_branch else None
            yield _event(seq, text, blob, entry_limit, active=active)


def _range(session_id: str, first: int | None, last: int | None) -> tuple[str, tuple[object, ...]]:
    where, parameters = "WHERE session_id = ?", [session_id]  # type: tuple[str, list[object]]
    if first is not None:
        where += " AND seq >= ?"
        parameters.append(first)
    if last is not None:
        where += " AND seq <= ?"
        parameters.append(last)
    return where, tuple(parameters)


def _active(connection: sqlite3.Connection, session_id: str) -> frozenset[int]:
    statement = "SELECT event_seq FROM session_transcript_active_events WHERE session_id = ?"
    return frozenset(row[0] for row in rows(connection, statement, (session_id,)) if isinstance(row[0], int))


def _header(
    connection: sqlite3.Connection, session_id: str, entry_limit: int, damage: Damage
) -> Iterator[RawEntry]:
    statement = "SELECT seq, event_json FROM transcript_events WHERE session_id = ? ORDER BY seq LIMIT 1"
    for seq, text in rows(connection, statement, (session_id,), damage=damage):
        if isinstance(seq, int) and isinstance(text, str) and text.startswith('{"type":"session"'):
            yield _event(seq, text, None, entry_limit, active=None)


def _event(seq: int, text: object, blob: object, limit: int, *, active: bool | None) -> RawEntry:
    if isinstance(text, str):
        data = text.encode("utf-8", "surrogatepass")
        return RawEntry(seq + 1, 0, data, len(data), active=active)
    if not isinstance(blob, bytes):
        return RawEntry(seq + 1, 0, b"", 0, active=active)
    unpacked = unpack_event(blob, limit)
    if unpacked is None:
        return RawEntry(seq + 1, 0, b"", len(blob), oversized=True, active=active)
    return RawEntry(seq + 1, 0, unpacked, len(unpacked), active=active)


def unpack_event(blob: bytes, limit: int) -> bytes | None:
    """A zstd event body of at most `limit` bytes; None when it is larger or damaged."""
    if not blob.startswith(ZSTD_MAGIC):
        return blob if len(blob) <= limit else None
    import zstandard

    try:
        return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompress(
            blob, max_output_size=limit, allow_extra_data=False
        ) if _declared(blob) <= limit else None
    except (zstandard.ZstdError, MemoryError):
        return None


def _declared(blob: bytes) -> int:
    import zstandard

    declared = zstandard.get_frame_parameters(blob).content_size
    return declared if declared < 2**62 else 0  # unknown: `max_output_size` bounds it
