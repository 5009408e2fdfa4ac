from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.model.session import Liveness
from clawmedic.settings import World
from clawmedic.stores.locks import lock_beside, read_lock
from clawmedic.stores.owners import gateway_locks, lock_name, recorded_boots, recorded_owners
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.running import is_gateway, running_gateways

NOW = 1_795_430_000_000
BOOTED_MS = 1_795_000_000_000


@pytest.fixture
def table(proc) -> ProcessTable:
    return ProcessTable(proc.root)


def test_the_start_time_tells_processes_apart(proc, table: ProcessTable) -> None:
    proc.add(700, 5000, comm="node (v24) x) y")
    assert table.judge(700, 5000)[0] is Liveness.ALIVE
    assert table.judge(700)[0] is Liveness.ALIVE
    liveness, why = table.judge(700, 4999)
    assert liveness is Liveness.DEAD
    assert "recycled" in why
    assert table.judge(701, 5000) == (Liveness.DEAD, "pid 701 does not run")


def test_a_zombie_is_dead(proc, table: ProcessTable) -> None:
    proc.add(700, 5000, state="Z")
    assert table.judge(700, 5000) == (Liveness.DEAD, "pid 700 has ended")


def test_without_a_process_table_nobody_knows(tmp_path: Path) -> None:
    table = ProcessTable(tmp_path / "nothing")
    assert table.judge(1, 1)[0] is Liveness.UNKNOWN
    assert table.judge(None)[0] is Liveness.UNKNOWN


def test_a_record_older_than_the_process_is_of_another_one(proc, table: ProcessTable) -> None:
    proc.add(700, 100 * os.sysconf("SC_CLK_TCK"))  # began 100 s after boot
    assert table.started_ms(700) == BOOTED_MS + 100_000
    assert table.judge_since(700, BOOTED_MS + 99_500)[0] is Liveness.ALIVE
    assert table.judge_since(700, BOOTED_MS + 101_000)[0] is Liveness.ALIVE
    assert table.judge_since(700, BOOTED_MS + 90_000)[0] is Liveness.DEAD


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_real_processes() -> None:
    table = ProcessTable(Path("/proc"))
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ticks = table.start_ticks(child.pid)
    assert table.judge(child.pid, ticks)[0] is Liveness.ALIVE
    assert table.judge(child.pid, (ticks or 0) + 1)[0] is Liveness.DEAD
    child.kill()
    child.communicate()
    assert table.judge(child.pid, ticks)[0] is Liveness.DEAD


def put_lock(directory: Path, payload: object) -> Path:
    path = directory / "x.jsonl.lock"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload, indent=2))
    return path


def test_locks_of_the_living_and_the_dead(tmp_path: Path, proc, table: ProcessTable) -> None:
    proc.add(700, 5000)
    payload = {"pid": 700, "createdAt": "2026-11-23T08:15:51.024Z", "starttime": 5000, "maxHoldMs": 300000}
    lock = read_lock(put_lock(tmp_path, payload), table, NOW)
    assert lock is not None
    assert (lock.pid, lock.created_at, lock.liveness) == (700, 1795421751024, Liveness.ALIVE)
    recycled = read_lock(put_lock(tmp_path, {**payload, "starttime": 7}), table, NOW)
    assert recycled is not None
    assert recycled.liveness is Liveness.DEAD
    gone = lock_beside(put_lock(tmp_path, {**payload, "pid": 9}).with_suffix(""), table, NOW)
    assert gone is not None
    assert (gone.liveness, gone.why) == (Liveness.DEAD, "pid 9 does not run")
    assert read_lock(tmp_path / "none.lock", table, NOW) is None
    assert lock_beside(tmp_path / "none.jsonl", table, NOW) is None


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", "{}", '{"pid": "x"}', '{"pid": -5}', "\0" * 10])
def test_a_lock_without_an_owner_is_dead_only_when_old(
    tmp_path: Path, table: ProcessTable, payload: str
) -> None:
    path = put_lock(tmp_path, payload)
    os.utime(path, (NOW / 1000 - 10, NOW / 1000 - 10))
    young = read_lock(path, table, NOW)
    os.utime(path, (NOW / 1000 - 40, NOW / 1000 - 40))
    old = read_lock(path, table, NOW)
    assert young is not None
    assert old is not None
    assert (young.liveness, old.liveness) == (Liveness.UNKNOWN, Liveness.DEAD)


