"""The grammar of every file name that OpenClaw, a person or a tool leaves in a sessions directory.

Source: openclaw.md 6 and openclaw-files.md 4, measured on 2026.4.15, 2026.7.1 and 2026.9.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.files import Listed, lstat
from clawmedic.stores.stamps import stamp_in, stamp_ms


class ArtefactKind(StrEnum):
    """What a file is, by its name. FOREIGN is a backup nobody's grammar knows; content decides about it."""

    LIVE = "live"
    TOPIC = "topic"
    FORK = "fork"
    RESET = "reset"
    DELETED = "deleted"
    BAK = "bak"
    REPAIR = "repair"
    CHECKPOINT = "checkpoint"
    CORRUPT = "corrupt"
    DOCTOR = "doctor"
    COLD = "cold"
    IMPORTED = "imported"
    STORE = "store"
    STORE_BACKUP = "store-backup"
    STORE_TEMP = "store-temp"
    TEMP = "temp"
    LOCK = "lock"
    TRAJECTORY = "trajectory"
    DATABASE_CORRUPT = "database-corrupt"
    FOREIGN = "foreign"
    OTHER = "other"


class Artefact(Struct, frozen=True):
    """One file, classified.

    Attributes:
        session_id: the id in the name (without `-topic-N` and fork time stamps), or None.
        at: the time in the name, epoch milliseconds, or None.
        size_bytes, mtime_ms: from lstat; 0 and None when the file vanished.
        is_regular: False for symlinks, FIFOs, directories and devices.
    """

    path: Path
    kind: ArtefactKind
    session_id: str | None
    at: int | None
    size_bytes: int
    mtime_ms: int | None
    is_regular: bool
    thread_id: str | None = None


Classified = tuple[ArtefactKind, str | None, int | None, str | None]
"""Kind, session id, time in the name (epoch ms), thread id."""

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
_TS = r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:[.-]\d{3})?Z"
_PACKED = r"(?:\.(?:zst|gz))?"
_BACKUP_WORDS = r"(?:bak|recover|broken|backup|old|orig|save|corrupt|copy)"

_LIVE = re.compile(
    rf"(?:(?P<fork>{_TS})_)?(?P<id>[A-Za-z0-9][A-Za-z0-9._:-]*?)(?:-topic-(?P<thread>[\w-]+))?\.jsonl"
)
_PLAIN_ID = re.compile(_UUID)
_PLAIN_LIVE = re.compile(rf"({_UUID})\.jsonl")
_BACKUP_IN_ID = re.compile(rf"\.(?:[\w-]*{_BACKUP_WORDS})", re.IGNORECASE)
_FOREIGN = (
    rf"(?is)(?P<stem>.+?\.jsonl)[.~_-](?P<tail>.*{_BACKUP_WORDS}.*)"
    r"|(?P<plain>.+?\.jsonl)(?P<suffix>~|\.zst|\.gz|\.\d+)"
)
_STORE_COPY = rf"(?is)sessions\.json[.~_-].*{_BACKUP_WORDS}.*|sessions\.json~"


# The first that fits decides. Groups: stem (names the session), at (a time in the name).
_GRAMMAR: tuple[tuple[ArtefactKind, str], ...] = (
    (ArtefactKind.LOCK, r"(?:(?P<stem>.+)\.jsonl|sessions\.json)\.lock"),
    (ArtefactKind.TRAJECTORY, r"(?P<stem>.+)\.trajectory(?:\.jsonl|-path\.json)"),
    (
        ArtefactKind.RESET,
        rf"(?P<stem>.+?)\.jsonl\.reset\.(?P<at>{_TS})(?:\.[0-9a-f]{{32}})?{_PACKED}",
    ),
    (
        ArtefactKind.DELETED,
        rf"(?P<stem>.+?)\.jsonl\.deleted\.(?P<at>{_TS})(?:\.[0-9a-f]{{32}})?{_PACKED}",
    ),
    (ArtefactKind.BAK, rf"(?P<stem>.+?)\.jsonl\.bak\.(?P<at>{_TS})(?:\.[0-9a-f]{{32}})?{_PACKED}"),
    (ArtefactKind.REPAIR, r"(?P<stem>.+)\.jsonl\.bak-\d+-(?P<at>\d{13})"),
    (ArtefactKind.TEMP, r"(?P<stem>.+)\.jsonl\.repair-\d+-(?P<at>\d{13})\.tmp"),
    (
        ArtefactKind.IMPORTED,
        rf"(?:.*?\.)??(?P<stem>{_UUID}|[^.]+)(?:\.checkpoint\.{_UUID})?\.jsonl\.imported-(?P<at>\d{{13}}){_PACKED}",
    ),
    (ArtefactKind.IMPORTED, rf".*\.imported-(?P<at>\d{{13}}){_PACKED}"),
    (ArtefactKind.CHECKPOINT, rf"(?P<stem>.+)\.(?i:checkpoint)\.{_UUID}\.jsonl"),
    (ArtefactKind.CORRUPT, rf"(?P<stem>.+?)(?:\.jsonl)?\.corrupt-(?P<at>{_TS})-[0-9a-f]{{8}}\.jsonl"),
    (
        ArtefactKind.DOCTOR,
        rf"(?P<stem>.+)\.jsonl\.pre-doctor-(?:branch|openai-codex)-repair-(?P<at>{_TS})\.bak",
    ),
    (ArtefactKind.TEMP, rf"(?P<stem>.+)\.jsonl\.compact\.{_UUID}\.tmp"),
    (ArtefactKind.TEMP, r"(?P<stem>.+?)(?:\.jsonl)?\.(?:manual-compaction-tmp|truncate-tmp)"),
    (ArtefactKind.TEMP, rf"\.fs-safe-\d+-{_UUID}\.tmp"),
    (ArtefactKind.STORE_BACKUP, r"sessions\.json\.bak\.(?P<at>\d{13})"),
    (ArtefactKind.STORE_TEMP, rf"sessions\.json\.(?:\d+\.)?{_UUID}\.tmp"),
    (ArtefactKind.STORE_TEMP, r"sessions\.json\..*tmp"),
    (ArtefactKind.TEMP, r"(?P<stem>.+?)\.jsonl\..*tmp"),
    (ArtefactKind.DATABASE_CORRUPT, r".+\.sqlite(?:-wal|-shm)?\.corrupt-(?P<at>\d{13})(?:\.\d+)?"),
    (ArtefactKind.COLD, r"[0-9a-f]{64}\.jsonl\.(?:zst|gz)"),
)


