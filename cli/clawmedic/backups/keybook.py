"""Gathering what the stores know of keys, ids and files into one `KeyBook`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import orjson
from msgspec import Struct, field

from clawmedic.backups.keys import ARCHIVED, WINDOW, KeyBook, Owner
from clawmedic.model.session import Generation, Session
from clawmedic.stores.dbcopies import archives, cold_owners, connection_of, row_documents, windows
from clawmedic.stores.names import ArtefactKind
from clawmedic.stores.query import Damage
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader
from clawmedic.stores.storefile import read_store

_MOST_OLD_STORES = 8
_OLD_STORES = frozenset(
    {ArtefactKind.STORE_BACKUP, ArtefactKind.IMPORTED, ArtefactKind.FOREIGN, ArtefactKind.STORE_TEMP}
)


class Known(Struct, frozen=True):
    """What the stores know.

    Attributes:
        sessions: by (agent, key).
        remembered: by (agent, key), session ids that the row names and that must once have had a transcript.
    """

    book: KeyBook
    sessions: Mapping[tuple[str, str], Session]
    remembered: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)


def gather_keys(state: StateReader) -> Known:
    """Everything that rows, windows, archives, manifests, old stores and sidecars say."""
    book = KeyBook()
    sessions: dict[tuple[str, str], Session] = {}
    for store in state.stores:
        for session in store.sessions():
            sessions[session.agent, session.key] = session
            book.add_session(session)
    for store in state.stores:
        _rows(book, store)
        _database(book, store)
        _old_stores(book, store)
    book.add_manifests(state.root)
    book.add_sidecars({item.path.parent for store in state.stores for item in store.artefacts()})
    remembered = {
        owner: session.previous_session_ids
        for owner, session in sessions.items()
        if session.previous_session_ids
    }
    return Known(book, sessions, remembered)


def _rows(book: KeyBook, store: StoreReader) -> None:
    if store.generation is Generation.FILES:
        for key, entry in read_store(store.status().path).rows.items():
            book.add_row(store.agent, key, entry)


def _database(book: KeyBook, store: StoreReader) -> None:
    connection = connection_of(store)
    if connection is None:
        return
    ignored: list[str] = []  # damage is reported by the catalogue, which reads the same tables
    _row_documents(book, store, connection, ignored.append)
    by_id: dict[str, str] = {}
    for window in windows(connection, ignored.append):
        if window.key:
            by_id[window.session_id] = window.key
            book.add_id(window.session_id, Owner(store.agent, window.key, "a window of the database", WINDOW))
    for stored in archives(connection, ignored.append):
        if stored.key:
            owner = Owner(store.agent, stored.key, "the database's list of archives", ARCHIVED)
            book.add_id(stored.session_id, owner)
            book.add_file(stored.name, owner)
    for name, session_id in cold_owners(connection, ignored.append).items():
        if session_id in by_id:
            why = "the database's list of cold archives"
            book.add_file(name, Owner(store.agent, by_id[session_id], why, ARCHIVED))


def _row_documents(book: KeyBook, store: StoreReader, connection: sqlite3.Connection, damage: Damage) -> None:
    for key, document in row_documents(connection, damage):
        try:
            entry = orjson.loads(document)
        except orjson.JSONDecodeError:
            continue
        if isinstance(entry, dict):
            book.add_row(store.agent, key, entry)


def _old_stores(book: KeyBook, store: StoreReader) -> None:
    """Rotations, temporaries and imported stores, newest first."""
    candidates = [
        item
        for item in store.artefacts()
        if item.kind in _OLD_STORES and item.is_regular and "sessions.json" in item.path.name
    ]
    candidates.sort(key=lambda item: -(item.at or item.mtime_ms or 0))
    for item in candidates[:_MOST_OLD_STORES]:
        book.add_old_store(store.agent, item.path)
