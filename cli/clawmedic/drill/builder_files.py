"""State directories of the file generation: sessions.json, JSONL, lock files (openclaw-files.md 4)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson

from clawmedic.disk import building
from clawmedic.drill.builder_entries import JsonObject
from clawmedic.drill.builder_tree import Tree, delivery_context, write_config, write_log
from clawmedic.drill.ids import Ids, iso
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version

MAX_HOLD_MS = 900_000


def write_files_tree(tree: Tree) -> None:
    """Make the whole state directory and its log."""
    sessions = tree.sessions
    write_config(tree)
    rows = {story.key: _row(story, sessions) for story in tree.stories}
    store = orjson.dumps(rows, option=orjson.OPT_INDENT_2)
    spoilt = tree.spoil_store(store) if tree.spoil_store else store
    building.write_bytes(sessions / "sessions.json", spoilt)
    if spoilt is not store:
        crashed = f"sessions.json.{Ids(str(tree.version)).uuid()}.tmp"  # its writer died before the rename
        building.write_bytes(sessions / crashed, store, mtime_ms=tree.booted_at)
    for story in tree.stories:
        _write_transcripts(story, sessions)
        if story.locked:
            _write_lock(tree, story, sessions)
    write_log(tree)


def _row(story: Story, sessions: Path) -> JsonObject:
    """The row as it stands in sessions.json; 4.15 knows fewer fields."""
    row: JsonObject = {"chatType": "group", "channel": "telegram", "groupId": story.chat}
    row |= story.row
    context = delivery_context(story)
    row |= {
        "systemSent": True,
        "deliveryContext": context,
        "lastChannel": "telegram",
        "lastTo": context["to"],
        "lastAccountId": "default",
        "sessionFile": str(sessions / f"{story.session_id}.jsonl"),
    }
    if story.version is Version.V4:
        for later in ("sessionStartedAt", "lastInteractionAt", "lastActivityAt"):
            row.pop(later, None)
    else:
        row["route"] = {"channel": "telegram", "accountId": "default", "target": {"to": context["to"]}}
    return row


def _write_transcripts(story: Story, sessions: Path) -> None:
    live = sessions / f"{story.session_id}.jsonl"
    for session_id, entries in story.orphans.items():
        _write_jsonl(sessions / f"{session_id}.jsonl", entries)
    for ending, entries in story.copies.items():
        _write_jsonl(live.with_name(live.name + ending), entries)
    if story.spoil is not None:
        spoilt = story.spoil([orjson.dumps(entry) for entry in story.entries])
        building.write_bytes(live, spoilt, mtime_ms=_time_of(story.entries[-1]))
    elif not story.no_transcript:
        _write_jsonl(live, story.entries)


def _write_jsonl(path: Path, entries: list[JsonObject]) -> None:
    building.write_lines(path, map(orjson.dumps, entries), mtime_ms=_time_of(entries[-1]))


def _time_of(entry: JsonObject) -> int:
    return int(datetime.fromisoformat(str(entry["timestamp"])).timestamp() * 1000)


def _write_lock(tree: Tree, story: Story, sessions: Path) -> None:
    """The lock of a run: its owner is the gateway, which is gone in most trees (openclaw-files.md 3)."""
    lock: JsonObject = {"pid": tree.gateway.pid, "createdAt": iso(story.now)}
    if tree.gateway.start_time is not None:
        lock["starttime"] = tree.gateway.start_time
    if story.version is Version.V7:
        lock["maxHoldMs"] = MAX_HOLD_MS
    content = orjson.dumps(lock, option=orjson.OPT_INDENT_2)
    building.write_bytes(sessions / f"{story.session_id}.jsonl.lock", content, mtime_ms=story.now)
