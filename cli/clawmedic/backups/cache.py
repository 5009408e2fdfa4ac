"""Summaries of copies that were read before, so that a second listing reads nothing twice.

Kept in clawmedic's own data home, never beside OpenClaw's files. A summary counts only for the very file it was made
of: path, size, time of change and inode. A cache that is missing, damaged, of another version or unwritable is none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
from msgspec import Struct, field
from msgspec.structs import asdict

from clawmedic.backups.summary import Summary
from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import read_bounded
from clawmedic.disk.places import state_folder
from clawmedic.errors import RefusedError
from clawmedic.model.backup import BackupState
from clawmedic.settings import World

MAGIC = b"clawmedic-backups-2\n"
LIMIT_BYTES = 256 * 1024 * 1024
_HEAD = len(MAGIC) + 12

Stamp = tuple[int, int, int]


class SummaryCache(Struct):
    """Summaries by path. `fresh` counts those that were put in during this run."""

    path: Path | None
    known: dict[str, tuple[Stamp, Summary]] = field(default_factory=dict)
    used: dict[str, tuple[Stamp, Summary]] = field(default_factory=dict)
    fresh: int = 0

    def get(self, path: Path, stamp: Stamp) -> Summary | None:
        """The summary of exactly this file, None when it has to be read."""
        name = str(path)
        found = self.known.get(name)
        if found is None or found[0] != stamp:
            return None
        self.used[name] = found
        return found[1]

    def put(self, path: Path, stamp: Stamp, summary: Summary) -> None:
        """Remember a summary."""
        self.used[str(path)] = (stamp, summary)
        self.fresh += 1

    def save(self) -> None:
        """Write what was used in this run, when that changes anything. A data home that refuses is no failure."""
        if self.path is None or (not self.fresh and len(self.used) == len(self.known)):
            return
        data = encode(self.used)
        if len(data) <= LIMIT_BYTES:
            with contextlib.suppress(RefusedError):
                write_atomically(self.path, data)


def open_cache(world: World, state_dir: Path, *, enabled: bool = True) -> SummaryCache:
    """The cache of one state directory; an empty one when there is none or `enabled` is false."""
    if not enabled:
        return SummaryCache(None)
    path = state_folder(world, state_dir) / "backups-cache.bin"
    try:
        content = read_bounded(path, LIMIT_BYTES)
    except OSError:
        return SummaryCache(path)
    return SummaryCache(path, {} if content.truncated else decode(content.data))


def encode(summaries: Mapping[str, tuple[Stamp, Summary]]) -> bytes:
    """Magic, checksum, length of the index, index (JSON), marks."""
    index: list[object] = []
    marks: list[bytes] = []
    for path, (stamp, summary) in summaries.items():
        with contextlib.suppress(UnicodeEncodeError):
            path.encode()
            row = {name: value for name, value in asdict(summary).items() if name != "marks"}
            index.append([path, list(stamp), row, len(summary.marks)])
            marks.append(summary.marks)
    head = orjson.dumps(index, default=str)
    body = len(head).to_bytes(8, "little") + head + b"".join(marks)
    return MAGIC + crc32(body).to_bytes(4, "little") + body


def decode(data: bytes) -> dict[str, tuple[Stamp, Summary]]:
    """What `encode` wrote; nothing when anything about it is off."""
    if not data.startswith(MAGIC) or len(data) < _HEAD:
        return {}
    body = memoryview(data)[len(MAGIC) + 4 :]
    if crc32(body).to_bytes(4, "little") != data[len(MAGIC) : len(MAGIC) + 4]:
        return {}
    length = int.from_bytes(body[:8], "little")
    try:
        index = orjson.loads(body[8 : 8 + length])
        return dict(_rows(index, body, 8 + length))
    except (orjson.JSONDecodeError, TypeError, ValueError, KeyError, IndexError):
        return {}


def _rows(index: Any, body: memoryview, at: int) -> Iterator[tuple[str, tuple[Stamp, Summary]]]:  # noqa: ANN401
    """The index as it was written; a wrong shape is an error of one of the kinds that mean "no cache"."""
    for path, stamp, row, length in index:
        row["state"] = BackupState(row["state"])
        summary = Summary(**row, marks=bytes(body[at : at + length]))
        at += length
        yield path, ((stamp[0], stamp[1], stamp[2]), summary)
