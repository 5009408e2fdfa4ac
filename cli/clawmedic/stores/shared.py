"""The state database `state/openclaw.sqlite`: runs, the ingress spool, channels' message caches, gateways.

7.1 and 9.6 both have one (openclaw-channels.md 0.2 and 3); 9.6 alone keeps runs, leases and boots in it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.disk.files import lstat
from clawmedic.disk.sqlite import open_read_only
from clawmedic.errors import UnreadableError
from clawmedic.model.session import GatewayOwner, Generation, Liveness, PendingInput, RunRecord
from clawmedic.settings import World
from clawmedic.stores.addresses import Address, parse_address
from clawmedic.stores.owners import judge_on_host, recorded_boots, recorded_owners, running_boot_ids
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.query import Damage, app_version, columns_of, rows, select
from clawmedic.stores.reader import StoreStatus
from clawmedic.stores.stamps import seconds_or_ms
from clawmedic.stores.texts import TEXT_CHARS
from clawmedic.stores.typed import Fields

KNOWN_SCHEMA = 18
_RUNS_PER_KEY = 20
_RUNS = 20_000
_CACHED_PER_CHAT = 50
_CACHED = 20_000
_ENDED = frozenset({"completed", "failed", "dead", "skipped"})


class SharedState(Struct, frozen=True):
    """What the sessions of a state directory share. `cached` holds users' messages by chat, oldest first."""

    status: StoreStatus
    version: str | None = None
    owners: tuple[GatewayOwner, ...] = ()
    boots: tuple[int, ...] = ()
    boot_ids: tuple[str, ...] = ()
    runs: Mapping[str, tuple[RunRecord, ...]] = field(default_factory=dict)
    ingress: tuple[tuple[Address | None, PendingInput], ...] = ()
    cached: Mapping[Address, tuple[PendingInput, ...]] = field(default_factory=dict)
    databases: tuple[tuple[str, str], ...] = ()
    """(agent id, path as recorded) of the agents' databases."""


def read_shared(path: Path, world: World, table: ProcessTable) -> SharedState | None:
    """Read the state database once and close it; None when there is none. Damage is in `status`."""
    seen = lstat(path)
    if seen is None:
        return None
    wal = lstat(path.with_name(path.name + "-wal"))
    status = StoreStatus(path, "", Generation.SQLITE, seen.st_size, wal_bytes=wal.st_size if wal else None)
    try:
        database = open_read_only(path, scratch=world.tmp)
    except UnreadableError as error:
        return SharedState(
            _with(status, problem=error.message.removeprefix(f"{path} ").removeprefix(f"{path}: "))
        )
    try:
        words = [database.damage] if database.damage else []
        return _read(database.connection, world, table, status, words)
    finally:
        database.close()


def _with(status: StoreStatus, *, problem: str = "", schema: int | None = None) -> StoreStatus:
    return StoreStatus(
        status.path,
        "",
        Generation.SQLITE,
        status.size_bytes,
        problem=problem,
        damaged=any(word in problem for word in ("malformed", "not a database", "corrupt", "disk I/O")),
        schema_version=schema,
        schema_newer=schema is not None and schema > KNOWN_SCHEMA,
        wal_bytes=status.wal_bytes,
    )


def _read(
    connection: sqlite3.Connection, world: World, table: ProcessTable, status: StoreStatus, words: list[str]
) -> SharedState:
    version = next(rows(connection, "PRAGMA user_version", damage=words.append), (None,))[0]
    found = SharedState(
        status,
        version=app_version(connection),
        owners=tuple(recorded_owners(connection, table, world.clock())),
        boots=recorded_boots(connection),
        boot_ids=running_boot_ids(connection),
        runs=_runs(connection, table, words.append),
        ingress=tuple(_ingress(connection, table, words.append)),
        cached=_cached(connection, words.append),
        databases=_databases(connection),
    )
    schema = version if isinstance(version, int) else None
    return replace(found, status=_with(status, problem="; ".join(dict.fromkeys(words)), schema=schema))


