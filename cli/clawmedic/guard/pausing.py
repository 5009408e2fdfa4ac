"""Maintenance: `guard pause` keeps the guard from touching anything until a time. It has a file of its own.

A pass that goes on looks at it before each rescue, so that a pause holds at once.
"""

from __future__ import annotations

from pathlib import Path

import orjson
from msgspec import Struct

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import read_bounded
from clawmedic.guard.memory import SKEW_MS, guard_folder
from clawmedic.settings import Settings

SCHEMA = "clawmedic.guard-pause/1"
_FILE_BYTES = 4096


class Pause(Struct, frozen=True):
    """From when until when, epoch milliseconds; 0 and 0 for none."""

    at: int = 0
    until: int = 0

    def lasts(self, now: int) -> bool:
        """Whether it lasts."""
        return self.until > now


def pause_file(settings: Settings) -> Path:
    """Where it is kept; the file need not exist."""
    return guard_folder(settings) / "pause.json"


def load_pause(settings: Settings) -> Pause:
    """The pause that lasts, or none. A clock that was put back does not make it longer. Never raises."""
    try:
        made = orjson.loads(read_bounded(pause_file(settings), _FILE_BYTES).data)
        found = Pause(int(made["at"]), int(made["until"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Pause()
    now = settings.now()
    if found.at > now + SKEW_MS:
        found = Pause(now, now + max(0, found.until - found.at))
    return found if found.lasts(now) else Pause()


def pause(settings: Settings, length_ms: int) -> Pause:
    """Pause the guard from now on; 0 ends a pause.

    Raises:
        RefusedError: the disk refuses.
    """
    now = settings.now()
    made = Pause(now, now + length_ms) if length_ms > 0 else Pause()
    document = {"schema": SCHEMA, "at": made.at, "until": made.until}
    write_atomically(pause_file(settings), orjson.dumps(document))
    return made
