"""The session keys of a state directory, read as cheaply as they can be: for a shell that completes a word."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.settings import Settings
from clawmedic.stores.config import load_config
from clawmedic.stores.discover import AgentPlace, find_agents
from clawmedic.stores.storefile import read_store
from clawmedic.stores.typed import Fields


class IndexedSession(Struct, frozen=True):
    """One row's key, its agent, and when it was last updated (epoch milliseconds)."""

    key: str
    agent: str
    updated_at: int | None


def index_sessions(settings: Settings) -> list[IndexedSession]:
    """Every key, newest first. What cannot be read is left out; no transcript and no process is looked at."""
    found = [item for place in agent_places(settings) for item in _of(place, settings)]
    return sorted(found, key=lambda item: -(item.updated_at or 0))


def agent_places(settings: Settings) -> list[AgentPlace]:
    """The agents by directory and by config; the state database is not asked."""
    return find_agents(settings.state_dir, load_config(settings.world, settings.state_dir))


def _of(place: AgentPlace, settings: Settings) -> list[IndexedSession]:
    if place.database is None:
        rows = read_store(place.store).rows
        return [IndexedSession(key, place.id, Fields.of(row).time("updatedAt")) for key, row in rows.items()]
    from clawmedic.stores.database import DatabaseReader

    reader = DatabaseReader(place.id, place.database, settings.world, place.home / "sessions")
    try:
        return [IndexedSession(item.key, place.id, item.updated_at) for item in reader.sessions()]
    finally:
        reader.close()
