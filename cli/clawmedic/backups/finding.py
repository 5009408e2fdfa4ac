"""Where copies can be: every file that may hold a conversation, by name, and by content where the name says nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
from msgspec import Struct

from clawmedic.backups.reading import link_problem
from clawmedic.backups.summary import KNOWN_TYPES
from clawmedic.disk.files import Listed, list_directory, lstat, open_regular, pread_all
from clawmedic.disk.packed import LineStream
from clawmedic.model.backup import BackupKind
from clawmedic.stores.names import Artefact, ArtefactKind, classify_listed

SNIFF_BYTES = 256 * 1024
"""How much of an unknown file is looked at (unpacked) to find its first lines."""
STORE_BYTES = 64 * 1024 * 1024
MOST_DIRECTORIES = 400
_DEPTH = 3
_SKIPPED = frozenset(
    {"skills-prompts", "node_modules", "workspace", "memory", "logs", "credentials", "media", "cache"}
)

_KINDS = {
    ArtefactKind.LIVE: BackupKind.LIVE,
    ArtefactKind.TOPIC: BackupKind.TOPIC,
    ArtefactKind.FORK: BackupKind.FORK,
    ArtefactKind.RESET: BackupKind.RESET,
    ArtefactKind.DELETED: BackupKind.DELETED,
    ArtefactKind.BAK: BackupKind.BAK,
    ArtefactKind.REPAIR: BackupKind.REPAIR,
    ArtefactKind.CHECKPOINT: BackupKind.CHECKPOINT,
    ArtefactKind.CORRUPT: BackupKind.CORRUPT,
    ArtefactKind.DOCTOR: BackupKind.DOCTOR,
    ArtefactKind.COLD: BackupKind.COLD,
    ArtefactKind.IMPORTED: BackupKind.IMPORTED,
    ArtefactKind.TEMP: BackupKind.TEMP,
    ArtefactKind.STORE_BACKUP: BackupKind.STORE_COPY,
    ArtefactKind.STORE_TEMP: BackupKind.STORE_COPY,
    ArtefactKind.DATABASE_CORRUPT: BackupKind.DATABASE,
    ArtefactKind.FOREIGN: BackupKind.FOREIGN,
}
"""LOCK, TRAJECTORY and STORE are no copies; OTHER becomes FOREIGN where the content says so."""


class Found(Struct, frozen=True):
    """A file that is a copy, or that claims to be one by its name.

    Attributes:
        store_rows: sessions in a copy of a store, None for transcripts.
        problem: why it cannot be read, "" when it can.
        stamp: size, time of change (ns) and inode: the identity of what was seen.
    """

    artefact: Artefact
    kind: BackupKind
    store_rows: int | None = None
    problem: str = ""
    stamp: tuple[int, int, int] = (0, 0, 0)


def find_copies(root: Path, directories: Iterable[Path]) -> Iterator[Found]:
    """Every copy in some directories and those below them; each path once."""
    for listing in walk(directories):
        for listed in listing:
            if not listed.is_directory and (found := recognise(root, listed)) is not None:
                yield found


def walk(directories: Iterable[Path]) -> Iterator[list[Listed]]:
    """The listings of directories and those below them, without links and what OpenClaw keeps for other purposes."""
    seen: set[str] = set()
    waiting = deque((str(directory), 0) for directory in directories)
    while waiting and len(seen) < MOST_DIRECTORIES:
        directory, depth = waiting.popleft()
        if directory in seen:
            continue
        seen.add(directory)
        listing = _listed(Path(directory))
        if depth < _DEPTH:
            waiting += [
                (item.path, depth + 1) for item in listing if item.is_directory and item.name not in _SKIPPED
            ]
        yield listing


def recognise(root: Path, listed: Listed) -> Found | None:
    """A file as a copy, None when it is none."""
    artefact = classify_listed(listed)
    kind = _KINDS.get(artefact.kind)
    if kind is None and artefact.kind is not ArtefactKind.OTHER:
        return None
    path = artefact.path
    seen = lstat(path)
    stamp = (seen.st_size, seen.st_mtime_ns, seen.st_ino) if seen else (0, 0, 0)
    if seen is None:
        return Found(artefact, kind, problem="missing") if kind else None
    if words := link_problem(path, root):
        return Found(artefact, kind or BackupKind.FOREIGN, problem=words, stamp=stamp) if kind else None
    if kind in _BY_CONTENT:
        return _by_content(artefact, kind, stamp)
    return Found(artefact, kind or BackupKind.FOREIGN, stamp=stamp)


_BY_CONTENT = (None, BackupKind.FOREIGN, BackupKind.TEMP, BackupKind.STORE_COPY, BackupKind.IMPORTED)


def _by_content(artefact: Artefact, kind: BackupKind | None, stamp: tuple[int, int, int]) -> Found | None:
    """A file whose name is not enough: a transcript, a copy of a store, or nothing of ours."""
    what = _sniff(artefact.path)
    if what == "transcript":
        kept = kind if kind not in (None, BackupKind.STORE_COPY) else BackupKind.FOREIGN
        return Found(artefact, kept or BackupKind.FOREIGN, stamp=stamp)
    if what == "object" and (rows := _store_rows(artefact.path)) is not None:
        return Found(artefact, BackupKind.STORE_COPY, store_rows=rows, stamp=stamp)
    if kind is None or kind is BackupKind.TEMP:
        return None
    return Found(artefact, kind, stamp=stamp)


def _sniff(path: Path) -> str:
    """What a file is: "transcript", "object" (JSON that is no line of a transcript), or ""."""
    for data in _first_lines(path):
        if not data.strip():
            continue
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            return "object" if data.lstrip().startswith(b"{") else ""
        if not isinstance(value, dict):
            return ""
        kind = value.get("type")
        if (
            isinstance(kind, str)
            and kind in KNOWN_TYPES
            and (kind != "session" or isinstance(value.get("id"), str))
        ):
            return "transcript"
        return "object"
    return ""


def _first_lines(path: Path) -> Iterator[bytes]:
    try:
        with open_regular(path) as descriptor:
            bounded = LineStream(lambda at, size: pread_all(descriptor, at, size), SNIFF_BYTES, SNIFF_BYTES)
            for number, line in enumerate(bounded.lines()):
                yield line.data if not line.oversized else b"{"
                if number >= 3 or line.oversized:
                    return
    except OSError:
        return


def _store_rows(path: Path) -> int | None:
    """How many sessions a copy of a store holds; None when the content is no store."""
    data = _content(path)
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(tree, dict) or not tree:
        return None
    rows = sum(isinstance(row, dict) and isinstance(row.get("sessionId"), str) for row in tree.values())
    return rows or None


def _content(path: Path) -> bytes:
    """The unpacked content, b"" when it is larger than `STORE_BYTES` or unreadable."""
    parts: list[bytes] = []
    try:
        with open_regular(path) as descriptor:
            stream = LineStream(lambda at, size: pread_all(descriptor, at, size), STORE_BYTES, STORE_BYTES)
            total = 0
            for line in stream.lines():
                total += line.size + 1
                if line.oversized or total > STORE_BYTES:
                    return b""
                parts.append(line.data)
    except OSError:
        return b""
    return b"" if stream.problem else b"\n".join(parts)


def directories_of(root: Path, stores: Iterable[Path]) -> list[Path]:
    """Where copies are looked for: agents' sessions directories and what stands beside them, the legacy place.

    Args:
        root: the state directory.
        stores: the paths of the stores (`sessions.json` or the agent's database).
    """
    found = [root / "sessions", root / "session-sqlite-import-archive"]
    homes = [root / "agents" / item.name for item in _listed(root / "agents") if item.is_directory]
    homes += [path.parent.parent for path in stores if path.parent.parent != root]
    for home in dict.fromkeys(homes):
        found += [home / "sessions", home / "session-sqlite-import-archive"]
        found += [
            Path(item.path) for item in _listed(home) if item.is_directory and item.name not in _SKIPPED
        ]
    found += [path.parent for path in stores]
    return list(dict.fromkeys(found))


def _listed(directory: Path) -> list[Listed]:
    try:
        return list_directory(directory)
    except OSError:
        return []
