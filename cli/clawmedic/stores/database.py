"""The SQLite generation (2026.7.2 and later): `agents/<id>/agent/openclaw-agent.sqlite`.

The table `trajectory_runtime_events` is most of the file and is never read (openclaw-sqlite.md 1).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.disk.files import lstat
from clawmedic.disk.sqlite import Database, open_read_only
from clawmedic.errors import UnreadableError
from clawmedic.model.session import Generation, PendingInput, Session, TranscriptRef
from clawmedic.settings import World
from clawmedic.stores.addresses import Address, parse_address
from clawmedic.stores.artefacts import collect
from clawmedic.stores.cooldowns import Cooldown, read_cooldowns
from clawmedic.stores.events import Events
from clawmedic.stores.names import Artefact
from clawmedic.stores.query import app_version, columns_of, rows, select
from clawmedic.stores.reader import RawEntry, StoreStatus, TranscriptTail
from clawmedic.stores.rows import session_from_entry
from clawmedic.stores.texts import message_text
from clawmedic.stores.typed import Fields

KNOWN_SCHEMA = 23
_NODE_COLUMNS = (
    "session_key",
    "current_session_id",
    "entry_json",
    "entry_valid",
    "updated_at",
    "status",
    "created_at",
    "label",
    "display_name",
    "archived_at",
    "last_interaction_at",
    "last_activity_at",
)
_CHAT_COLUMNS = ("conversation_id", "channel", "delivery_target", "peer_id", "thread_id")
_LINK_COLUMNS = ("session_id", "conversation_id", "role")
_NAMED = 50


class _Damage(Struct):
    """SQLite's words for what could not be read, each once."""

    words: list[str] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        if text not in self.words:
            self.words.append(text)


