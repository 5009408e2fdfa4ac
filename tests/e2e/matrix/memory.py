"""What is left of a conversation on disk: every entry of it, wherever it stands, packed or not."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import zstandard
from lab.gateway import Gateway

Entries = dict[str, set[str]]
"""Everything that was said, by entry id: its text in each place where the entry stands."""


def conversations(gateway: Gateway, marks: Iterable[str]) -> dict[str, Entries]:
    """For each mark the entries of every transcript in which it stands; one pass for all."""
    found: dict[str, Entries] = {mark: {} for mark in marks}
    for lines in _transcripts(gateway):
        whole = "\n".join(lines)
        for mark, entries in found.items():
            if mark in whole:
                _gather(entries, lines)
    return found


def everything(gateway: Gateway) -> Entries:
    """The entries of every transcript, live or kept."""
    found: Entries = {}
    for lines in _transcripts(gateway):
        _gather(found, lines)
    return found


def lost(before: Entries, after: Entries) -> list[str]:
    """The entries that no place holds any more as they were."""
    return [entry for entry, texts in before.items() if not texts & after.get(entry, set())]


def fingerprint(root: Path) -> dict[str, str]:
    """SHA-256 of every file below a directory; SQLite's shared memory is no content."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.endswith("-shm")
    }


def _transcripts(gateway: Gateway) -> Iterator[list[str]]:
    yield from _files(gateway.state_dir / "agents")
    yield from _files(gateway.root / "operator")
    for database in gateway.state_dir.glob("agents/*/agent/openclaw-agent.sqlite"):
        with _reading(database, live=gateway.process_id is not None) as connection:
            yield from _windows(connection)


def _files(root: Path) -> Iterator[list[str]]:
    for path in root.rglob("*.jsonl*"):
        if path.is_file() and ".trajectory" not in path.name and path.suffix not in (".lock", ".tmp"):
            yield _unpacked(path.read_bytes()).decode("utf-8", "replace").splitlines()


def _unpacked(data: bytes) -> bytes:
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


@contextmanager
def _reading(database: Path, *, live: bool) -> Iterator[sqlite3.Connection]:
    """A closed database is read from a copy: opening it would change bytes."""
    if live:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory() as scratch:
        for each in database.parent.glob(f"{database.name}*"):
            shutil.copyfile(each, Path(scratch, each.name))
        with closing(sqlite3.connect(Path(scratch, database.name))) as connection:
            yield connection


def _windows(connection: sqlite3.Connection) -> Iterator[list[str]]:
    rows = connection.execute(
        "select session_id, event_json, event_zstd from transcript_events order by session_id, seq"
    )
    sessions: dict[str, list[str]] = {}
    for session, text, packed in rows:
        sessions.setdefault(session, []).append(text if text is not None else _unpacked(packed).decode())
    waiting = connection.execute("select session_key, message_json from session_pending_inputs")
    for key, text in waiting:
        sessions.setdefault(f"waiting {key}", []).append(text)
    yield from sessions.values()


def _gather(found: Entries, lines: Iterable[str]) -> None:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and not _is_a_failed_call(entry):
            text = _text(entry)
            name = str(entry.get("id") or hashlib.sha256(text.encode()).hexdigest())
            found.setdefault(name, set()).add(text)


def _is_a_failed_call(entry: dict[str, Any]) -> bool:
    """OpenClaw itself takes some of these away at the next turn; nobody said them."""
    message = entry.get("message")
    return isinstance(message, dict) and message.get("stopReason") in ("error", "aborted")


def _text(entry: dict[str, Any]) -> str:
    """What was said in an entry; the rest of it (usage, parents) may be rewritten."""
    message = entry.get("message", entry)
    said = {name: message.get(name) for name in ("role", "content", "summary")}
    return json.dumps(said, sort_keys=True)