@cache
def _grammar() -> tuple[tuple[ArtefactKind, Callable[[str], re.Match[str] | None]], ...]:
    """Made when the first unusual name is met: it takes some milliseconds, and many stores have none."""
    return tuple((kind, re.compile(pattern, re.DOTALL).fullmatch) for kind, pattern in _GRAMMAR)


def classify_name(name: str) -> Classified:
    """What a base name says: kind, session id, time in epoch milliseconds, thread id; None where it says nothing.

    The session id comes without `-topic-N` and without a fork's time stamp; the time of a fork is its creation.
    """
    plain = _PLAIN_LIVE.fullmatch(name)
    if plain or name == "sessions.json":  # nearly every file there is
        return ArtefactKind.LIVE if plain else ArtefactKind.STORE, plain and plain[1], None, None
    for kind, match in _grammar():
        if found := match(name):
            groups = found.groupdict()
            session_id, _, thread = _stem(groups.get("stem"))
            return kind, session_id, stamp_ms(groups.get("at")), thread
    if re.fullmatch(_STORE_COPY, name):
        return ArtefactKind.FOREIGN, None, stamp_in(name), None
    if name.lower().endswith(".jsonl"):
        return _transcript(name)
    if foreign := re.fullmatch(_FOREIGN, name):
        stem = (foreign["stem"] or foreign["plain"])[: -len(".jsonl")]
        session_id, _, thread = _stem(stem)
        return ArtefactKind.FOREIGN, session_id, stamp_in(foreign["tail"] or ""), thread
    return ArtefactKind.OTHER, None, None, None


def _transcript(name: str) -> Classified:
    found = _LIVE.fullmatch(name)
    if not found:
        return ArtefactKind.OTHER, None, None, None
    session_id = found["id"]
    if _BACKUP_IN_ID.search(session_id):
        known = _PLAIN_ID.match(session_id)
        return ArtefactKind.FOREIGN, known[0] if known else None, stamp_in(session_id), found["thread"]
    if found["fork"]:
        return ArtefactKind.FORK, session_id, stamp_ms(found["fork"]), found["thread"]
    kind = ArtefactKind.TOPIC if found["thread"] else ArtefactKind.LIVE
    return kind, session_id, None, found["thread"]


def _stem(stem: str | None) -> tuple[str | None, int | None, str | None]:
    """Session id, fork time and thread of what stands before `.jsonl`."""
    if not stem:
        return None, None, None
    found = _LIVE.fullmatch(f"{stem}.jsonl")
    if not found:
        return None, None, None
    return found["id"], stamp_ms(found["fork"]), found["thread"]


def classify(path: Path) -> Artefact:
    """One file by its name and lstat; a file that vanished has size 0 and no time."""
    kind, session_id, at, thread = classify_name(path.name)
    seen = lstat(path)
    if seen is None:
        return Artefact(path, kind, session_id, at, 0, None, is_regular=False, thread_id=thread)
    mtime = seen.st_mtime_ns // 1_000_000
    regular = (seen.st_mode & 0o170000) == 0o100000
    return Artefact(path, kind, session_id, at, seen.st_size, mtime, is_regular=regular, thread_id=thread)


def classify_listed(listed: Listed, path: Path | None = None) -> Artefact:
    """One name of a directory listing; `path` is its path where somebody has made it already."""
    kind, session_id, at, thread = classify_name(listed.name)
    return Artefact(
        path or Path(listed.path),
        kind,
        session_id,
        at,
        listed.size_bytes,
        listed.mtime_ms,
        is_regular=listed.is_regular,
        thread_id=thread,
    )
