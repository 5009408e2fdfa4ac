"""What 2026.9.6 writes when a conversation is rewound, switched or reset, written into a real database (measured)."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zstandard

DATABASE = Path("agents/main/agent/openclaw-agent.sqlite")


@contextmanager
def opened(state: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(state / DATABASE, isolation_level=None)
    connection.create_function("octet_length", 1, lambda text: len(str(text).encode()), deterministic=True)
    try:
        yield connection
    finally:
        connection.close()


def window_of(connection: sqlite3.Connection, key: str) -> str:
    found = connection.execute(
        "SELECT current_session_id FROM session_nodes WHERE session_key = ?", (key,)
    ).fetchone()
    return str(found[0])


def events_of(connection: sqlite3.Connection, window: str) -> list[dict[str, Any]]:
    """Every event of a window with its `seq` as `_seq`."""
    rows = connection.execute(
        "SELECT seq, event_json, event_zstd FROM transcript_events WHERE session_id = ? ORDER BY seq",
        (window,),
    )
    unpack = zstandard.ZstdDecompressor().decompressobj
    return [json.loads(text or unpack().decompress(packed)) | {"_seq": seq} for seq, text, packed in rows]


def go_to(state: Path, key: str, leaf: str, *, at: str, updated: int) -> str:
    """A new window behind the key with all events of the present one, and the conversation at `leaf`; its id.

    `at` is its ISO time, `updated` the same in epoch milliseconds.
    """
    new = str(uuid.uuid4())
    with opened(state) as connection:
        old = window_of(connection, key)
        events = events_of(connection, old)
        parents = {event.get("id"): event.get("parentId") for event in events}
        branch = set()
        name: str | None = leaf
        while name:
            branch.add(name)
            name = parents.get(name)
        control = {"type": "leaf", "id": str(uuid.uuid4()), "parentId": events[-1].get("id")}
        control |= {"timestamp": at, "targetId": leaf}
        _copy_window(connection, old, new, key, updated)
        for event in [*events, control | {"_seq": events[-1]["_seq"] + 1}]:
            seq = event.pop("_seq")
            if event["type"] == "session":
                event |= {"id": new, "timestamp": at}
            text = json.dumps(event)
            connection.execute(
                "INSERT INTO transcript_events(session_id, seq, event_json, created_at, event_utf8_bytes)"
                " VALUES(?, ?, ?, ?, ?)",
                (new, seq, text, updated, len(text.encode())),
            )
            if event.get("id") in branch:
                connection.execute(
                    "INSERT INTO session_transcript_active_events VALUES(?, ?, ?, NULL, 1)", (new, seq, seq)
                )
        _point(connection, key, new, updated)
    return new


def fork(state: Path, key: str, new_key: str, entry: str, *, at: str) -> None:
    """A session of its own with the branch before a message, as `sessions.fork` makes it."""
    with opened(state) as connection:
        events = {
            event["id"]: event for event in events_of(connection, window_of(connection, key)) if "id" in event
        }
        path: list[dict[str, Any]] = []
        name = events[entry]["parentId"]
        while name:
            path.insert(0, events[name])
            name = events[name]["parentId"]
        _new_session(connection, key, new_key, path, at)


def successor(state: Path, key: str, new_key: str, *, at: str) -> None:
    """A session of its own with all of the conversation, as `sessions.recover` makes it."""
    with opened(state) as connection:
        events = events_of(connection, window_of(connection, key))
        _new_session(connection, key, new_key, [each for each in events if each["type"] != "session"], at)


def _new_session(
    connection: sqlite3.Connection, key: str, new_key: str, events: list[dict[str, Any]], at: str
) -> None:
    new = str(uuid.uuid4())
    _copy_window(connection, window_of(connection, key), new, new_key, 0)
    header = {"type": "session", "version": 4, "id": new, "timestamp": at, "cwd": "/"}
    for seq, event in enumerate([header, *events]):
        text = json.dumps({field: value for field, value in event.items() if field != "_seq"})
        connection.execute(
            "INSERT INTO transcript_events(session_id, seq, event_json, created_at, event_utf8_bytes)"
            " VALUES(?, ?, ?, 0, ?)",
            (new, seq, text, len(text)),
        )
        if seq:
            connection.execute(
                "INSERT INTO session_transcript_active_events VALUES(?, ?, ?, NULL, 1)", (new, seq, seq)
            )
    row = json.dumps({"sessionId": new, "updatedAt": 0, "createdVia": "operator"})
    connection.execute(
        "INSERT INTO session_nodes(session_key, current_session_id, entry_json, entry_valid, updated_at,"
        " created_at) VALUES(?, ?, ?, 1, 0, 0)",
        (new_key, new, row),
    )


def reset_in_place(state: Path, key: str, *, at: str) -> None:
    """The `reset` event that 9.6 appends to the present window."""
    with opened(state) as connection:
        window = window_of(connection, key)
        last = events_of(connection, window)[-1]
        event = {"type": "reset", "id": uuid.uuid4().hex[:8], "parentId": last["id"], "timestamp": at}
        text, seq = json.dumps(event), last["_seq"] + 1
        connection.execute(
            "INSERT INTO transcript_events(session_id, seq, event_json, created_at, event_utf8_bytes)"
            " VALUES(?, ?, ?, 0, ?)",
            (window, seq, text, len(text)),
        )
        connection.execute(
            "INSERT INTO session_transcript_active_events VALUES(?, ?, ?, NULL, 1)", (window, seq, seq)
        )
        connection.execute(
            "INSERT INTO transcript_event_identities(session_id, event_id, seq, event_type, parent_id, created_at)"
            " VALUES(?, ?, ?, 'reset', ?, 0)",
            (window, event["id"], seq, event["parentId"]),
        )


def _copy_window(connection: sqlite3.Connection, old: str, new: str, key: str, updated: int) -> None:
    names = [str(row[1]) for row in connection.execute("PRAGMA table_info(session_windows)")]
    values = {"session_id": new, "session_key": key, "created_at": updated, "updated_at": updated}
    chosen = ", ".join("?" if name in values else name for name in names)
    connection.execute(
        f"INSERT INTO session_windows({', '.join(names)}) SELECT {chosen} FROM session_windows"
        " WHERE session_id = ?",
        (*(values[name] for name in names if name in values), old),
    )


def _point(connection: sqlite3.Connection, key: str, window: str, updated: int) -> None:
    row = connection.execute("SELECT entry_json FROM session_nodes WHERE session_key = ?", (key,)).fetchone()
    entry = json.loads(row[0]) | {"sessionId": window, "updatedAt": updated}
    for name in ("status", "startedAt", "endedAt", "totalTokens", "totalTokensFresh", "contextBudgetStatus"):
        entry.pop(name, None)
    connection.execute(
        "UPDATE session_nodes SET current_session_id = ?, entry_json = ?, updated_at = ?, status = NULL"
        " WHERE session_key = ?",
        (window, json.dumps(entry), updated, key),
    )
    connection.execute("UPDATE session_nodes SET entry_valid = 1 WHERE session_key = ?", (key,))
