"""State directories of the SQLite generation: the agent's and the state database (openclaw-sqlite.md 1)."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

import orjson

from clawmedic.disk import building
from clawmedic.drill.builder_entries import MODEL, PROVIDER, JsonObject
from clawmedic.drill.builder_events import write_events
from clawmedic.drill.builder_tree import Tree, delivery_context, write_config, write_log
from clawmedic.drill.ids import Ids
from clawmedic.drill.story import Run, Story, Waiting

AGENT_SCHEMA, STATE_SCHEMA = 23, 18
DATABASE = Path("agents/main/agent/openclaw-agent.sqlite")
TASK_KEPT_MS = 604_800_000
LEASE_MS = 300_000


def write_sqlite_tree(tree: Tree) -> None:
    """Make the whole state directory and its log; both databases keep their content in the `-wal` file."""
    write_config(tree)
    agent, state = tree.state / DATABASE, tree.state / "state" / "openclaw.sqlite"
    for path in (agent, state):
        path.parent.mkdir(parents=True)
    if tree.spoil_store is not None:
        building.write_bytes(agent, tree.spoil_store(b""))
    else:
        building.create_database(
            agent, _ddl("agent.sql"), AGENT_SCHEMA, lambda database: _fill_agent(database, tree)
        )
    building.create_database(
        state, _ddl("state.sql"), STATE_SCHEMA, lambda database: _fill_state(database, tree)
    )
    write_log(tree)


def _ddl(name: str) -> str:
    return resources.files("clawmedic.drill").joinpath("ddl", name).read_text(encoding="utf-8")


def _fill_agent(database: sqlite3.Connection, tree: Tree) -> None:
    meta = ("primary", "agent", AGENT_SCHEMA, "main", tree.version.value, tree.booted_at, tree.booted_at)
    database.execute("INSERT INTO schema_meta VALUES (?, ?, ?, ?, ?, ?, ?)", meta)
    for story in tree.stories:
        _write_session(database, story)
        write_events(database, story)
        if story.rpc:
            for waiting in story.waiting:
                _write_pending(database, story, waiting)
        else:
            _write_conversation(database, story)
    if tree.cooldown_until is not None:
        _write_cooldown(database, tree.cooldown_until)


def _write_cooldown(database: sqlite3.Connection, until: int) -> None:
    """One 401 puts a provider into a cool-down for every session (openclaw-sqlite.md 2.2)."""
    rests = {"cooldownUntil": until, "cooldownReason": "auth", "errorCount": 3}
    state = orjson.dumps({"usageStats": {f"inline-api-key:{PROVIDER}": rests}}).decode()
    row = {"state_key": "primary", "state_json": state, "updated_at": until - LEASE_MS}
    _insert(database, "auth_profile_state", row)


def _entry(story: Story) -> JsonObject:
    """`entry_json`: the row as the release keeps it."""
    entry: JsonObject = dict(story.row)
    entry |= {
        "createdVia": "run" if story.rpc else "channel",
        "groupId": story.chat,
        "agentHarnessId": "openclaw",
    }
    if story.rpc:
        entry["delivery"] = {"kind": "none"}
        return entry
    context = delivery_context(story)
    route = {"channel": "telegram", "accountId": "default", "target": {"to": context["to"]}}
    entry |= {
        "chatType": "group",
        "systemSent": True,
        "delivery": {"kind": "external", "route": route, "context": context},
    }
    return entry


def _write_session(database: sqlite3.Connection, story: Story) -> None:
    entry = _entry(story)
    created, updated = story.row["sessionStartedAt"], story.row["updatedAt"]
    node = {
        "session_key": story.key,
        "current_session_id": story.session_id,
        "entry_json": orjson.dumps(entry).decode(),
        "entry_valid": story.entry_valid,
        "updated_at": updated,
        "status": entry.get("status"),
        "created_at": created,
        "created_via": entry["createdVia"],
        "display_name": story.key.removeprefix("agent:main:"),
        "archived_at": entry.get("archivedAt"),
        "last_interaction_at": entry.get("lastInteractionAt"),
        "last_activity_at": entry.get("lastActivityAt"),
    }
    _insert(database, "session_nodes", node)
    window = {
        "session_id": story.session_id,
        "session_key": story.key,
        "created_at": created,
        "updated_at": updated,
        "session_entry_provenance": 1,
        "started_at": entry.get("startedAt"),
        "ended_at": entry.get("endedAt"),
        "status": entry.get("status"),
        "model_provider": PROVIDER,
        "model": MODEL,
        "agent_harness_id": "openclaw",
    }
    _insert(database, "session_windows", window)


def _write_conversation(database: sqlite3.Connection, story: Story) -> None:
    conversation = {
        "conversation_id": f"conv_{story.ids.hex(32)}",
        "channel": "telegram",
        "account_id": "default",
        "kind": "group",
        "peer_id": story.chat,
        "delivery_target": f"telegram:{story.chat}",
        "created_at": story.row["sessionStartedAt"],
        "updated_at": story.row["updatedAt"],
    }
    _insert(database, "conversations", conversation)
    link = {
        "session_id": story.session_id,
        "conversation_id": conversation["conversation_id"],
        "role": "primary",
        "first_seen_at": conversation["created_at"],
        "last_seen_at": conversation["updated_at"],
    }
    _insert(database, "session_conversations", link)


def _write_pending(database: sqlite3.Connection, story: Story, waiting: Waiting) -> None:
    message = {
        "role": "user",
        "content": waiting.text,
        "timestamp": waiting.at,
        "idempotencyKey": f"{waiting.run_id}:user",
    }
    pending = {
        "input_id": story.ids.uuid(),
        "session_key": story.key,
        "session_id": story.session_id,
        "idempotency_key": f"{waiting.run_id}:user",
        "run_id": waiting.run_id,
        "request_hash": story.ids.digest().hex(),
        "message_json": orjson.dumps(message).decode(),
        "lifecycle_generation": story.ids.uuid(),
        "state": "interrupted",
        "accepted_at": waiting.at,
    }
    _insert(database, "session_pending_inputs", pending)


def _fill_state(database: sqlite3.Connection, tree: Tree) -> None:
    meta = ("primary", "global", STATE_SCHEMA, None, tree.version.value, tree.booted_at, tree.booted_at)
    database.execute("INSERT INTO schema_meta VALUES (?, ?, ?, ?, ?, ?, ?)", meta)
    _write_owner(database, tree, Ids(f"{tree.version}:gateway"))
    for story in tree.stories:
        for run in story.runs:
            _write_run(database, tree, story, run)
        if not story.rpc:
            for number, waiting in enumerate(story.waiting):
                claimed = story.claimed and waiting is story.waiting[-1]
                _write_message(database, tree, story, waiting, number, claimed=claimed)


def _write_owner(database: sqlite3.Connection, tree: Tree, ids: Ids) -> None:
    """The leases of a gateway that was killed: it never gave them back."""
    last = max(story.now for story in tree.stories)
    boot = {"boot_id": ids.uuid(), "pid": tree.gateway.pid, "started_at_ms": tree.booted_at}
    _insert(database, "gateway_boot_lifecycle", boot)
    owner = {"pid": tree.gateway.pid, "host": tree.gateway.host, "startedAt": tree.gateway.start_time}
    lease = {
        "scope": "gateway-owner",
        "lease_key": "global",
        "owner": ids.uuid(),
        "expires_at": last + LEASE_MS,
        "heartbeat_at": last,
        "payload_json": orjson.dumps(
            {"owner": owner, "port": tree.gateway.port, "mode": "foreground"}
        ).decode(),
        "created_at": tree.booted_at,
        "updated_at": last,
    }
    _insert(database, "state_leases", lease)
    handle = {
        "lease_id": ids.uuid(),
        "agent_id": "main",
        "path": str(tree.state / DATABASE),
        "owner_pid": tree.gateway.pid,
        "owner_start_time": tree.gateway.start_time,
        "opened_at": tree.booted_at,
    }
    _insert(database, "agent_database_leases", handle)
    listed = {
        "agent_id": "main",
        "path": str(DATABASE),
        "schema_version": AGENT_SCHEMA,
        "last_seen_at": tree.booted_at,
    }
    _insert(database, "agent_databases", listed)


def _write_run(database: sqlite3.Connection, tree: Tree, story: Story, run: Run) -> None:
    row = {
        "task_id": story.ids.uuid(),
        "runtime": "cli",
        "source_id": run.run_id,
        "requester_session_key": story.key,
        "owner_key": story.key,
        "scope_kind": "session",
        "child_session_key": story.key,
        "agent_id": "main",
        "run_id": run.run_id,
        "execution_owner_host": tree.gateway.host,
        "execution_owner_pid": tree.gateway.pid,
        "execution_owner_start_identity": tree.gateway.start_time,
        "task": run.task,
        "status": run.status,
        "delivery_status": "not_applicable",
        "notify_policy": "silent",
        "created_at": run.started_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "last_event_at": run.ended_at,
        "cleanup_after": run.ended_at + TASK_KEPT_MS,
        "error": run.error or None,
        "terminal_summary": run.error or "completed",
    }
    _insert(database, "task_runs", row)


def _write_message(
    database: sqlite3.Connection, tree: Tree, story: Story, waiting: Waiting, number: int, *, claimed: bool
) -> None:
    """A chat message without an answer: its text is only in the message cache (openclaw-channels.md 0.2).

    One that was being worked on when the gateway was killed is still claimed in the spool (3 there).
    """
    source = {
        "message_id": 1_000 + number,
        "from": {"id": 7700100, "is_bot": False, "first_name": "Sam"},
        "chat": {"id": int(story.chat), "type": "supergroup", "title": "Drill"},
        "date": waiting.at // 1000,
        "text": waiting.text,
    }
    event: JsonObject = {
        "queue_name": '["telegram","default"]',
        "event_id": f"{abs(int(story.chat)) % 10**9 * 100 + number:016d}",
        "channel_id": "telegram",
        "account_id": "default",
        "lane_key": f"telegram:{story.chat}",
        "received_at": waiting.at,
    }
    if claimed:
        token = story.ids.uuid()
        update = {"update_id": number, "message": source}
        payload = {"version": 1, "updateId": number, "receivedAt": waiting.at, "update": update}
        event |= {"status": "claimed", "payload_json": orjson.dumps(payload).decode(), "claim_token": token}
        event |= {"claim_owner": f"{tree.gateway.pid}:{tree.gateway.start_time}:{story.ids.uuid()}"}
        event |= {"claimed_at": waiting.at + 6, "updated_at": waiting.at + 6}
    else:
        done = waiting.at + 1_800
        event |= {"status": "completed", "payload_json": "null", "updated_at": done, "completed_at": done}
    _insert(database, "channel_ingress_events", event)
    cached = {
        "plugin_id": "telegram",
        "namespace": "telegram.message-cache",
        "entry_key": f"{story.ids.hex(24)}:default:{story.chat}:{1_000 + number:010d}",
        "value_json": orjson.dumps({"version": 1, "sourceMessage": source}).decode(),
        "created_at": waiting.at,
    }
    _insert(database, "plugin_state_entries", cached)


def _insert(database: sqlite3.Connection, table: str, row: JsonObject) -> None:
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - both come from this module
    database.execute(statement, tuple(row.values()))
