"""State directories for the archive: transcripts of a known shape, and every way a copy of one can look."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from clawmedic.backups.catalogue import catalogue
from clawmedic.model.backup import Archive, Backup
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings, World
from harness import CORPUS

NOW = 1_795_500_000_000
BEGAN = 1_795_400_000_000
SESSION_ID = "0c9fe4a9-f0f8-47c3-a6ea-94c059b2dfad"
KEY = "agent:main:telegram:group:-1001000000001"


def stamp(at: int) -> str:
    """An entry's time stamp."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def header(session_id: str = SESSION_ID, at: int = BEGAN, version: int = 3, **more: Any) -> dict[str, Any]:
    """A transcript's first line."""
    return {
        "type": "session",
        "version": version,
        "id": session_id,
        "timestamp": stamp(at),
        "cwd": "/home/operator",
        **more,
    }


def words(text: str) -> list[dict[str, str]]:
    """Content of one text block."""
    return [{"type": "text", "text": text}]


def turn(number: int, text: str = "", *, parent: str | None, prefix: str = "e") -> list[dict[str, Any]]:
    """A question and its answer: entries `<prefix><2n>` and `<prefix><2n+1>`."""
    ask, say = f"{prefix}{2 * number:07d}", f"{prefix}{2 * number + 1:07d}"
    at = BEGAN + number * 60_000
    usage = {
        "input": 100 + number,
        "output": 20,
        "cacheRead": 0,
        "cacheWrite": 0,
        "totalTokens": 120 + number,
    }
    return [
        {
            "type": "message", "id": ask, "parentId": parent, "timestamp": stamp(at + 1000),
            "message": {"role": "user", "content": words(text or f"question {number}"), "timestamp": at},
        },
        {
            "type": "message", "id": say, "parentId": ask, "timestamp": stamp(at + 5000),
            "message": {
                "role": "assistant", "content": words(f"answer {number} to {text or 'it'}"), "timestamp": at + 5000,
                "provider": "example", "model": "standard", "usage": usage, "stopReason": "stop",
            },
        },
    ]  # fmt: skip


def talk(
    turns: int, *, session_id: str = SESSION_ID, start: int = 0, prefix: str = "e", about: str = ""
) -> list[dict[str, Any]]:
    """A whole transcript of so many turns."""
    entries: list[dict[str, Any]] = []
    parent: str | None = None
    for number in range(start, start + turns):
        entries += turn(number, f"{about} {number}" if about else "", parent=parent, prefix=prefix)
        parent = entries[-1]["id"]
    return [header(session_id, BEGAN + start * 60_000), *entries]


def lines(entries: Iterable[dict[str, Any]]) -> bytes:
    """As bytes of a JSONL file."""
    return b"".join(
        json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for entry in entries
    )


def packed(data: bytes, codec: str) -> bytes:
    """Plain, gzip or zstd."""
    if codec == "gzip":
        return gzip.compress(data, mtime=0)
    return zstandard.compress(data) if codec == "zstd" else data


@dataclass
class Stage:
    """One state directory of the file generation."""

    root: Path
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.root / "state"

    @property
    def sessions(self) -> Path:
        """The main agent's sessions directory."""
        return self.state / "agents" / "main" / "sessions"

    def begin(self) -> Stage:
        """Make the directories and the config."""
        self.sessions.mkdir(parents=True)
        model = {"id": "standard", "contextWindow": 40000}
        config = {
            "agents": {"defaults": {"model": {"primary": "example/standard"}}},
            "models": {"providers": {"example": {"models": [model]}}},
        }
        (self.state / "openclaw.json").write_text(json.dumps(config))
        return self

    def live(
        self, entries: list[dict[str, Any]], key: str = KEY, session_id: str = SESSION_ID, **row: Any
    ) -> Path:
        """A row with its transcript."""
        path = self.put(f"{session_id}.jsonl", lines(entries))
        self.rows[key] = {
            "sessionId": session_id,
            "sessionFile": str(path),
            "updatedAt": NOW,
            "status": "done",
            **row,
        }
        self.save()
        return path

    def save(self) -> None:
        """Write the store."""
        (self.sessions / "sessions.json").write_text(json.dumps(self.rows))

    def put(self, name: str, data: bytes) -> Path:
        """A file in the sessions directory."""
        path = self.sessions / name
        path.write_bytes(data)
        return path

    def world(self, **more: Any) -> World:
        """A world whose data home is beside the state directory."""
        home = self.root / "home"
        env = {"XDG_STATE_HOME": str(self.root / "data")}
        tmp = self.root / "tmp"
        tmp.mkdir(exist_ok=True)
        return World(env=env, home=home, cwd=self.root, tmp=tmp, uid=os.getuid(), clock=lambda: NOW, **more)

    def settings(self, *logs: str) -> Settings:
        """Settings for this directory; without logs none are looked for."""
        return Settings(self.world(), self.state, logs=logs or ("/dev/null",))

    def look(self, *logs: str, cache: bool = False) -> Archive:
        """The archive as it is now."""
        return catalogue(self.settings(*logs), SilentReporter(), use_cache=cache)

    @property
    def options(self) -> tuple[str, ...]:
        """For the command line."""
        return "--state-dir", str(self.state), "--log", "/dev/null"


def corpus_archive(name: str, tmp: Path, *, logs: bool = True) -> Archive:
    """The archive of a corpus case, with its logs or without."""
    case = CORPUS / name
    stage = Stage(tmp)
    found = tuple(str(path) for path in sorted((case / "logs").glob("*.log"))) if logs else ()
    settings = Settings(stage.world(), case / "state", logs=found or ("/dev/null",))
    return catalogue(settings, SilentReporter(), use_cache=False)


def by_name(archive: Archive, name: str) -> Backup:
    """The copy with this file name."""
    found = [item for item in archive.backups if item.place.is_file and item.path.name == name]
    assert len(found) == 1, [item.path.name for item in archive.backups]
    return found[0]


def fingerprint(root: Path) -> dict[str, tuple[int, int, str]]:
    """Every path below a directory with mode, time of change and content: what reading must not change."""
    found = {}
    for path in sorted(root.rglob("*")):
        seen = path.lstat()
        content = (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        )
        found[str(path.relative_to(root))] = (seen.st_mode, seen.st_mtime_ns, content)
    return found
