"""Transcript lock files (up to 7.1): who holds one, and whether that process still runs (openclaw-files.md 3)."""

from __future__ import annotations

from pathlib import Path

import orjson

from clawmedic.disk.files import describe, lstat, read_bounded
from clawmedic.model.session import Liveness, LockState
from clawmedic.model.spans import span
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.typed import Fields

_LIMIT_BYTES = 64 * 1024
EMPTY_STALE_MS = 30_000
"""7.1 removes a lock without a readable payload when its file is older than this; a younger one is being written."""


def read_lock(path: Path, table: ProcessTable, now: int) -> LockState | None:
    """What a lock file says; None when there is none. Never raises."""
    try:
        content = read_bounded(path, _LIMIT_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        return LockState(path, None, None, Liveness.UNKNOWN, describe(error))
    try:
        fields = Fields.of(orjson.loads(content.data))
    except orjson.JSONDecodeError:
        fields = Fields({})
    pid, created = fields.number("pid"), fields.time("createdAt")
    if not pid:
        return _without_owner(path, created, now - content.mtime_ms)
    ticks = fields.number("starttime")
    liveness, why = table.judge(pid, ticks)
    if ticks is None:  # systems without /proc at the time of writing
        liveness, why = table.judge_since(pid, created)
    return LockState(path, pid, created, liveness, why)


def _without_owner(path: Path, created: int | None, age_ms: int) -> LockState:
    if age_ms > EMPTY_STALE_MS:
        words = f"names no process and is {span(age_ms)} old"
        return LockState(path, None, created, Liveness.DEAD, words)
    return LockState(path, None, created, Liveness.UNKNOWN, "names no process; it may be being written")


def lock_beside(transcript: Path, table: ProcessTable, now: int) -> LockState | None:
    """The lock of a transcript, None when it is not locked."""
    path = transcript.with_name(transcript.name + ".lock")
    return read_lock(path, table, now) if lstat(path) is not None else None
