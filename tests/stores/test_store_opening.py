from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.errors import NotFoundError
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Generation, Liveness
from clawmedic.settings import Settings, World
from clawmedic.stores.discover import dialect_of
from clawmedic.stores.opening import open_for_reading

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CASES = sorted(path.parent.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*/truth.json"))
SID = "11111111-2222-4333-8444-555555555555"
KEY = "agent:main:telegram:group:-1001"


def written_lines(state: Path, name: str) -> list[bytes]:
    return (state / "agents/main/sessions" / name).read_bytes().splitlines()


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_read_whole_and_left_alone(case: str, copy_case, opened, snapshot) -> None:
    state = copy_case(case)
    truth = json.loads((CORPUS / case / "truth.json").read_text())
    before = snapshot(state)
    with opened(state) as reader:
        sessions = [session for store in reader.stores for session in store.sessions()]
        assert [session.key for session in sessions] == [truth["session_key"]]
        (store,), (session,) = reader.stores, sessions
        assert session.transcript.exists
        assert session.problems == ()
        status = store.status()
        assert (status.problem, status.damaged, status.invalid_rows, status.schema_newer) == (
            "",
            False,
            (),
            False,
        )
        entries = list(store.entries(session))
        tail = store.tail(session, 64 * 1024, seek_compaction=True)
        assert tail.problem == ""
        assert tail.head is not None
        assert json.loads(tail.head.data)["type"] == "session"
        assert [entry.data for entry in tail.entries] == [
            entry.data for entry in entries[-len(tail.entries) :]
        ]
        assert len(tail.entries) >= 4
        assert all(isinstance(json.loads(entry.data), dict) for entry in entries)
        assert sum(entry.size_bytes for entry in entries) <= session.transcript.size_bytes
        version = case.partition("/")[0]
        assert reader.dialect == version.removeprefix("2026.")
        sqlite = version == "2026.9.6"
        assert reader.generation is (Generation.SQLITE if sqlite else Generation.FILES)
        assert reader.config.default_model == "fake/big"
        assert reader.problems == ()
        assert (reader.free_bytes or 0) > 0
        if not sqlite:
            row = json.loads((state / "agents/main/sessions/sessions.json").read_text())[session.key]
            name = Path(row["sessionFile"]).name
            assert session.transcript.path == state / "agents/main/sessions" / name
            assert [entry.data for entry in entries] == written_lines(state, name)
        else:
            assert all(entry.active is not None for entry in entries)
    assert snapshot(state) == before


def test_what_channels_keep_of_refused_messages(copy_case, opened) -> None:
    with opened(copy_case("2026.9.6/tg-killed-midpreflight-ingress-claimed")) as reader:
        (session,) = reader.stores[0].sessions()
    spooled = [item for item in session.pending if item.source == "ingress"]
    assert [(item.state, item.text, item.owner) for item in spooled] == [
        ("claimed", "please remember QUINCE and answer", Liveness.DEAD)
    ]
    assert any(item.source == "message-cache" for item in session.pending)
    assert len(session.runs) == 1
    assert session.runs[0].error.startswith("Preflight compaction required but failed")


@pytest.mark.parametrize(
    "case", ["2026.9.6/tg-dm-main-healthy", "2026.9.6/tg-restart-recovered-then-channel-turn"]
)
def test_answered_messages_of_healthy_channels_do_not_wait(case: str, copy_case, opened) -> None:
    with opened(copy_case(case)) as reader:
        assert [session.pending for store in reader.stores for session in store.sessions()] == [()]


def test_refused_messages_of_a_dead_group(copy_case, opened) -> None:
    with opened(copy_case("2026.9.6/tg-group-compact-400-dead")) as reader:
        (session,) = reader.stores[0].sessions()
    assert len(session.pending) >= 3
    assert all(item.at is not None and item.at > (session.started_at or 0) for item in session.pending)


def test_leases_of_the_corpus(copy_case, opened) -> None:
    state = copy_case("2026.9.6/busy-live-run")
    with opened(state) as reader:
        assert reader.owners[0].liveness is Liveness.DEAD
        assert reader.version == "2026.9.6"
        assert reader.version_source == "state database schema_meta"
        assert len(reader.boots) == 8
        pid = reader.owners[0].pid
    assert pid is not None


def test_the_orphans_of_an_automatic_reset_are_artefacts(copy_case, opened) -> None:
    with opened(copy_case("2026.4.15/autoreset-compact-400")) as reader:
        (store,) = reader.stores
        (session,) = store.sessions()
        live = {item.path.name for item in store.artefacts() if item.kind == "live"}
    assert live - {session.transcript.path.name} == {"6d5ebc97-210f-4ebd-a0cf-f9f3904b256c.jsonl"}


def test_unknown_and_empty_directories(tmp_path: Path, world: World, opened) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for root in (empty, tmp_path / "missing", tmp_path / "file"):
        if root.name == "file":
            root.write_text("x")
        with pytest.raises(NotFoundError):
            open_for_reading(Settings(world=world, state_dir=root), SilentReporter())
    (empty / "openclaw.json").write_text("{}")
    with opened(empty) as reader:
        assert (reader.stores, reader.dialect, reader.version) == ((), "", None)
    (empty / "agents").mkdir()
    (empty / "openclaw.json").unlink()
    with opened(empty) as reader:
        assert reader.stores == ()


def store_at(path: Path, key: str = KEY) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({key: {"sessionId": SID}}))


