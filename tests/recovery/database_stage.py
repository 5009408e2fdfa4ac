"""The gateway's side of a database: it changes rows and events of a stage as OpenClaw 2026.9.6 does (measured)."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from rescue_stage import Stage

import branch_stage as real
from gateway_server import RefusalError

REFUSED = "400 Reasoning is required for this model but was disabled in the request."


def set_recovery(on: Stage, recovery: dict[str, Any] | None) -> str:
    """Put a restart record into the row of a database; gives its session id."""
    return str(change(on, mainRestartRecovery=recovery)["sessionId"])


def change(on: Stage, **fields: object) -> dict[str, Any]:
    """Change fields of the stage's row; None takes one away. Gives the row."""
    with real.opened(on.state) as connection:
        (text,) = connection.execute(
            "SELECT entry_json FROM session_nodes WHERE session_key = ?", (on.key,)
        ).fetchone()
        entry: dict[str, Any] = json.loads(text) | fields
        for name in [name for name, value in fields.items() if value is None]:
            del entry[name]
        connection.execute(
            "UPDATE session_nodes SET entry_json = ?, updated_at = ? WHERE session_key = ?",
            (json.dumps(entry), time.time_ns() // 1_000_000, on.key),
        )
        connection.execute("UPDATE session_nodes SET entry_valid = 1")
    return entry


def row(on: Stage) -> dict[str, Any]:
    """The stage's row as it is."""
    return change(on)


@dataclass
class Database:
    """The methods of the gateway."""

    on: Stage
    working: frozenset[str] = frozenset({"fake/alt"})
    """Models whose compactions succeed, as long as the guard is on; without it all do."""
    config: dict[str, Any] = field(default_factory=dict)
    forks: list[str] = field(default_factory=list)
    busy: int = 0
    """So often a change is refused because a run goes on."""
    written: str = ""
    """A person writes this just before the rewind, and is refused."""
    run_compacts: bool = False
    """As soon as the session has another model, a run compacts with it: whoever asks then is too late."""

    def methods(self) -> dict[str, Any]:
        return {
            "sessions.list": lambda _: {"sessions": [self.described(self.on.key)]},
            "sessions.describe": lambda params: {"session": self.described(params["key"])},
            "sessions.patch": self.patch,
            "sessions.compact": self.compact,
            "sessions.reset": self.reset,
            "sessions.recover": self.recover,
            "sessions.rewind": self.rewind,
            "sessions.fork": self.fork,
            "sessions.branches.list": lambda _: {"branches": self.branches()},
            "sessions.branches.switch": self.switch,
            "config.get": lambda _: {
                "parsed": self.config,
                "config": self.config,
                "hash": "h",
                "valid": True,
            },
            "config.patch": self.patch_config,
            "chat.inject": lambda _: {"messageId": "m1"},
            "agent": self.agent,
            "send": lambda params: {"messageId": "7", "channel": params["channel"]},
        }

    def described(self, key: str) -> dict[str, Any] | None:
        if key != self.on.key and key not in self.forks:
            return None
        found = row(self.on)
        names = ("sessionId", "updatedAt", "model", "modelProvider", "totalTokens")
        return {"key": key, "hasActiveRun": False} | {name: found.get(name) for name in names}

    def events(self) -> list[dict[str, Any]]:
        with real.opened(self.on.state) as connection:
            return real.events_of(connection, real.window_of(connection, self.on.key))

    def append(self, **fields: object) -> None:
        last = self.events()[-1]
        event = {"id": secrets.token_hex(4), "parentId": last["id"], "timestamp": iso()} | fields
        with real.opened(self.on.state) as connection:
            window, seq, text = real.window_of(connection, self.on.key), last["_seq"] + 1, json.dumps(event)
            connection.execute(
                "INSERT INTO transcript_events(session_id, seq, event_json, created_at, event_utf8_bytes)"
                " VALUES(?, ?, ?, ?, ?)",
                (window, seq, text, time.time_ns() // 1_000_000, len(text.encode())),
            )
            connection.execute(
                "INSERT INTO session_transcript_active_events VALUES(?, ?, ?, NULL, 1)", (window, seq, seq)
            )

    def patch(self, params: dict[str, Any]) -> dict[str, Any]:
        if "model" not in params:
            return {"ok": True, "entry": row(self.on)}
        provider, _, model = (params["model"] or "").partition("/")
        fields = {"providerOverride": provider or None, "modelOverride": model or None}
        present = row(self.on)
        known = {name: value for name, value in fields.items() if value or name in present}
        entry = change(self.on, **known)
        if self.run_compacts and params["model"] in self.working:
            self.write_compaction()
            self.working = frozenset()
        return {"ok": True, "entry": entry}

    def require_idle(self, words: str) -> None:
        if self.busy:
            self.busy -= 1
            raise RefusalError(*words.split(": ", 1))

    def compact(self, _params: dict[str, Any]) -> dict[str, Any]:
        self.require_idle(
            f"INVALID_REQUEST: Session {self.on.key} has an active run; retry after it finishes."
        )
        entry = row(self.on)
        model = f"{entry.get('providerOverride', 'fake')}/{entry.get('modelOverride', 'big')}"
        guard = self.config.get("agents", {}).get("defaults", {}).get("compaction", {})
        if self.run_compacts and self.events()[-1]["type"] == "compaction":
            return {"ok": True, "compacted": False, "reason": "Already compacted"}
        if model not in self.working and guard.get("qualityGuard", {}).get("enabled") is not False:
            return {"ok": True, "compacted": False, "reason": REFUSED}
        self.write_compaction()
        return {"ok": True, "compacted": True, "result": {"tokensAfter": 900}}

    def write_compaction(self) -> None:
        entry = row(self.on)
        ids = [event["id"] for event in self.events() if event["type"] == "message"]
        self.append(type="compaction", summary="## Goal\nAll.", firstKeptEntryId=ids[-2], tokensBefore=30000)
        gone = ("totalTokens", "totalTokensFresh", "contextBudgetStatus")
        change(self.on, **{name: None for name in gone if name in entry})

    def reset(self, params: dict[str, Any]) -> dict[str, Any]:
        real.reset_in_place(self.on.state, self.on.key, at=iso())
        present = row(self.on)
        gone = [name for name in ("status", "mainRestartRecovery", "lastRunError") if name in present]
        return {
            "ok": True,
            "key": params["key"],
            "entry": change(self.on, **dict.fromkeys(gone), totalTokens=0),
        }

    def recover(self, _params: dict[str, Any]) -> dict[str, Any]:
        key = f"agent:main:dashboard:{uuid.uuid4()}"
        real.successor(self.on.state, self.on.key, key, at=iso())
        recovery = row(self.on)["mainRestartRecovery"]
        recovery["tombstone"] |= {"recoveredSessionId": "s", "recoveredSessionKey": key}
        change(self.on, mainRestartRecovery=recovery, archivedAt=time.time_ns() // 1_000_000)
        return {"ok": True, "key": key, "continuation": {"status": "started"}}

    def branches(self) -> list[dict[str, Any]]:
        events = self.events()
        targets = [event["targetId"] for event in events if event["type"] == "leaf"]
        body = [event for event in events if event["type"] not in ("leaf", "session")]
        parents = {event["parentId"] for event in body}
        tips = [event["id"] for event in body if event["id"] not in parents]
        after = [event["id"] for event in events if event["type"] != "leaf"] if not targets else []
        active = targets[-1] if targets else after[-1]
        return [
            {"leafEntryId": leaf, "headline": "", "messageCount": 1, "active": leaf == active}
            for leaf in dict.fromkeys((active, *tips))
        ]

    def rewind(self, params: dict[str, Any]) -> dict[str, Any]:
        self.require_idle("UNAVAILABLE: Rewind is unavailable while the agent is working.")
        if self.written:
            self.append(type="message", message={"role": "user", "content": self.written})
        parent = next(event["parentId"] for event in self.events() if event.get("id") == params["entryId"])
        real.go_to(self.on.state, self.on.key, parent, at=iso(), updated=time.time_ns() // 1_000_000)
        return {"editorText": ""}

    def switch(self, params: dict[str, Any]) -> dict[str, Any]:
        leaf = params["leafEntryId"]
        self.require_idle("UNAVAILABLE: Branch switch is unavailable while the agent is working.")
        if all(event.get("id") != leaf for event in self.events()):
            raise RefusalError("INVALID_REQUEST", f"branch entry not found: {leaf}")
        ends = {branch["leafEntryId"]: branch["active"] for branch in self.branches()}
        if leaf not in ends or ends[leaf]:
            words = "branch is already active" if leaf in ends else "entry is not a branch tip"
            raise RefusalError("INVALID_REQUEST", f"{words}: {leaf}")
        real.go_to(self.on.state, self.on.key, leaf, at=iso(), updated=time.time_ns() // 1_000_000)
        return {}

    def fork(self, params: dict[str, Any]) -> dict[str, Any]:
        key = f"agent:main:dashboard:{uuid.uuid4()}"
        self.forks.append(key)
        real.fork(self.on.state, self.on.key, key, params["entryId"], at=iso())
        return {"sessionKey": key, "editorText": ""}

    def patch_config(self, params: dict[str, Any]) -> dict[str, Any]:
        self.config = merged(self.config, json.loads(params["raw"]))
        return {"ok": True}

    def agent(self, params: dict[str, Any]) -> dict[str, Any]:
        user = {"role": "user", "content": [{"type": "text", "text": params["message"]}]}
        answer = {"role": "assistant", "content": [{"type": "text", "text": "Read."}], "stopReason": "stop"}
        usage = {"input": 2000, "output": 4, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 2004}
        self.append(type="message", message=user)
        self.append(type="message", message=answer | {"provider": "fake", "model": "big", "usage": usage})
        meta = {"agentMeta": {"sessionId": "s", "provider": "fake", "model": "big"}}
        return {"status": "ok", "result": {"payloads": [{"text": "Read."}], "meta": meta}}


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A merge patch: null deletes."""
    made = dict(base)
    for name, value in over.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, dict):
            made[name] = merged(made.get(name, {}), value)
        else:
            made[name] = value
    return made


def iso() -> str:
    """Now, as OpenClaw writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime())