def _databases(connection: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    found = select(connection, "agent_databases", ("agent_id", "path"))
    return tuple((row.text("agent_id") or "", row.text("path") or "") for row in found)


def _runs(
    connection: sqlite3.Connection, table: ProcessTable, damage: Damage
) -> dict[str, tuple[RunRecord, ...]]:
    """The newest runs of each session key, newest last."""
    columns = (
        "owner_key",
        "child_session_key",
        "status",
        "error",
        "created_at",
        "started_at",
        "ended_at",
        "execution_owner_host",
        "execution_owner_pid",
        "execution_owner_start_identity",
    )
    if "created_at" not in columns_of(connection, "task_runs"):
        return {}
    found: dict[str, list[RunRecord]] = defaultdict(list)
    tail = f"ORDER BY created_at DESC LIMIT {_RUNS}"
    for row in select(connection, "task_runs", columns, tail=tail, damage=damage):
        record = _run(row, table)
        for key in {row.text("owner_key"), row.text("child_session_key")} - {None}:
            if key is not None and len(found[key]) < _RUNS_PER_KEY:
                found[key].append(record)
    return {key: tuple(reversed(records)) for key, records in found.items()}


def _run(row: Fields, table: ProcessTable) -> RunRecord:
    owner = Liveness.UNKNOWN
    pid = row.number("execution_owner_pid")
    if pid:
        start, host = row.number("execution_owner_start_identity"), row.text("execution_owner_host")
        owner, _ = judge_on_host(table, pid, start, host)
    at = row.time("started_at") or row.time("created_at")
    error = (row.text("error") or "")[:TEXT_CHARS]
    return RunRecord(at, row.time("ended_at"), row.text("status") or "", error, owner)


def _ingress(
    connection: sqlite3.Connection, table: ProcessTable, damage: Damage
) -> Iterator[tuple[Address | None, PendingInput]]:
    """Messages of the ingress spool that are neither completed nor given up, oldest first."""
    columns = ("channel_id", "lane_key", "status", "payload_json", "received_at", "claim_owner")
    if not {"status", "received_at"} <= columns_of(connection, "channel_ingress_events"):
        return
    marks = ", ".join("?" * len(_ENDED))
    for row in select(
        connection,
        "channel_ingress_events",
        columns,
        where=f"WHERE status NOT IN ({marks})",
        tail=f"ORDER BY received_at LIMIT {_CACHED}",
        parameters=sorted(_ENDED),
        damage=damage,
    ):
        message = _update_message(row.text("payload_json"))
        owner = _claim(row.text("claim_owner"), table)
        text, at = message_of(message) or "", row.time("received_at")
        yield _lane(row, message), PendingInput("ingress", row.text("status") or "", at, text, owner)


def _lane(row: Fields, message: Mapping[str, object]) -> Address | None:
    channel = row.text("channel_id") or ""
    lane = row.text("lane_key")
    return (parse_address(lane, channel=channel) if lane else None) or _chat(message, channel)


def _claim(owner: str | None, table: ProcessTable) -> Liveness:
    """`<pid>:<start time>:<uuid>` (openclaw-channels.md 3)."""
    pid, _, rest = (owner or "").partition(":")
    start = rest.partition(":")[0]
    if not (pid.isdecimal() and pid.isascii()):
        return Liveness.UNKNOWN
    ticks = int(start) if start.isdecimal() and start.isascii() else None
    return table.judge(int(pid), ticks)[0]


def _object(document: str | None) -> dict[str, object]:
    try:
        tree = orjson.loads(document or "null")
    except orjson.JSONDecodeError:
        return {}
    return tree if isinstance(tree, dict) else {}


def _update_message(document: str | None) -> dict[str, object]:
    """The message of a Telegram update, or the payload itself where it looks like a message."""
    update = _object(document)
    update = inner if isinstance(inner := update.get("update"), dict) else update
    for name in ("message", "edited_message", "channel_post"):
        message = update.get(name)
        if isinstance(message, dict):
            return message
    return update


def message_of(message: Mapping[str, object]) -> str | None:
    """The text or caption of a Telegram message; `[photo]` and the like where it has none."""
    for name in ("text", "caption"):
        text = message.get(name)
        if isinstance(text, str) and text:
            return text[:TEXT_CHARS]
    kinds = ("photo", "voice", "audio", "video", "document", "sticker", "location", "contact")
    return next((f"[{kind}]" for kind in kinds if message.get(kind)), None)


def _chat(message: Mapping[str, object], channel: str) -> Address | None:
    chat = message.get("chat")
    number = chat.get("id") if isinstance(chat, dict) else None
    if not isinstance(number, int | str) or isinstance(number, bool):
        return None
    thread = message.get("message_thread_id")
    forum = isinstance(chat, dict) and chat.get("is_forum") is True
    named = str(thread) if isinstance(thread, int) and not isinstance(thread, bool) else ""
    return Address(channel, str(number), named if forum or message.get("is_topic_message") else "")


def _cached(connection: sqlite3.Connection, damage: Damage) -> dict[Address, tuple[PendingInput, ...]]:
    """What people wrote, from the channels' message caches: at most the newest 50 of each chat, oldest first."""
    if not {"plugin_id", "namespace", "value_json", "created_at"} <= columns_of(
        connection, "plugin_state_entries"
    ):
        return {}
    found: dict[Address, dict[object, PendingInput]] = defaultdict(dict)
    columns = ("plugin_id", "value_json", "created_at")
    where = "WHERE namespace LIKE '%.message-cache'"
    tail = f"ORDER BY created_at DESC LIMIT {_CACHED}"
    for row in select(connection, "plugin_state_entries", columns, where=where, tail=tail, damage=damage):
        source = _object(row.text("value_json")).get("sourceMessage")
        if not isinstance(source, dict) or _is_bot(source):
            continue
        text, address = message_of(source), _chat(source, row.text("plugin_id") or "")
        if text is None or address is None or len(found[address]) >= _CACHED_PER_CHAT:
            continue
        at = seconds_or_ms(source.get("date")) or row.time("created_at")
        # The retained namespace repeats the other one: one message is one entry.
        identity = source.get("message_id") or (at, text)
        found[address].setdefault(identity, PendingInput("message-cache", "seen", at, text))
    return {
        address: tuple(sorted(kept.values(), key=lambda item: item.at or 0))
        for address, kept in found.items()
    }


def _is_bot(message: Mapping[str, object]) -> bool:
    sender = message.get("from")
    return isinstance(sender, dict) and sender.get("is_bot") is True