def test_agents_by_directory_and_by_config(tmp_path: Path, opened) -> None:
    root = tmp_path / "state"
    store_at(root / "agents/main/sessions/sessions.json")
    store_at(root / "agents/ops/sessions/sessions.json")
    store_at(tmp_path / "elsewhere/lab/sessions.json")
    template = str(tmp_path / "elsewhere/{agentId}/sessions.json")
    config = {
        "session": {"store": template},
        "agents": {"list": [{"id": "lab"}, {"id": "../evil"}, {"id": "idle"}]},
    }
    (root / "openclaw.json").write_text(json.dumps(config))
    with opened(root) as reader:
        assert [store.agent for store in reader.stores] == ["lab", "main", "ops"]
        assert reader.stores[0].status().path == tmp_path / "elsewhere/lab/sessions.json"


def test_the_store_template_of_a_copy_does_not_lead_to_the_original(tmp_path: Path, opened) -> None:
    root = tmp_path / "copy"
    store_at(root / "agents/main/sessions/sessions.json", "agent:main:copied")
    store_at(tmp_path / "original/main/sessions.json", "agent:main:original")
    store_at(root / "stores/main.json", "agent:main:inside")
    for template, key in (
        ("original/{agentId}/sessions.json", "copied"),
        ("copy/stores/{agentId}.json", "inside"),
    ):
        (root / "openclaw.json").write_text(json.dumps({"session": {"store": str(tmp_path / template)}}))
        with opened(root) as reader:
            keys = [session.key for store in reader.stores for session in store.sessions()]
            assert keys == [f"agent:main:{key}"]


def test_the_legacy_place(tmp_path: Path, opened) -> None:
    root = tmp_path / "state"
    store_at(root / "sessions/sessions.json")
    with opened(root) as reader:
        (store,) = reader.stores
        assert (store.agent, [session.key for session in store.sessions()]) == ("main", [KEY])


def test_a_database_goes_before_a_store_that_was_left(copy_case, opened) -> None:
    state = copy_case("2026.9.6/healthy-mid")
    store_at(state / "agents/main/sessions/sessions.json", "agent:main:old")
    with opened(state) as reader:
        assert [store.generation for store in reader.stores] == [Generation.SQLITE]
        assert any("older generation" in problem for problem in reader.problems)


def test_agents_of_both_generations(copy_case, opened) -> None:
    state = copy_case("2026.9.6/healthy-mid")
    store_at(state / "agents/older/sessions/sessions.json", "agent:older:main")
    with opened(state) as reader:
        assert {store.agent: store.generation for store in reader.stores} == {
            "main": Generation.SQLITE,
            "older": Generation.FILES,
        }
        assert reader.generation is Generation.SQLITE


def test_a_damaged_agent_database_does_not_hide_the_others(copy_case, opened) -> None:
    state = copy_case("2026.9.6/healthy-mid")
    broken = state / "agents/broken/agent/openclaw-agent.sqlite"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"damage" * 1000)
    (state / "state/openclaw.sqlite").write_bytes(b"damage" * 1000)
    with opened(state) as reader:
        found = {store.agent: (len(store.sessions()), store.status().damaged) for store in reader.stores}
        assert found == {"broken": (0, True), "main": (1, False)}
        assert any("openclaw.sqlite" in problem for problem in reader.problems)
        assert reader.shared is not None
        assert reader.shared.damaged


