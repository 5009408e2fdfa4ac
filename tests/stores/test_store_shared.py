from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmedic.model.session import Delivery, Generation, Liveness, PendingInput, Session, TranscriptRef
from clawmedic.settings import World
from clawmedic.stores.addresses import Address, Directory, key_address, parse_address
from clawmedic.stores.joined import join
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.reader import StoreStatus
from clawmedic.stores.shared import SharedState, read_shared

AT = 1_795_421_302_000
GROUP = "agent:main:telegram:group:-1001"
TOPIC = "agent:main:telegram:group:-1009:topic:42"

SCHEMA = """
CREATE TABLE schema_meta(meta_key TEXT, app_version TEXT);
INSERT INTO schema_meta VALUES('state-migrations', 'nonsense'), ('primary', '2026.9.6');
CREATE TABLE task_runs(task_id TEXT, owner_key TEXT, child_session_key TEXT, status TEXT, error TEXT, created_at INT,
  started_at INT, ended_at INT, execution_owner_host TEXT, execution_owner_pid INT, execution_owner_start_identity INT);
CREATE TABLE channel_ingress_events(channel_id TEXT, lane_key TEXT, status TEXT, payload_json TEXT, received_at INT,
  claim_owner TEXT);
CREATE TABLE plugin_state_entries(plugin_id TEXT, namespace TEXT, entry_key TEXT, value_json TEXT, created_at INT);
CREATE TABLE agent_databases(agent_id TEXT, path TEXT);
INSERT INTO agent_databases VALUES('main', 'agents/main/agent/openclaw-agent.sqlite');
PRAGMA user_version=18;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "openclaw.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(SCHEMA)
    yield connection
    connection.close()


def read(path: Path, world: World) -> SharedState:
    found = read_shared(path, world, ProcessTable(world.proc))
    assert found is not None
    return found


def session(key: str, **fields: object) -> Session:
    ref = TranscriptRef(Path("/x"), None, exists=True, size_bytes=0, mtime_ms=None)
    return Session(key, "main", "sid", Generation.SQLITE, Path("/x"), ref, **fields)  # type: ignore[arg-type]


def telegram(chat: int, text: str, at: int, number: int = 1, **more: object) -> dict[str, object]:
    return {
        "message_id": number,
        "date": at // 1000,
        "chat": {"id": chat},
        "text": text,
        "from": {"is_bot": False},
        **more,
    }


def cache(
    database: sqlite3.Connection, message: dict[str, object], namespace: str = "telegram.message-cache"
) -> None:
    value = json.dumps({"version": 1, "sourceMessage": message})
    database.execute(
        "INSERT INTO plugin_state_entries VALUES('telegram', ?, 'k', ?, ?)", (namespace, value, AT)
    )


def test_nothing_is_none(path: Path, world: World) -> None:
    assert read_shared(path, world, ProcessTable(world.proc)) is None


@pytest.mark.usefixtures("database")
def test_what_is_there_is_read(path: Path, world: World) -> None:
    found = read(path, world)
    assert found.version == "2026.9.6"
    assert found.databases == (("main", "agents/main/agent/openclaw-agent.sqlite"),)
    assert (found.status.problem, found.status.schema_version, found.status.schema_newer) == ("", 18, False)


def test_a_broken_state_database_is_a_problem(path: Path, world: World) -> None:
    path.write_bytes(b"x" * 5000)
    found = read(path, world)
    assert (found.status.problem, found.status.damaged) == ("is not a database", True)


def test_an_older_state_database_has_less(path: Path, world: World) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE channel_ingress_events(status TEXT)")
    connection.close()
    found = read(path, world)
    assert (found.runs, found.ingress, found.cached, found.owners) == ({}, (), {}, ())
    assert found.status.problem == ""


def test_runs_belong_to_their_keys_newest_last(
    database: sqlite3.Connection, path: Path, world: World, proc
) -> None:
    proc.add(700, 5000)
    for number in range(30):
        database.execute(
            "INSERT INTO task_runs VALUES(?, ?, ?, 'failed', ?, ?, ?, NULL, ?, 700, ?)",
            (
                str(number),
                GROUP,
                "child" if number == 29 else GROUP,
                f"error {number}",
                AT + number,
                AT + number,
                "vm",
                5000,
            ),
        )
    runs = read(path, world).runs
    assert [run.error for run in runs[GROUP]] == [f"error {number}" for number in range(10, 30)]
    assert [run.error for run in runs["child"]] == ["error 29"]
    assert runs[GROUP][-1].owner is Liveness.ALIVE
    assert (runs[GROUP][-1].at, runs[GROUP][-1].status) == (AT + 29, "failed")


def test_the_spool_gives_what_is_neither_done_nor_given_up(
    database: sqlite3.Connection, path: Path, world: World, proc
) -> None:
    proc.add(700, 5000)
    update = {"update": {"message": telegram(-1001, "still here?", AT)}}
    rows = [
        ("telegram", "telegram:-1001", "claimed", json.dumps(update), AT, "700:4:uuid"),
        (
            "telegram",
            None,
            "pending",
            json.dumps({"message": telegram(-1009, "", AT, photo=[1])}),
            AT + 1,
            None,
        ),
        ("telegram", "telegram:-1009:topic:42", "pending", "{torn", AT + 2, "700:5000:u"),
        ("telegram", "telegram:-1001", "completed", "null", AT, None),
        ("telegram", "telegram:-1001", "failed", "null", AT, None),
    ]
    database.executemany("INSERT INTO channel_ingress_events VALUES(?, ?, ?, ?, ?, ?)", rows)
    assert read(path, world).ingress == (
        (Address("telegram", "-1001"), PendingInput("ingress", "claimed", AT, "still here?", Liveness.DEAD)),
        (
            Address("telegram", "-1009"),
            PendingInput("ingress", "pending", AT + 1, "[photo]", Liveness.UNKNOWN),
        ),
        (Address("telegram", "-1009", "42"), PendingInput("ingress", "pending", AT + 2, "", Liveness.ALIVE)),
    )


def test_the_message_cache_gives_what_people_wrote(
    database: sqlite3.Connection, path: Path, world: World
) -> None:
    cache(database, telegram(-1001, "first", AT, 1))
    cache(database, telegram(-1001, "first", AT, 1), "@retained.telegram.message-cache")
    cache(database, telegram(-1001, "second", AT + 5000, 2))
    cache(database, {**telegram(-1001, "answer", AT, 3), "from": {"is_bot": True}})
    topic = {"message_thread_id": 42, "chat": {"id": -1009, "is_forum": True}}
    cache(database, telegram(-1009, "in a topic", AT, 4) | topic)
    cache(database, telegram(-1001, "a reply thread is no topic", AT - 1000, 5, message_thread_id=9))
    cache(database, telegram(-1001, "elsewhere", AT, 6), "telegram.sent-messages")
    database.execute(
        "INSERT INTO plugin_state_entries VALUES('telegram', 'telegram.message-cache', 'k', '{', 1)"
    )
    found = read(path, world).cached
    assert {address: [item.text for item in items] for address, items in found.items()} == {
        Address("telegram", "-1001"): ["a reply thread is no topic", "first", "second"],
        Address("telegram", "-1009", "42"): ["in a topic"],
    }
    assert found[Address("telegram", "-1001")][-1] == PendingInput(
        "message-cache", "seen", AT + 5000, "second"
    )


def test_a_cache_is_bounded(database: sqlite3.Connection, path: Path, world: World) -> None:
    for number in range(80):
        cache(database, telegram(-1001, f"m{number}", AT + number * 1000, number + 1))
        database.execute(
            "UPDATE plugin_state_entries SET created_at = ? WHERE rowid = last_insert_rowid()", (AT + number,)
        )
    (messages,) = read(path, world).cached.values()
    assert [messages[0].text, messages[-1].text, len(messages)] == ["m30", "m79", 50]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("telegram:-1009:topic:42", Address("telegram", "-1009", "42")),
        ("telegram:-1009", Address("telegram", "-1009", "7")),
        ("-1009", Address("discord", "-1009", "7")),
        ("channel:123", Address("discord", "123", "7")),
        ("telegram:group:-1009", Address("telegram", "-1009", "7")),
        ("telegram:", None),
        ("", None),
    ],
)
def test_addresses_are_parsed(text: str, expected: Address | None) -> None:
    assert parse_address(text, channel="discord", thread="7") == expected


def test_addresses_of_keys() -> None:
    assert key_address(GROUP) == Address("telegram", "-1001")
    assert key_address(TOPIC) == Address("telegram", "-1009", "42")
    assert key_address("agent:main:telegram:default:direct:77") == Address("telegram", "77")
    assert key_address("agent:main:main") is None
    assert key_address("group:x") is None


@given(st.text(max_size=40), st.text(max_size=10))
def test_any_text_is_an_address_or_none(text: str, thread: str) -> None:
    parse_address(text, channel="c", thread=thread)
    key_address(text)


def test_general_topic_is_no_topic() -> None:
    directory = Directory(
        [
            session("general", delivery=Delivery("telegram", "telegram:-1", None, "1")),
            session(TOPIC),
            session("dm"),
        ],
        {"dm": [Address("telegram", "77")]},
    )
    assert directory.key_of(Address("telegram", "-1")) == "general"
    assert directory.key_of(Address("telegram", "-1", "1")) == "general"
    assert directory.key_of(Address("telegram", "-1", "5")) is None
    assert directory.key_of(Address("telegram", "-1009", "42")) == TOPIC
    assert directory.key_of(Address("telegram", "-1009")) is None
    assert directory.key_of(Address("telegram", "77")) == "dm"
    assert directory.key_of(Address("signal", "77")) is None


def test_messages_go_to_their_sessions() -> None:
    address = Address("telegram", "-1001")
    message = PendingInput("message-cache", "seen", AT, "asked twice")
    shared = SharedState(
        StoreStatus(Path("/x"), "", Generation.SQLITE, 0),
        ingress=(
            (address, PendingInput("ingress", "claimed", AT + 9, "spooled")),
            (Address("telegram", "404"), PendingInput("ingress", "pending", AT, "nobody's")),
            (None, PendingInput("ingress", "pending", AT, "nowhere")),
        ),
        cached={
            address: (
                PendingInput("message-cache", "seen", AT - 1, "before the run"),
                message,
                PendingInput("message-cache", "seen", AT + 8, "spooled"),
            )
        },
    )
    found = join([session(GROUP, started_at=AT - 1, ended_at=AT + 2)], shared, {})
    assert found.pending == {GROUP: (message, PendingInput("ingress", "claimed", AT + 9, "spooled"))}
    assert [item.text for item in found.unclaimed] == ["nobody's", "nowhere"]


def test_after_a_reset_old_messages_do_not_wait() -> None:
    address = Address("telegram", "-1001")
    shared = SharedState(
        StoreStatus(Path("/x"), "", Generation.SQLITE, 0),
        cached={
            address: tuple(
                PendingInput("message-cache", "seen", AT + step, "m") for step in (-600_000, -5_000)
            )
        },
    )
    found = join([session(GROUP, updated_at=AT)], shared, {})
    assert [item.at for item in found.pending[GROUP]] == [AT - 5_000]
