"""The one way in for reading: a state directory as a `StateReader`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from clawmedic.disk.files import describe, free_bytes, list_directory, lstat
from clawmedic.errors import NotFoundError
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import GatewayOwner, Generation, Liveness, PendingInput, Session
from clawmedic.settings import Settings
from clawmedic.stores.addresses import Address
from clawmedic.stores.config import OpenClawConfig, config_path, load_config
from clawmedic.stores.discover import (
    STATE_DATABASE,
    AgentPlace,
    dialect_of,
    find_agents,
    looks_like_openclaw,
    version_of,
)
from clawmedic.stores.files import FilesReader
from clawmedic.stores.joined import JoinedReader, join
from clawmedic.stores.owners import gateway_locks
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.running import running_gateways
from clawmedic.stores.shared import SharedState, read_shared
from clawmedic.stores.state import StateReader

if TYPE_CHECKING:
    from clawmedic.stores.database import DatabaseReader


SECOND_LOOK_S = 0.3
"""A new database is no database for some milliseconds (seen on 2026.9.6)."""


def open_for_reading(settings: Settings, reporter: Reporter) -> StateReader:
    """Read the rows of every store in the state directory; transcripts are read on demand.

    The caller closes it. Damage is in the answer: `problems`, each store's `status()`, each session's `problems`.

    Raises:
        NotFoundError: the directory cannot be listed, or nothing in it looks like OpenClaw.
    """
    root, world = settings.state_dir, settings.world
    config = load_config(world, root)
    _require(root, config)
    table = ProcessTable(world.proc)
    shared = read_shared(root / STATE_DATABASE, world, table)
    places = find_agents(root, config, shared.databases if shared else ())
    readers = [_settled(place, settings, table) for place in places]
    sessions = _read_rows(readers, reporter)
    version, source = version_of(root, _versions(readers, shared))
    owners = _owners(settings, config, table, shared)
    stores, unclaimed = _joined(readers, sessions, shared)
    databases = [reader for reader in readers if not isinstance(reader, FilesReader)]
    newer = any(isinstance(reader, FilesReader) and reader.seems_7_1() for reader in readers)
    return StateReader(
        root=root,
        generation=Generation.SQLITE if databases else Generation.FILES,
        version=version,
        version_source=source,
        config=config,
        stores=tuple(stores),
        owners=owners,
        problems=_problems(config, places, shared),
        free_bytes=free_bytes(root),
        dialect=dialect_of(version, sqlite=bool(databases), seems_7_1=newer, any_rows=bool(sessions)),
        cooldowns=tuple(item for reader in databases for item in reader.cooldowns()),
        shared=shared.status if shared else None,
        boots=shared.boots if shared else (),
        unclaimed=unclaimed,
        boot_ids=shared.boot_ids if shared else (),
    )


def _require(root: Path, config: OpenClawConfig) -> None:
    try:
        list_directory(root)
    except OSError as error:
        raise NotFoundError(f"state directory {root}: {describe(error)}") from error
    if not looks_like_openclaw(root, config):
        hint = "the state directory is the one that holds agents/ and openclaw.json"
        raise NotFoundError(f"no OpenClaw store in {root}", hint=hint)


def _settled(place: AgentPlace, settings: Settings, table: ProcessTable) -> FilesReader | DatabaseReader:
    """A reader of the store; one that looks broken is read once more: its gateway may be making it right now."""
    reader = _reader(place, settings, table)
    reader.sessions()
    if not reader.status().problem:
        return reader
    reader.close()
    time.sleep(SECOND_LOOK_S)
    return _reader(place, settings, table)


def _reader(place: AgentPlace, settings: Settings, table: ProcessTable) -> FilesReader | DatabaseReader:
    if place.database is not None:
        from clawmedic.stores.database import DatabaseReader

        return DatabaseReader(place.id, place.database, settings.world, place.home / "sessions")
    return FilesReader(place.id, place.store, settings.world, table, place.home, settings.state_dir)


def _read_rows(readers: list[FilesReader | DatabaseReader], reporter: Reporter) -> list[Session]:
    reporter.begin("reading stores", len(readers))
    found: list[Session] = []
    for reader in readers:
        found += reader.sessions()
        reporter.advance()
    reporter.end()
    return found


def _versions(
    readers: list[FilesReader | DatabaseReader], shared: SharedState | None
) -> list[tuple[str | None, str]]:
    found = [(shared.version, "state database schema_meta")] if shared else []
    found += [
        (reader.app_version(), f"agent {reader.agent}'s database schema_meta")
        for reader in readers
        if not isinstance(reader, FilesReader)
    ]
    return found


def _owners(
    settings: Settings, config: OpenClawConfig, table: ProcessTable, shared: SharedState | None
) -> tuple[GatewayOwner, ...]:
    world, root = settings.world, settings.state_dir
    path = Path(config.path) if config.path else config_path(world, root) or root / "openclaw.json"
    found = [*gateway_locks(world, root, path, table), *(shared.owners if shared else ())]
    known = {owner.pid for owner in found if owner.liveness is Liveness.ALIVE}
    return (*(owner for owner in running_gateways(table, root, path) if owner.pid not in known), *found)


def _joined(
    readers: list[FilesReader | DatabaseReader], sessions: list[Session], shared: SharedState | None
) -> tuple[list[StoreReader], tuple[PendingInput, ...]]:
    if shared is None or not (shared.ingress or shared.cached or shared.runs):
        return list(readers), ()
    addresses: dict[str, tuple[Address, ...]] = {}
    for reader in readers:
        if not isinstance(reader, FilesReader):
            addresses.update(reader.addresses())
    additions = join(sessions, shared, addresses)
    return [JoinedReader.over(reader, additions) for reader in readers], additions.unclaimed


def _problems(
    config: OpenClawConfig, places: list[AgentPlace], shared: SharedState | None
) -> tuple[str, ...]:
    found = [f"config: {problem}" for problem in config.problems]
    if shared is not None and shared.status.problem:
        found.append(f"{STATE_DATABASE}: {shared.status.problem}")
    found += [
        f"agent {place.id}: {place.store.name} of the older generation stands beside the database"
        for place in places
        if place.database is not None and lstat(place.store) is not None
    ]
    return tuple(found)