class DatabaseReader(Struct, frozen=True, dict=True):
    """One agent's database. It is opened at first need and stays open until `close`."""

    agent: str
    store: Path
    world: World
    sessions_dir: Path
    _damage: _Damage = field(default_factory=_Damage)
    _invalid: list[str] = field(default_factory=list)

    @property
    def generation(self) -> Generation:
        """Always SQLite."""
        return Generation.SQLITE

    @cached_property
    def _database(self) -> Database | None:
        try:
            database = open_read_only(self.store, scratch=self.world.tmp)
        except UnreadableError as error:
            self._damage(error.message.removeprefix(f"{self.store} ").removeprefix(f"{self.store}: "))
            return None
        if database.damage:
            self._damage(database.damage)
        return database

    @property
    def connection(self) -> sqlite3.Connection | None:
        """The open database, None when it cannot be opened."""
        return self._database.connection if self._database else None

    @cached_property
    def _events(self) -> Events | None:
        return Events(self.connection, self.world.limits, self._damage) if self.connection else None

    @cached_property
    def _sessions(self) -> tuple[Session, ...]:
        return tuple(self._read_sessions())

    @cached_property
    def _artefacts(self) -> tuple[Artefact, ...]:
        return collect((self.sessions_dir,), self.store.parent)

    def status(self) -> StoreStatus:
        """What the database is like, after its rows were read."""
        _ = self._sessions
        seen = lstat(self.store)
        wal = lstat(self.store.with_name(self.store.name + "-wal"))
        version = self._schema_version()
        return StoreStatus(
            path=self.store,
            agent=self.agent,
            generation=Generation.SQLITE,
            size_bytes=seen.st_size if seen else 0,
            problem="; ".join(self._damage.words[:3]),
            damaged=any(not _is_ours(words) for words in self._damage.words),
            schema_version=version,
            schema_newer=version is not None and version > KNOWN_SCHEMA,
            wal_bytes=wal.st_size if wal else None,
            invalid_rows=tuple(self._invalid),
        )

    def _schema_version(self) -> int | None:
        if self.connection is None:
            return None
        found = next(rows(self.connection, "PRAGMA user_version", damage=self._damage), None)
        return found[0] if found and isinstance(found[0], int) else None

    def sessions(self) -> Sequence[Session]:
        """Every row that can be read, with its transcript's size and what waits for it."""
        return self._sessions

    def artefacts(self) -> Sequence[Artefact]:
        """Files of the sessions directory (archives), its `cold/`, the import archive, quarantined databases."""
        return self._artefacts

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:
        """The newest events, up to `limit` bytes of text, in order of `seq`."""
        if self._events is None:
            problem = "; ".join(self._damage.words[:1]) or "cannot be read"
            return TranscriptTail(None, (), complete=True, compaction=None, size_bytes=0, problem=problem)
        return self._events.tail(session, limit, seek_compaction=seek_compaction)

    def entries(self, session: Session) -> Iterator[RawEntry]:
        """Every event by `seq`, with whether it is on the current branch."""
        return self._events.entries(session) if self._events is not None else iter(())

    def addresses(self) -> dict[str, tuple[Address, ...]]:
        """The chats of each session key by the conversations table: a direct-message session may have many."""
        connection = self.connection
        if connection is None:
            return {}
        chats: dict[str, Address] = {}
        for row in select(connection, "conversations", _CHAT_COLUMNS, damage=self._damage):
            name, target = row.text("conversation_id"), row.text("delivery_target") or row.text("peer_id")
            if name and target:
                address = parse_address(
                    target, channel=row.text("channel") or "", thread=row.word("thread_id")
                )
                if address is not None:
                    chats[name] = address
        keys = {session.session_id: session.key for session in self._sessions}
        found: dict[str, list[Address]] = {}
        for row in select(connection, "session_conversations", _LINK_COLUMNS, damage=self._damage):
            key, address = (
                keys.get(row.text("session_id") or ""),
                chats.get(row.text("conversation_id") or ""),
            )
            if key and address and row.text("role") == "primary":
                found.setdefault(key, []).append(address)
        return {key: tuple(listed) for key, listed in found.items()}

    def cooldowns(self) -> tuple[Cooldown, ...]:
        """Auth profiles that are not used for the time being."""
        found: list[Cooldown] = []
        if self.connection is not None:
            for row in select(self.connection, "auth_profile_state", ("state_json",), damage=self._damage):
                found += read_cooldowns(self.agent, row.text("state_json"))
        return tuple(found)

    def app_version(self) -> str | None:
        """The OpenClaw that last opened this database."""
        return app_version(self.connection) if self.connection is not None else None

    def close(self) -> None:
        """Close the database and remove a temporary copy."""
        if "_database" in self.__dict__ and self._database is not None:
            self._database.close()

    def _read_sessions(self) -> Iterator[Session]:
        connection = self.connection
        if connection is None or self._events is None:
            return
        if not columns_of(connection, "session_nodes"):
            self._damage("no table session_nodes")
            return
        sizes = self._events.sizes()
        windows = self._windows(connection)
        pending = self._pending(connection)
        for node in select(connection, "session_nodes", _NODE_COLUMNS, damage=self._damage):
            session = self._session(node, sizes)
            if session is None:
                continue
            earlier = (*windows.get(session.key, ()), *session.previous_session_ids)
            previous = tuple(dict.fromkeys(name for name in earlier if name != session.session_id))
            waiting = pending.get(session.key, ())
            yield replace(session, previous_session_ids=previous, pending=waiting)

    def _session(self, node: Fields, sizes: Mapping[str, tuple[int, int | None]]) -> Session | None:
        key = node.text("session_key")
        entry = self._entry(node)
        if key is None or entry is None:
            if len(self._invalid) < _NAMED:
                self._invalid.append(f"{key or 'a row without a key'}: entry_json is no object")
            return None
        session_id = node.text("current_session_id") or ""
        size, newest = sizes.get(session_id, (0, None))
        exists = session_id in sizes
        transcript = TranscriptRef(self.store, session_id, exists=exists, size_bytes=size, mtime_ms=newest)
        session = session_from_entry(
            key,
            self.agent,
            entry,
            generation=Generation.SQLITE,
            store=self.store,
            transcript=transcript,
            session_id=session_id or None,
        )
        return replace(
            session,
            status=session.status or node.text("status"),
            updated_at=node.time("updated_at") or session.updated_at,
            created_at=session.created_at or node.time("created_at"),
            label=session.label or node.text("label") or node.text("display_name") or "",
            archived_at=session.archived_at or node.time("archived_at"),
            last_interaction_at=session.last_interaction_at or node.time("last_interaction_at"),
            last_activity_at=session.last_activity_at or node.time("last_activity_at"),
            entry_valid=_validity(node),
        )

    @staticmethod
    def _entry(node: Fields) -> dict[str, object] | None:
        try:
            entry = orjson.loads(node.text("entry_json") or "null")
        except orjson.JSONDecodeError:
            return None
        return entry if isinstance(entry, dict) else None

    def _windows(self, connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
        """The session ids of each key by creation: `reason` and `previous_session_id` are mostly NULL."""
        found: dict[str, list[tuple[int, str]]] = {}
        columns = ("session_id", "session_key", "created_at")
        for row in select(connection, "session_windows", columns, damage=self._damage):
            key, window = row.text("session_key"), row.text("session_id")
            if key and window:
                found.setdefault(key, []).append((row.number("created_at") or 0, window))
        return {key: tuple(window for _, window in sorted(windows)) for key, windows in found.items()}

    def _pending(self, connection: sqlite3.Connection) -> dict[str, tuple[PendingInput, ...]]:
        """Accepted messages that are not in the transcript yet, oldest first."""
        found: dict[str, list[PendingInput]] = {}
        columns = ("session_key", "state", "accepted_at", "message_json", "consumed_event_id")
        for row in select(connection, "session_pending_inputs", columns, damage=self._damage):
            key = row.text("session_key")
            if key and row.text("consumed_event_id") is None:
                text = message_text(row.text("message_json"))
                state = row.text("state") or ""
                found.setdefault(key, []).append(
                    PendingInput("pending-input", state, row.time("accepted_at"), text)
                )
        return {key: tuple(sorted(inputs, key=lambda item: item.at or 0)) for key, inputs in found.items()}


def _validity(node: Fields) -> int | None:
    value = node.values.get("entry_valid")
    return value if value in {-1, 0, 1} and isinstance(value, int) else None


def _is_ours(words: str) -> bool:
    """Reasons that lie with us or the moment, not with the content."""
    return words.startswith(
        ("permission denied", "missing", "no room", "no temporary copy", "changed each")
    ) or ("locked" in words or "unable to open" in words)
