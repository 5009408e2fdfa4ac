from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from clawmedic.model.session import Generation, Session
from clawmedic.settings import Limits, World
from clawmedic.stores.bodies import Bodies
from clawmedic.stores.database import DatabaseReader

SID = "11111111-2222-4333-8444-555555555555"
KEY = "agent:main:telegram:group:-1001"
AT = 1_795_421_302_671

SCHEMA = """
CREATE TABLE schema_meta(meta_key TEXT PRIMARY KEY, role TEXT, schema_version INT, agent_id TEXT, app_version TEXT);
INSERT INTO schema_meta VALUES('primary', 'agent', 23, 'main', '2026.9.6');
CREATE TABLE session_nodes(session_key TEXT PRIMARY KEY, current_session_id TEXT, entry_json TEXT, entry_valid INT,
  updated_at INT, status TEXT, created_at INT, label TEXT, display_name TEXT, archived_at INT, last_interaction_at INT,
  last_activity_at INT);
CREATE TABLE session_windows(session_id TEXT PRIMARY KEY, session_key TEXT, created_at INT);
CREATE TABLE transcript_events(session_id TEXT, seq INT, event_json TEXT, created_at INT, event_zstd BLOB,
  event_utf8_bytes INT, PRIMARY KEY(session_id, seq));
CREATE TABLE transcript_event_identities(session_id TEXT, event_id TEXT, seq INT, event_type TEXT);
CREATE TABLE session_transcript_active_events(session_id TEXT, active_position INT, event_seq INT);
CREATE TABLE session_pending_inputs(seq INTEGER PRIMARY KEY, session_key TEXT, message_json TEXT, state TEXT,
  accepted_at INT, consumed_event_id TEXT);
CREATE TABLE auth_profile_state(state_key TEXT PRIMARY KEY, state_json TEXT, updated_at INT);
CREATE TABLE trajectory_runtime_events(session_id TEXT, seq INT, event_json TEXT);
PRAGMA user_version=23;
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def database(store: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(store, isolation_level=None)
    connection.executescript(SCHEMA)
    yield connection
    connection.close()


@pytest.fixture
def open_reader(store: Path, world: World) -> Iterator[Callable[..., DatabaseReader]]:
    readers: list[DatabaseReader] = []

    def start(limits: Limits | None = None) -> DatabaseReader:
        chosen = replace(world, limits=limits) if limits else world
        readers.append(DatabaseReader("main", store, chosen, store.parent.parent / "sessions"))
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


def add_row(database: sqlite3.Connection, entry: object, **columns: object) -> None:
    values = {
        "session_key": KEY,
        "current_session_id": SID,
        "entry_json": entry if isinstance(entry, str) else json.dumps(entry),
        "entry_valid": 1,
        "updated_at": AT,
        **columns,
    }
    marks = ", ".join("?" * len(values))
    database.execute(
        f"INSERT INTO session_nodes({', '.join(values)}) VALUES({marks})", tuple(values.values())
    )


def add_event(
    database: sqlite3.Connection, seq: int, event: object, *, packed: bool = False, window: str = SID
) -> None:
    data = json.dumps(event, separators=(",", ":")).encode()
    body = (None, zstandard.compress(data), len(data)) if packed else (data.decode(), None, None)
    database.execute(
        "INSERT INTO transcript_events(session_id, seq, event_json, event_zstd, event_utf8_bytes, created_at)"
        " VALUES(?, ?, ?, ?, ?, ?)",
        (window, seq, *body, AT + seq),
    )


def only(reader: DatabaseReader) -> Session:
    (session,) = reader.sessions()
    return session


def test_rows_are_columns_and_entry_together(database: sqlite3.Connection, open_reader) -> None:
    entry = {
        "sessionId": SID,
        "status": "done",
        "startedAt": AT - 9,
        "lastInteractionAt": AT - 1,
        "updatedAt": 5,
    }
    add_row(
        database,
        entry,
        status="running",
        last_activity_at=AT - 2,
        last_interaction_at=AT,
        archived_at=AT - 3,
        label="L",
    )
    add_event(database, 0, {"type": "session"})
    session = only(open_reader())
    assert session.generation is Generation.SQLITE
    assert (session.status, session.updated_at, session.label) == ("done", AT, "L")
    assert (session.last_interaction_at, session.last_activity_at, session.archived_at) == (
        AT - 1,
        AT - 2,
        AT - 3,
    )
    assert session.entry_valid == 1
    assert (session.transcript.window, session.transcript.mtime_ms) == (SID, AT)


def test_a_row_without_a_status_in_its_entry_takes_the_column(
    database: sqlite3.Connection, open_reader
) -> None:
    add_row(database, {"sessionId": SID}, status="running", entry_valid=0)
    session = only(open_reader())
    assert (session.status, session.entry_valid, session.transcript.exists) == ("running", 0, False)


@pytest.mark.parametrize("entry", ["", "{", "[]", "null", "5"])
def test_rows_that_are_no_sessions_are_named(database: sqlite3.Connection, open_reader, entry: str) -> None:
    add_row(database, entry)
    reader = open_reader()
    assert list(reader.sessions()) == []
    assert reader.status().invalid_rows == (f"{KEY}: entry_json is no object",)
    assert reader.status().problem == ""


def test_sizes_are_utf8_bytes_of_all_events(database: sqlite3.Connection, open_reader) -> None:
    add_row(database, {"sessionId": SID})
    events = [
        {"type": "session"},
        {"type": "message", "text": "é" * 50},
        {"type": "message", "text": "x" * 9000},
    ]
    for seq, event in enumerate(events):
        add_event(database, seq, event, packed=seq == 2)
    database.execute(
        "UPDATE transcript_events SET event_json = ? WHERE seq = 1", ('{"text":"' + "é" * 50 + '"}',)
    )
    size = only(open_reader()).transcript.size_bytes
    assert (
        size
        == len('{"type":"session"}') + len('{"text":""}') + 100 + len('{"type":"message","text":""}') + 9000
    )


def test_earlier_windows_and_pending_inputs(database: sqlite3.Connection, open_reader) -> None:
    add_row(database, {"sessionId": SID})
    for name, at in (("second", 2), (SID, 3), ("first", 1)):
        database.execute("INSERT INTO session_windows VALUES(?, ?, ?)", (name, KEY, at))
    messages = [
        (json.dumps({"role": "user", "content": "later"}), "interrupted", AT + 1),
        (
            json.dumps(
                {"role": "user", "content": [{"type": "text", "text": "ear"}, {"type": "image"}, "lier"]}
            ),
            "queued",
            AT,
        ),
        ("{torn", "cancelled", None),
    ]
    database.executemany(
        "INSERT INTO session_pending_inputs(session_key, message_json, state, accepted_at) VALUES(?, ?, ?, ?)",
        [(KEY, *message) for message in messages],
    )
    database.execute(
        "INSERT INTO session_pending_inputs(session_key, state, consumed_event_id) VALUES(?, 'queued', 'an event')",
        (KEY,),
    )
    session = only(open_reader())
    assert session.previous_session_ids == ("first", "second")
    assert [(item.source, item.state, item.at, item.text) for item in session.pending] == [
        ("pending-input", "cancelled", None, ""),
        ("pending-input", "queued", AT, "ear\nlier"),
        ("pending-input", "interrupted", AT + 1, "later"),
    ]


def test_tails_and_entries(database: sqlite3.Connection, open_reader) -> None:
    add_row(database, {"sessionId": SID})
    add_event(database, 0, {"type": "session", "version": 4})
    add_event(database, 1, {"type": "compaction", "summary": "old"})
    add_event(database, 2, {"type": "compaction", "summary": "s" * 3000}, packed=True)
    database.execute(
        "INSERT INTO transcript_event_identities VALUES(?, 'a', 1, 'compaction'), (?, 'b', 2, 'compaction')",
        (SID, SID),
    )
    for seq in range(3, 43):
        add_event(database, seq, {"type": "message", "text": "y" * 3000}, packed=seq % 2 == 0)
        database.execute("INSERT INTO session_transcript_active_events VALUES(?, ?, ?)", (SID, seq, seq))
    add_event(database, 0, {"type": "session"}, window="another")
    reader = open_reader()
    session = only(reader)
    tail = reader.tail(session, 10_000, seek_compaction=True)
    assert [entry.line for entry in tail.entries] == [41, 42, 43]
    assert sum(entry.size_bytes for entry in tail.entries) <= 10_000
    assert all(json.loads(entry.data)["text"] == "y" * 3000 for entry in tail.entries)
    assert all(entry.active is True for entry in tail.entries)
    assert tail.head is not None
    assert (tail.head.data, tail.head.active) == (b'{"type":"session","version":4}', False)
    assert tail.compaction is not None
    assert json.loads(tail.compaction.data)["summary"] == "s" * 3000
    assert reader.tail(session, 10_000, seek_compaction=False).compaction is None
    assert [entry.line for entry in reader.entries(session)] == list(range(1, 44))
    assert len(reader.tail(session, 1, seek_compaction=False).entries) == 1
    whole = reader.tail(session, 10_000_000, seek_compaction=True)
    assert (whole.complete, whole.compaction, len(whole.entries)) == (True, None, 43)


def test_a_compaction_is_found_without_identities(database: sqlite3.Connection, open_reader) -> None:
    add_row(database, {"sessionId": SID})
    database.execute("DROP TABLE transcript_event_identities")
    database.execute("DROP TABLE session_transcript_active_events")
    for seq, event in enumerate(
        [{"type": "session"}, {"type": "compaction", "summary": "found"}, {"type": "message"}]
    ):
        add_event(database, seq, event)
    reader = open_reader()
    tail = reader.tail(only(reader), 1, seek_compaction=True)
    assert tail.compaction is not None
    assert json.loads(tail.compaction.data)["summary"] == "found"
    assert tail.entries[0].active is None


def test_a_session_without_events(database: sqlite3.Connection, open_reader) -> None:
    add_row(database, {"sessionId": SID})
    reader = open_reader()
    tail = reader.tail(only(reader), 1000, seek_compaction=True)
    assert (tail.head, tail.entries, tail.complete, tail.problem) == (None, (), True, "")
    assert list(reader.entries(only(reader))) == []


def test_bodies_that_cannot_be_read_are_empty_and_large_ones_oversized(
    database: sqlite3.Connection, open_reader
) -> None:
    add_row(database, {"sessionId": SID})
    add_event(database, 0, {"type": "session"})
    bomb = zstandard.compress(b"0" * 50_000_000)
    bodies = [b"\x28\xb5\x2f\xfd" + b"garbage", b"", bomb, zstandard.compress(b"x" * 500)[:-4]]
    for seq, body in enumerate(bodies, 1):
        database.execute(
            "INSERT INTO transcript_events(session_id, seq, event_zstd, event_utf8_bytes) VALUES(?, ?, ?, 77)",
            (SID, seq, body),
        )
    reader = open_reader()
    found = list(reader.entries(only(reader)))
    assert [(entry.data, entry.oversized) for entry in found[1:]] == [
        (b"", False),
        (b"", False),
        (b"", True),
        (b"", False),
    ]
    assert [entry.size_bytes for entry in found] == [18, 77, 77, 77, 77]


def test_bodies_without_a_stated_size_are_bounded_too() -> None:
    stream = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    unstated = stream.compress(b"0" * 5_000_000) + stream.flush()
    assert Bodies(1_000_000).read(None, unstated) == (b"", True)
    assert Bodies(9_000_000).read(None, unstated) == (b"0" * 5_000_000, False)
    assert Bodies(10).read("x" * 11, None) == (b"", True)
    assert Bodies(10).read(None, None) == (b"", False)


@pytest.mark.parametrize(
    "table",
    [
        "session_windows",
        "transcript_events",
        "session_pending_inputs",
        "auth_profile_state",
        "session_transcript_active_events",
    ],
)
def test_missing_tables_are_read_around(database: sqlite3.Connection, open_reader, table: str) -> None:
    add_row(database, {"sessionId": SID, "status": "done"})
    add_event(database, 0, {"type": "session"})
    database.execute(f"DROP TABLE {table}")
    reader = open_reader()
    session = only(reader)
    assert session.status == "done"
    tail = reader.tail(session, 1000, seek_compaction=True)
    assert bool(tail.entries) == (table != "transcript_events")
    assert bool(tail.problem) == (table == "transcript_events")
    assert list(reader.entries(session)) == list(tail.entries)
    assert reader.cooldowns() == ()


@pytest.mark.parametrize(
    "column", ["status", "entry_valid", "updated_at", "label", "archived_at", "last_activity_at"]
)
def test_missing_columns_are_read_around(database: sqlite3.Connection, open_reader, column: str) -> None:
    add_row(database, {"sessionId": SID, "updatedAt": AT, "status": "done"})
    database.execute(f"ALTER TABLE session_nodes DROP COLUMN {column}")
    session = only(open_reader())
    assert (session.key, session.updated_at, session.status) == (KEY, AT, "done")


def test_no_session_table_is_damage(database: sqlite3.Connection, open_reader) -> None:
    database.execute("DROP TABLE session_nodes")
    reader = open_reader()
    assert list(reader.sessions()) == []
    assert (reader.status().problem, reader.status().damaged) == ("no table session_nodes", True)


def test_versions_known_and_newer(database: sqlite3.Connection, open_reader) -> None:
    add_row(database, {"sessionId": SID})
    assert (open_reader().status().schema_version, open_reader().status().schema_newer) == (23, False)
    assert open_reader().app_version() == "2026.9.6"
    database.execute("PRAGMA user_version=24")
    newer = open_reader()
    assert (newer.status().schema_version, newer.status().schema_newer) == (24, True)
    assert only(newer).key == KEY


def test_cooldowns(database: sqlite3.Connection, open_reader) -> None:
    stats = {
        "inline-api-key:acme": {"cooldownUntil": AT, "cooldownReason": "auth", "errorCount": 2},
        "other": {"disabledUntil": AT + 5, "disabledReason": "billing"},
        "fine": {"lastUsed": AT},
        "odd": [],
    }
    database.execute("INSERT INTO auth_profile_state VALUES('a', ?, 1)", (json.dumps({"usageStats": stats}),))
    database.execute("INSERT INTO auth_profile_state VALUES('b', '{torn', 1)")
    found = open_reader().cooldowns()
    assert [(item.profile, item.reason, item.until, item.errors) for item in found] == [
        ("inline-api-key:acme", "auth", AT, 2),
        ("other", "billing", AT + 5, 0),
    ]


def test_what_is_no_database(store: Path, open_reader) -> None:
    store.write_bytes(b"this is not a database, whatever its name says" * 10)
    status = open_reader().status()
    assert (status.problem, status.damaged) == ("is not a database", True)
    store.unlink()
    status = open_reader().status()
    assert (status.problem, status.damaged) == ("missing", False)
    assert list(open_reader().sessions()) == []


def fill(database: sqlite3.Connection, sessions: int) -> None:
    database.execute("BEGIN")
    for number in range(sessions):
        window = f"{number:08}-2222-4333-8444-555555555555"
        add_row(
            database,
            {"sessionId": window, "pad": "x" * 700},
            session_key=f"key-{number:05}",
            current_session_id=window,
        )
        for seq in range(5):
            add_event(database, seq, {"type": "message", "text": "z" * 300}, window=window)
    database.execute("COMMIT")


def test_damaged_pages_cost_their_rows_and_no_more(
    database: sqlite3.Connection, store: Path, open_reader
) -> None:
    fill(database, 300)
    root = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'session_nodes'").fetchone()[0]
    database.close()
    data = bytearray(store.read_bytes())
    # A leaf of the table of sessions, somewhere in the middle of the file.
    broken = data.index(b"key-00200", (root - 1) * 4096)
    page = broken // 4096 * 4096
    data[page : page + 4096] = b"\xa5" * 4096
    store.write_bytes(data)
    reader = open_reader()
    status = reader.status()
    assert status.damaged
    assert "malformed" in status.problem
    assert 0 < len(reader.sessions()) < 300


def test_a_truncated_database_is_damage(database: sqlite3.Connection, store: Path, open_reader) -> None:
    fill(database, 300)
    database.close()
    data = store.read_bytes()
    store.write_bytes(data[: len(data) // 2 // 4096 * 4096])
    reader = open_reader()
    assert reader.status().damaged
    for session in reader.sessions():
        reader.tail(session, 1000, seek_compaction=True)


WRITER = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=wal")
print("ready", flush=True)
for number, _ in enumerate(sys.stdin):
    row = (sys.argv[2], number, '{}')
    connection.execute("INSERT INTO transcript_events(session_id, seq, event_json) VALUES(?, ?, ?)", row)
    print("done", flush=True)
"""


