"""The grammar of every file name that OpenClaw, a person or a tool leaves in a sessions directory.

Source: openclaw.md 6 and openclaw-files.md 4, measured on 2026.4.15, 2026.7.1 and 2026.9.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


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


@dataclass(frozen=True, slots=True)
class Artefact:
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