def test_a_lock_that_is_no_file_is_unknown(tmp_path: Path, table: ProcessTable) -> None:
    os.mkfifo(tmp_path / "fifo.lock")
    lock = read_lock(tmp_path / "fifo.lock", table, NOW)
    assert lock is not None
    assert (lock.liveness, lock.why) == (Liveness.UNKNOWN, "is a FIFO")


@pytest.fixture
def database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE state_leases(scope TEXT, lease_key TEXT, owner TEXT, expires_at INT, heartbeat_at INT,"
        " payload_json TEXT)"
    )
    connection.execute(
        "CREATE TABLE gateway_boot_lifecycle(boot_id TEXT, pid INT, started_at_ms INT, outcome TEXT)"
    )
    return connection


def lease(
    database: sqlite3.Connection, payload: object, expires: int = NOW + 1000, scope: str = "gateway-owner"
) -> None:
    document = payload if isinstance(payload, str) else json.dumps(payload)
    database.execute(
        "INSERT INTO state_leases VALUES(?, 'global', 'o', ?, ?, ?)", (scope, expires, NOW - 5, document)
    )


def test_a_lease_of_a_running_gateway(database: sqlite3.Connection, proc, table: ProcessTable) -> None:
    proc.add(700, 5000)
    lease(database, {"owner": {"pid": 700, "host": "vm", "startedAt": 5000}, "port": 19096})
    database.execute("INSERT INTO gateway_boot_lifecycle VALUES('b', 700, ?, NULL)", (NOW - 9000,))
    database.execute("INSERT INTO gateway_boot_lifecycle VALUES('a', 600, ?, 'clean_stop')", (NOW - 90000,))
    owners = recorded_owners(database, table, NOW)
    assert [(owner.pid, owner.port, owner.started_at, owner.liveness) for owner in owners] == [
        (700, 19096, NOW - 9000, Liveness.ALIVE),
        (600, None, NOW - 90000, Liveness.DEAD),
    ]
    assert owners[0].heartbeat_at == NOW - 5
    assert "clean_stop" in owners[1].why
    assert recorded_boots(database) == (NOW - 9000, NOW - 90000)


def test_leases_of_other_hosts_recycled_pids_and_expired_ones(
    database: sqlite3.Connection, proc, table: ProcessTable
) -> None:
    proc.add(700, 5000)
    lease(database, {"owner": {"pid": 700, "host": "container", "startedAt": 5000}})
    lease(database, {"owner": {"pid": 700, "host": "vm", "startedAt": 4}})
    lease(database, {"owner": {"pid": 5, "host": "vm", "startedAt": 4}}, NOW - 60_000)
    lease(database, "not json")
    lease(database, {"owner": {"pid": 700}}, scope="another-scope")
    owners = recorded_owners(database, table, NOW)
    assert [owner.liveness for owner in owners] == [
        Liveness.UNKNOWN,
        Liveness.DEAD,
        Liveness.DEAD,
        Liveness.UNKNOWN,
    ]
    assert "container" in owners[0].why
    assert "expired 60 s ago" in owners[2].why


def test_a_boot_without_an_end_whose_pid_runs_proves_nothing(
    database: sqlite3.Connection, proc, table: ProcessTable
) -> None:
    proc.add(700, 100)
    database.execute("INSERT INTO gateway_boot_lifecycle VALUES('b', 700, ?, NULL)", (NOW,))
    database.execute("INSERT INTO gateway_boot_lifecycle VALUES('c', 701, ?, NULL)", (NOW - 5,))
    assert [owner.liveness for owner in recorded_owners(database, table, NOW)] == [
        Liveness.UNKNOWN,
        Liveness.DEAD,
    ]


