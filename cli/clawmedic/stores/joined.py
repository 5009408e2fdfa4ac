"""A store with what the state database adds to its sessions: waiting messages and runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.model.session import Generation, PendingInput, RunRecord, Session
from clawmedic.stores.addresses import Address, Directory
from clawmedic.stores.names import Artefact
from clawmedic.stores.reader import RawEntry, StoreReader, StoreStatus, TranscriptTail
from clawmedic.stores.shared import SharedState

_BEFORE_UPDATE_MS = 60_000
"""For a row without any run, how long before its last change a message may have been sent to belong to it."""


class Additions(Struct, frozen=True):
    """By session key; `unclaimed` is the spool's messages of no known session."""

    pending: Mapping[str, tuple[PendingInput, ...]]
    runs: Mapping[str, tuple[RunRecord, ...]]
    unclaimed: tuple[PendingInput, ...]


def join(
    sessions: Iterable[Session], shared: SharedState, addresses: Mapping[str, Iterable[Address]]
) -> Additions:
    """Give each message of the spool and of the caches to the session whose chat it was sent to."""
    by_key = {session.key: session for session in sessions}
    directory = Directory(by_key.values(), addresses)
    pending: dict[str, list[PendingInput]] = defaultdict(list)
    unclaimed: list[PendingInput] = []
    for address, message in shared.ingress:
        key = directory.key_of(address) if address else None
        (pending[key] if key else unclaimed).append(message)
    for address, messages in shared.cached.items():
        key = directory.key_of(address)
        if key is not None:
            floor = _newest_run(by_key[key])
            spooled = {message.text for message in pending[key]}
            pending[key] += [
                message for message in messages if (message.at or 0) > floor and message.text not in spooled
            ]
    found = {key: tuple(sorted(listed, key=lambda item: item.at or 0)) for key, listed in pending.items()}
    return Additions(found, shared.runs, tuple(unclaimed))


def _newest_run(session: Session) -> int:
    """When the newest run began. What was sent during it counts as newer: it waited for its end."""
    newest = session.started_at or session.ended_at
    if newest is not None:
        return newest
    return (session.updated_at or 0) - _BEFORE_UPDATE_MS


class JoinedReader(Struct, frozen=True):
    """A store reader whose sessions carry the additions; everything else is the store's own."""

    inner: StoreReader
    joined: tuple[Session, ...]

    @classmethod
    def over(cls, inner: StoreReader, additions: Additions) -> JoinedReader:
        """The reader's sessions with what belongs to their keys."""
        return cls(inner, tuple(_with(session, additions) for session in inner.sessions()))

    @property
    def agent(self) -> str:
        """The agent's id."""
        return self.inner.agent

    @property
    def generation(self) -> Generation:
        """Files or SQLite."""
        return self.inner.generation

    def status(self) -> StoreStatus:
        """See `StoreReader.status`."""
        return self.inner.status()

    def sessions(self) -> Sequence[Session]:
        """Every row, with pending inputs and runs of the state database."""
        return self.joined

    def artefacts(self) -> Sequence[Artefact]:
        """See `StoreReader.artefacts`."""
        return self.inner.artefacts()

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:
        """See `StoreReader.tail`."""
        return self.inner.tail(session, limit, seek_compaction=seek_compaction)

    def entries(self, session: Session) -> Iterator[RawEntry]:
        """See `StoreReader.entries`."""
        return self.inner.entries(session)

    def close(self) -> None:
        """Close the store."""
        self.inner.close()


def _with(session: Session, additions: Additions) -> Session:
    more = additions.pending.get(session.key, ())
    runs = additions.runs.get(session.key, ())
    if not more and not runs:
        return session
    return replace(session, pending=(*session.pending, *more), runs=runs)