def test_a_live_database_is_followed_and_not_a_byte_changes(
    database: sqlite3.Connection, store: Path, open_reader, snapshot
) -> None:
    add_row(database, {"sessionId": SID})
    database.close()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store), SID],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdout.readline()
    try:
        for expected in range(1, 4):
            writer.stdin.write("\n")
            writer.stdin.flush()
            writer.stdout.readline()
            before = snapshot(store.parent)
            assert len(before) == 3
            reader = open_reader()
            assert len(list(reader.entries(only(reader)))) == expected
            assert reader.status().wal_bytes
            reader.close()
            assert snapshot(store.parent) == before
    finally:
        writer.kill()
        writer.communicate()


def test_the_trajectory_is_never_read(database: sqlite3.Connection, open_reader) -> None:
    """Most of a real database is in that table; an authorizer would refuse to read it."""
    add_row(database, {"sessionId": SID})
    add_event(database, 0, {"type": "session"})
    reader = open_reader()
    asked: list[str] = []

    def authorize(_action: int, table: str | None, *_: object) -> int:
        asked.append(table or "")
        return sqlite3.SQLITE_OK

    assert reader.connection is not None
    reader.connection.set_authorizer(authorize)
    session = only(reader)
    reader.tail(session, 1000, seek_compaction=True)
    assert list(reader.entries(session))
    reader.status()
    reader.cooldowns()
    reader.addresses()
    assert "transcript_events" in asked
    assert "trajectory_runtime_events" not in asked