def test_a_database_without_those_tables_has_no_owners(table: ProcessTable) -> None:
    assert recorded_owners(sqlite3.connect(":memory:"), table, NOW) == []


def test_gateway_locks_count_for_their_own_config_only(
    tmp_path: Path, world: World, proc, table: ProcessTable
) -> None:
    proc.add(700, 5000)
    state = tmp_path / "state"
    config = state / "openclaw.json"
    directory = world.tmp / f"openclaw-{world.uid}"
    directory.mkdir()
    ours = {
        "pid": 700,
        "createdAt": "2026-11-23T08:15:51.024Z",
        "configPath": str(config),
        "startTime": 5000,
        "port": 7,
    }
    (directory / lock_name(config)).write_text(json.dumps(ours))
    (directory / "gateway.00000000.lock").write_text(
        json.dumps({**ours, "configPath": "/elsewhere/openclaw.json"})
    )
    (directory / "gateway.11111111.lock").write_text(json.dumps({**ours, "pid": 8, "stateDir": str(state)}))
    (directory / "gateway.22222222.lock").write_text("{torn")
    os.mkfifo(directory / "gateway.33333333.lock")
    owners = list(gateway_locks(world, state, config, table))
    found = sorted((owner.pid or 0, owner.port, owner.liveness) for owner in owners)
    assert found == [(8, 7, Liveness.DEAD), (700, 7, Liveness.ALIVE)]
    (directory / lock_name(config)).write_text("{torn")
    assert {owner.pid for owner in gateway_locks(world, state, config, table)} == {None, 8}
    assert list(gateway_locks(replace(world, tmp=tmp_path / "none"), state, config, table)) == []


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["openclaw-gateway"], True),
        (["/usr/bin/openclaw-gateway"], True),
        (["/usr/bin/node", "/opt/openclaw/openclaw.mjs", "gateway", "run"], True),
        (["openclaw", "gateway"], True),
        (["/usr/bin/node", "/opt/openclaw/openclaw.mjs", "sessions"], False),
        (["vim", "gateway"], False),
        (["python", "-m", "http.server"], False),
    ],
)
def test_what_a_gateway_looks_like(argv: list[str], *, expected: bool) -> None:
    assert is_gateway(argv) is expected


def test_gateways_in_the_process_table(tmp_path: Path, proc, table: ProcessTable) -> None:
    state, other, home = tmp_path / "state", tmp_path / "other", tmp_path / "home"
    for directory in (state, other, home):
        directory.mkdir()
    config = state / "openclaw.json"
    launcher = ("/usr/bin/node", "/opt/openclaw.mjs", "gateway", "run")
    proc.add(700, 100, argv=launcher, env={"OPENCLAW_STATE_DIR": str(state)})
    proc.add(701, 100, argv=("openclaw-gateway" + " " * 40,), env={"OPENCLAW_STATE_DIR": f"{state}/../state"})
    proc.add(702, 100, argv=("openclaw-gateway",), env={"OPENCLAW_STATE_DIR": str(other)})
    proc.add(703, 100, argv=("openclaw-gateway",))
    assert [owner.pid for owner in running_gateways(table, state, config)] == [701]
    assert [owner.pid for owner in running_gateways(table, other, config)] == [702]
    (home / ".openclaw").symlink_to(state)
    proc.add(704, 100, argv=("openclaw-gateway",), env={"HOME": str(home), "TOKEN": "secret"})
    owners = running_gateways(table, state, config)
    assert sorted(owner.pid or 0 for owner in owners) == [701, 704]
    assert all(owner.liveness is Liveness.ALIVE and "secret" not in owner.why for owner in owners)