def test_odd_files_everywhere_end_in_data(state: Path, sessions_dir: Path, opened) -> None:
    (state / "openclaw.json").unlink()
    os.mkfifo(state / "openclaw.json")
    os.mkfifo(sessions_dir / "sessions.json")
    (state / "state").mkdir()
    os.mkfifo(state / "state" / "openclaw.sqlite")
    (state / "agents" / "loop").symlink_to("loop")
    (state / "agents" / "file").write_text("")
    (state / "update-check.json").symlink_to("update-check.json")
    with opened(state) as reader:
        assert [store.status().problem for store in reader.stores] == ["is a FIFO"]
        assert reader.problems == ("config: openclaw.json: is a FIFO", "state/openclaw.sqlite: is a FIFO")


def test_a_linked_state_directory(copy_case, opened, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(copy_case("2026.7.1/healthy-chat"))
    with opened(link) as reader:
        assert [session.transcript.exists for session in reader.stores[0].sessions()] == [True]


def test_versions_from_files(state: Path, opened) -> None:
    store_at(state / "agents/two/sessions/sessions.json")
    for text, version, dialect in (
        ('{"meta": {"lastTouchedVersion": "2026.4.15"}}', "2026.4.15", "4.15"),
        ('{"meta": {"lastTouchedVersion": "v2026.7.1"}}', "2026.7.1", "7.1"),
        ('{"meta": {"lastTouchedVersion": "2026.7.2-beta.1"}}', "2026.7.2-beta.1", "9.6"),
        ('{"meta": {"lastTouchedVersion": 5}}', None, "4.15"),
    ):
        (state / "openclaw.json").write_text(text)
        with opened(state) as reader:
            assert (reader.version, reader.dialect) == (version, dialect)


def test_dialects() -> None:
    assert dialect_of(None, sqlite=True, seems_7_1=False, any_rows=True) == "9.6"
    assert dialect_of("2026.4.15", sqlite=False, seems_7_1=True, any_rows=True) == "7.1"
    assert dialect_of(None, sqlite=False, seems_7_1=False, any_rows=False) == ""


def test_reading_needs_no_right_to_write(world: World, snapshot) -> None:
    """Root may write anywhere: the check runs as nobody there, on a tree nobody may write to."""
    with tempfile.TemporaryDirectory(prefix="clawmedic-test-") as name:
        base = Path(name)
        base.chmod(0o755)
        scratch = base / "tmp"
        scratch.mkdir()
        scratch.chmod(0o777)
        state = base / "state"
        shutil.copytree(CORPUS / "2026.9.6/healthy-mid/state", state)
        import sqlite3

        path = state / "agents/main/agent/openclaw-agent.sqlite"
        connection = sqlite3.connect(path)
        connection.create_function("octet_length", 1, len, deterministic=True)
        connection.execute("PRAGMA journal_mode=wal")
        connection.close()
        for found in (state, *state.rglob("*")):
            found.chmod(0o555 if found.is_dir() else 0o444)
        before = snapshot(state)
        settings = Settings(world=replace(world, tmp=scratch, proc=Path("/nonexistent")), state_dir=state)
        if os.geteuid() == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(PermissionError):
                (state / "proof").touch()
            with open_for_reading(settings, SilentReporter()) as reader:
                (session,) = reader.stores[0].sessions()
                assert list(reader.stores[0].entries(session))
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
            for found in (state, *state.rglob("*")):
                found.chmod(0o755)
        assert list(scratch.iterdir()) == []
        assert {name: seen[:2] for name, seen in snapshot(state).items()} == {
            name: seen[:2] for name, seen in before.items()
        }


def test_progress_is_told(copy_case: Callable[[str], Path], world: World) -> None:
    told: list[object] = []

    class Teller:
        def begin(self, what: str, total: int | None) -> None:
            told.append((what, total))

        def advance(self, amount: int = 1) -> None:
            told.append(amount)

        def end(self) -> None:
            told.append("end")

    settings = Settings(world=world, state_dir=copy_case("2026.7.1/healthy-chat"))
    open_for_reading(settings, Teller()).close()
    assert told == [("reading stores", 1), 1, "end"]
