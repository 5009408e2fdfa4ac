"""The surface of a state directory: what cheap calls (stat, a list of names) say of everything a verdict rests on.

Two equal surfaces mean that nothing was written in between: stores, transcripts, logs, configuration, gateways.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.files import list_directory, open_regular, pread_all
from clawmedic.logs.sources import LogSource, log_folders
from clawmedic.settings import Settings
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.running import running_gateways
from clawmedic.stores.state import StateReader
from clawmedic.triage.acks import acks_file

_INDEX_HEAD_BYTES = 48
"""SQLite's WAL index header: its change counter, and how far the log reaches (walIndexHdr)."""


class Watched(Struct, frozen=True):
    """What is looked at: single files, directories with all they hold (not what is below), pids of gateways."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    owners: tuple[int, ...] = ()


def watched_of(settings: Settings, state: StateReader, sources: Iterable[LogSource]) -> Watched:
    """What the verdicts about an opened state directory rest on."""
    logs = [source.path for source in sources if source.path is not None]
    folders: set[Path] = {state.root, state.root / "agents", state.root / "state"}
    if not settings.logs:
        folders |= {path.parent for path in logs} | set(log_folders(settings))
    for store in state.stores:
        place = store.status().path
        folders |= {place.parent, place.parent.parent, place.parent.parent / "sessions"}
        folders |= {session.transcript.path.parent for session in store.sessions()}
    files = {*logs, acks_file(settings)} | ({Path(state.config.path)} if state.config.path else set())
    return Watched(
        files=tuple(sorted(map(str, files))),
        folders=tuple(sorted(map(str, folders))),
        owners=tuple(sorted({owner.pid for owner in state.owners if owner.pid is not None})),
    )


def surface(settings: Settings, watched: Watched) -> str:
    """A digest of what is there now. What is missing or closed to us is part of it."""
    digest = hashlib.blake2b(digest_size=16)
    for part in _parts(settings, watched):
        digest.update(part.encode("utf-8", "surrogateescape"))
        digest.update(b"\0")
    return digest.hexdigest()


def _parts(settings: Settings, watched: Watched) -> Iterator[str]:
    for name in watched.files:
        yield f"{name} {_stat(name)}"
    for folder in watched.folders:
        yield folder
        try:
            listed = list_directory(folder)
        except OSError as error:
            yield f"errno {error.errno}"
            continue
        for one in listed:
            yield f"{one.name} {_stat(one.path)}"
            if one.name.endswith("-shm"):
                yield _index_head(one.path)
    table = ProcessTable(settings.world.proc)
    yield from (f"{pid} {table.start_ticks(pid)}" for pid in watched.owners)
    config = settings.state_dir / "openclaw.json"
    for owner in running_gateways(table, settings.state_dir, config):
        yield f"gateway {owner.pid} {owner.started_at}"


def _stat(path: str) -> str:
    try:
        seen = os.stat(path)  # noqa: PTH116 - thousands of them
    except (OSError, ValueError):
        return "-"
    return f"{seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"


def _index_head(path: str) -> str:
    with suppress(OSError), open_regular(path) as descriptor:
        return pread_all(descriptor, 0, _INDEX_HEAD_BYTES).hex()
    return "-"
