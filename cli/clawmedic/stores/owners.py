"""Gateways that say they own a state directory: gateway locks, leases, recorded boots, the port of its config.

9.6 keeps a lease with pid, host and start time in the state database, and a row for each boot; 4.15, 7.1 and 9.6 keep a
lock file `gateway.<8 hex>.lock` with the path of their config in `<temporary directory>/openclaw-<uid>/`.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import orjson

from clawmedic.disk.files import list_directory, read_bounded, subdirectories
from clawmedic.model.session import GatewayOwner, Liveness
from clawmedic.model.spans import span
from clawmedic.settings import World
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.query import select
from clawmedic.stores.typed import Fields

_BOOTS = 10
_OF_A_USER = re.compile(r"openclaw-\d+")
_LOCK_BYTES = 64 * 1024


def gateway_locks(world: World, state_dir: Path, config: Path, table: ProcessTable) -> Iterator[GatewayOwner]:
    """Owners by gateway lock files that name this config or lie in this state directory."""
    for directory in _lock_directories(world):
        try:
            names = [listed for listed in list_directory(directory) if listed.name.startswith("gateway.")]
        except OSError:
            continue
        for listed in names:
            if listed.name.endswith(".lock") and listed.is_regular:
                owner = _gateway_lock(Path(listed.path), state_dir, config, table)
                if owner is not None:
                    yield owner


def _lock_directories(world: World) -> list[Path]:
    """`openclaw-<uid>` in the temporary directories: our own, and as root everybody's."""
    places = dict.fromkeys((world.tmp, Path("/tmp")))  # noqa: S108 - OpenClaw's own place
    if world.uid:
        return [place / f"openclaw-{world.uid}" for place in places]
    return [path for place in places for path in subdirectories(place) if _OF_A_USER.fullmatch(path.name)]


def lock_name(config: Path) -> str:
    """The name of the lock of the gateway that runs with this config."""
    return f"gateway.{hashlib.sha256(str(config).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}.lock"


def _gateway_lock(path: Path, state_dir: Path, config: Path, table: ProcessTable) -> GatewayOwner | None:
    try:
        payload = orjson.loads(read_bounded(path, _LOCK_BYTES).data)
    except (OSError, orjson.JSONDecodeError):
        payload = None
    fields = Fields.of(payload)
    named, state = fields.text("configPath"), fields.text("stateDir")
    if state:
        ours = Path(state) == state_dir
    elif named:
        ours = Path(named) in {config, state_dir / "openclaw.json", state_dir / "clawdbot.json"}
    else:
        ours = path.name in {lock_name(config), lock_name(state_dir / "openclaw.json")}
    if not ours:
        return None
    pid, created, ticks = fields.number("pid"), fields.time("createdAt"), fields.number("startTime")
    liveness, why = table.judge(pid, ticks) if ticks is not None else table.judge_since(pid, created)
    return GatewayOwner(pid, fields.number("port"), created, None, liveness, f"gateway lock: {why}")


def recorded_owners(connection: sqlite3.Connection, table: ProcessTable, now: int) -> list[GatewayOwner]:
    """Owners by the state database: leases first, then boots that no lease stands for."""
    boots = _boots(connection)
    leases = [_lease(row, boots, table, now) for row in _lease_rows(connection)]
    covered = {(owner.pid, owner.started_at) for owner in leases}
    return [*leases, *(_boot(boot, table) for boot in boots if (boot[0], boot[1]) not in covered)]


def recorded_boots(connection: sqlite3.Connection) -> tuple[int, ...]:
    """When gateways began, newest first, epoch milliseconds."""
    return tuple(boot[1] for boot in _boots(connection) if boot[1] is not None)


def running_boot_ids(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Ids of boots without a recorded end; a gateway names its own when it is connected to (9.6 `server.bootId`)."""
    columns = ("boot_id", "outcome")
    tail = f"ORDER BY started_at_ms DESC LIMIT {_BOOTS}"
    rows = select(connection, "gateway_boot_lifecycle", columns, tail=tail)
    return tuple(name for row in rows if not row.text("outcome") and (name := row.text("boot_id")))


_Boot = tuple[int | None, int | None, str]
"""pid, start in epoch ms, outcome ("" while it runs or after a kill)."""


def _boots(connection: sqlite3.Connection) -> list[_Boot]:
    rows = select(
        connection,
        "gateway_boot_lifecycle",
        ("pid", "started_at_ms", "outcome"),
        tail=f"ORDER BY started_at_ms DESC LIMIT {_BOOTS}",
    )
    return [(row.number("pid"), row.time("started_at_ms"), row.text("outcome") or "") for row in rows]


def _boot(boot: _Boot, table: ProcessTable) -> GatewayOwner:
    pid, started, outcome = boot
    if outcome:
        return GatewayOwner(pid, None, started, None, Liveness.DEAD, f"recorded boot: ended with {outcome}")
    liveness, why = table.judge_since(pid, started)
    if liveness is Liveness.ALIVE:  # no lease stands for it, and ids are used again
        liveness = Liveness.UNKNOWN
    return GatewayOwner(pid, None, started, None, liveness, f"recorded boot without an end or a lease: {why}")


def _lease_rows(connection: sqlite3.Connection) -> list[Fields]:
    columns = ("scope", "payload_json", "expires_at", "heartbeat_at")
    return [
        row for row in select(connection, "state_leases", columns) if row.text("scope") == "gateway-owner"
    ]


def _lease(row: Fields, boots: list[_Boot], table: ProcessTable, now: int) -> GatewayOwner:
    try:
        payload = Fields.of(orjson.loads(row.text("payload_json") or "{}"))
    except orjson.JSONDecodeError:
        payload = Fields({})
    owner = payload.inner("owner")
    pid = owner.number("pid")
    expires = row.time("expires_at")
    liveness, why = judge_on_host(table, pid, owner.number("startedAt"), owner.text("host"))
    if expires is not None and expires < now:
        why += f"; the lease expired {span(now - expires)} ago"
    started = next((boot[1] for boot in boots if boot[0] == pid), None)
    return GatewayOwner(
        pid, payload.number("port"), started, row.time("heartbeat_at"), liveness, f"lease: {why}"
    )


def judge_on_host(
    table: ProcessTable, pid: int | None, start_ticks: int | None, host: str | None
) -> tuple[Liveness, str]:
    """As `ProcessTable.judge`, for an owner that names its host: another host's processes cannot be seen from here."""
    if host and table.host and host != table.host:
        return Liveness.UNKNOWN, f"pid {pid} on host {host}; this host is {table.host}"
    return table.judge(pid, start_ticks)
