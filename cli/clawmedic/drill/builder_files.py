"""State directories of the file generation: sessions.json, JSONL, lock files (openclaw-files.md 4)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson

from clawmedic.disk import building
from clawmedic.drill.builder_entries import JsonObject
from clawmedic.drill.builder_tree import Tree, delivery_context, write_config, write_log
from clawmedic.drill.ids import iso
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version

MAX_HOLD_MS = 900_000


def write_files_tree(tree: Tree) -> None:
    """Make the whole state directory and its log."""
    sessions = tree.state / "agents" / "main" / "sessions"
    write_config(tree)
    rows = {story.key: _row(story, sessions) for story in tree.stories}
    building.write_bytes(sessions / "sessions.json", orjson.dumps(rows, option=orjson.OPT_INDENT_2))
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
    for session_id, entries in story.orphans.items():
        _write_jsonl(sessions / f"{session_id}.jsonl", entries, None)
    _write_jsonl(sessions / f"{story.session_id}.jsonl", story.entries, story.torn_line)


def _write_jsonl(path: Path, entries: list[JsonObject], torn_line: int | None) -> None:
    lines = [orjson.dumps(entry) for entry in entries]
    if torn_line is not None:
        lines[torn_line] = lines[torn_line][: len(lines[torn_line]) // 2]
    building.write_lines(path, lines, mtime_ms=_time_of(entries[-1]))


def _time_of(entry: JsonObject) -> int:
    return int(datetime.fromisoformat(str(entry["timestamp"])).timestamp() * 1000)


def _write_lock(tree: Tree, story: Story, sessions: Path) -> None:
    """The lock of a run that was cut off: its owner is the gateway that is gone (openclaw-files.md 3)."""
    lock: JsonObject = {"pid": tree.gateway.pid, "createdAt": iso(story.now)}
    if tree.gateway.start_time is not None:
        lock["starttime"] = tree.gateway.start_time
    if story.version is Version.V7:
        lock["maxHoldMs"] = MAX_HOLD_MS
    content = orjson.dumps(lock, option=orjson.OPT_INDENT_2)
    building.write_bytes(sessions / f"{story.session_id}.jsonl.lock", content, mtime_ms=story.now)
