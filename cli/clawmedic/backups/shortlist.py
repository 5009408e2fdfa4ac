"""The ids of the copies as the last listing knew them: what a shell offers without reading any copy.

One line for each copy in clawmedic's own data home: id, kind, time (epoch milliseconds or nothing), key. It may be old;
a command that is given an id looks anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import read_bounded
from clawmedic.disk.places import state_folder
from clawmedic.errors import RefusedError
from clawmedic.model.backup import Backup
from clawmedic.settings import Settings

_LIMIT_BYTES = 4 * 1024 * 1024
_SEPARATOR = "\t"
_BREAKS = str.maketrans(dict.fromkeys("\t\r\n", " "))


class Listed(Struct, frozen=True):
    """One copy of the last listing."""

    id: str
    kind: str
    at: int | None
    key: str


def remember(settings: Settings, backups: Sequence[Backup]) -> None:
    """Write the list when it differs from what is there. A data home that refuses is no failure."""
    path = _path(settings)
    data = "".join(_line(item) for item in backups).encode("utf-8", "replace")
    if data != _read(path) and len(data) <= _LIMIT_BYTES:
        with contextlib.suppress(RefusedError):
            write_atomically(path, data)


def recall(settings: Settings) -> list[Listed]:
    """The copies of the last listing; none when there was no listing, or its file is damaged."""
    lines = _read(_path(settings)).decode("utf-8", "replace").split("\n")
    fields = [line.split(_SEPARATOR) for line in lines]
    return [
        Listed(name, kind, int(at) if at.isdecimal() else None, key)
        for name, kind, at, key in (item for item in fields if len(item) == 4)
    ]


def _line(item: Backup) -> str:
    words = (item.id, item.kind.value, "" if item.at is None else str(item.at), item.key or "")
    return _SEPARATOR.join(word.translate(_BREAKS) for word in words) + "\n"


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, _LIMIT_BYTES).data
    except OSError:
        return b""


def _path(settings: Settings) -> Path:
    return state_folder(settings.world, settings.state_dir) / "backups-shortlist.tsv"
