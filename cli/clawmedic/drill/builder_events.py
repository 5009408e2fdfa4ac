"""Transcript events of the SQLite generation: bodies, compression, navigation (openclaw-sqlite.md 1)."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import orjson

from clawmedic.drill.builder_entries import JsonObject
from clawmedic.drill.story import Story

PLAIN_BYTES = 2_150
"""Larger bodies are kept as zstd: the smallest compressed one seen has 2157 bytes."""


def write_events(database: sqlite3.Connection, story: Story) -> None:
    """Every entry of a story as an event, with its identity and its place on the active branch."""
    messages = 0
    for seq, entry in enumerate(story.entries):
        at, event_id = _time_of(entry), str(entry["id"])
        _insert_event(database, story.session_id, seq, entry)
        identity = (
            story.session_id,
            event_id,
            seq,
            entry["type"],
            entry.get("parentId"),
            _idempotency_key(entry),
            at,
        )
        database.execute("INSERT INTO transcript_event_identities VALUES (?, ?, ?, ?, ?, ?, ?)", identity)
        if seq:
            position = messages if entry["type"] == "message" else None
            active = (story.session_id, seq - 1, seq, position, 1)
            database.execute("INSERT INTO session_transcript_active_events VALUES (?, ?, ?, ?, ?)", active)
            messages += entry["type"] == "message"
    last = len(story.entries) - 1
    state = (story.session_id, last, story.entries[-1]["id"], 0, last, messages, _time_of(story.entries[-1]))
    database.execute("INSERT INTO session_transcript_index_state VALUES (?, ?, ?, ?, ?, ?, ?)", state)


def _insert_event(database: sqlite3.Connection, session_id: str, seq: int, entry: JsonObject) -> None:
    import zstandard

    statement = (
        "INSERT INTO transcript_events (session_id, seq, event_json, created_at, event_zstd, "
        "event_utf8_bytes, navigation_json) VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    body, at = orjson.dumps(entry), _time_of(entry)
    if len(body) <= PLAIN_BYTES:
        database.execute(statement, (session_id, seq, body.decode(), at, None, len(body), None))
        return
    packed = zstandard.ZstdCompressor().compress(body)
    navigation = orjson.dumps(_navigation(entry, len(body))).decode()
    database.execute(statement, (session_id, seq, None, at, packed, len(body), navigation))


def _navigation(entry: JsonObject, size: int) -> JsonObject:
    """What OpenClaw keeps readable of a compressed event: no text, no usage."""
    place: JsonObject = {name: entry.get(name) for name in ("type", "id", "parentId", "timestamp")}
    message = entry.get("message")
    role = {"role": message.get("role")} if isinstance(message, dict) else {}
    model = (
        {
            name: message[name]
            for name in ("role", "provider", "model", "stopReason", "timestamp")
            if name in message
        }
        if isinstance(message, dict)
        else {}
    )
    return {
        "version": 1,
        "report": {"kind": "canonical", "hasParentId": True, "entry": place},
        "navigation": place | {"message": role},
        "reset": place | {"message": role},
        "model": place | {"message": model | {"content": []}},
        "modelBytes": size,
        "modelWithoutCheckpointBytes": size,
        "withoutCustomDataBytes": size,
    }


def _idempotency_key(entry: JsonObject) -> str | None:
    message = entry.get("message")
    key = message.get("idempotencyKey") if isinstance(message, dict) else None
    return key if isinstance(key, str) else None


def _time_of(entry: JsonObject) -> int:
    return round(datetime.fromisoformat(str(entry["timestamp"])).timestamp() * 1000)
