"""Which key a copy belongs to: what rows, the store's memory, manifests, archives and sidecars say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson
from msgspec import Struct, field

from clawmedic.disk.files import list_directory, open_regular, read_bounded
from clawmedic.disk.jsonl import first_line
from clawmedic.model.session import Session
from clawmedic.stores.names import classify_name
from clawmedic.stores.storefile import read_store

MANIFESTS = "session-sqlite-migration-runs"
_MANIFEST_BYTES = 32 * 1024 * 1024
_MOST_MANIFESTS = 32
_TRAJECTORY_BYTES = 1024 * 1024

# Ranks of evidence, strongest first.
ROW, PREVIOUS, WINDOW, CHECKPOINT, ARCHIVED, MANIFEST, OLD_STORE, LOG, SIDECAR, MATCHED = range(10)


class Owner(Struct, frozen=True):
    """A key of an agent, and the evidence for it."""

    agent: str
    key: str
    why: str
    rank: int


class KeyBook(Struct):
    """Owners by session id and by file name; the strongest evidence wins, the first of equal strength."""

    ids: dict[str, Owner] = field(default_factory=dict)
    files: dict[str, Owner] = field(default_factory=dict)
    referenced: set[str] = field(default_factory=set)
    """Base names of files that rows name: transcripts and checkpoints."""

    def add_id(self, session_id: str, owner: Owner) -> None:
        """Say whose a session id is."""
        _keep(self.ids, session_id, owner)

    def add_file(self, name: str, owner: Owner) -> None:
        """Say whose a file is, by its base name."""
        _keep(self.files, name, owner)

    def owner(self, path: Path, ids: Iterable[str]) -> Owner | None:
        """The owner of a file that carries some ids (of its name, of its header); the strongest evidence wins."""
        stem = path.name.partition(".jsonl")[0] + ".jsonl"
        candidates = [self.files.get(path.name), self.files.get(stem)]
        candidates += [self.ids.get(session_id) for session_id in ids if session_id]
        known = [owner for owner in candidates if owner is not None]
        return min(known, key=lambda owner: owner.rank) if known else None

    def add_session(self, session: Session) -> None:
        """What a row says by itself."""
        owner = Owner(session.agent, session.key, "its row", ROW)
        self.add_id(session.session_id, owner)
        if session.transcript.window is None:
            self.add_file(session.transcript.path.name, owner)
            self.referenced.add(session.transcript.path.name)
        for earlier in session.previous_session_ids:
            self.add_id(
                earlier, Owner(session.agent, session.key, "an earlier session id of the row", PREVIOUS)
            )

    def add_row(self, agent: str, key: str, entry: Mapping[str, object]) -> None:
        """What a row says in its own JSON: the family of ids, and its compaction checkpoints."""
        family = entry.get("usageFamilySessionIds")
        for session_id in family if isinstance(family, list) else ():
            if isinstance(session_id, str):
                self.add_id(session_id, Owner(agent, key, "usageFamilySessionIds of the row", PREVIOUS))
        checkpoints = entry.get("compactionCheckpoints")
        owner = Owner(agent, key, "a compaction checkpoint of the row", CHECKPOINT)
        for checkpoint in checkpoints if isinstance(checkpoints, list) else ():
            for session_id, name in _named_in(checkpoint):
                if session_id:
                    self.add_id(session_id, owner)
                if name:
                    self.add_file(name, owner)
                    self.referenced.add(name)

    def add_old_store(self, agent: str, path: Path) -> None:
        """What a copy of the store says: rows that are no longer there, too."""
        for key, entry in read_store(path).rows.items():
            owner = Owner(agent, key, f"{path.name}, an older copy of the store", OLD_STORE)
            session_id, written = entry.get("sessionId"), entry.get("sessionFile")
            if isinstance(session_id, str):
                self.add_id(session_id, owner)
            if isinstance(written, str):
                self.add_file(_base(written), owner)

    def add_manifests(self, root: Path) -> None:
        """What the migration to SQLite wrote down: `targets[].{planned,completed}Moves[]` with key and paths."""
        try:
            listing = [item for item in list_directory(root / MANIFESTS) if item.name.endswith(".json")]
        except OSError:
            return
        for item in listing[-_MOST_MANIFESTS:]:
            for agent, key, names in _moves(Path(item.path)):
                for name in names:
                    self.add_file(name, Owner(agent, key, f"manifest {item.name}", MANIFEST))

    def add_sidecars(self, directories: Iterable[Path]) -> None:
        """What trajectory sidecars (7.1) say of session ids that nothing else knows."""
        for directory in directories:
            try:
                listing = list_directory(directory)
            except OSError:
                continue
            for item in listing:
                session_id = item.name.removesuffix(".trajectory.jsonl")
                if session_id != item.name and item.is_regular and session_id not in self.ids:
                    self._sidecar(Path(item.path), session_id, directory)

    def _sidecar(self, path: Path, session_id: str, directory: Path) -> None:
        try:
            with open_regular(path) as descriptor:
                line = first_line(descriptor, limit=_TRAJECTORY_BYTES)
            value = orjson.loads(line.data) if line else None
        except (OSError, orjson.JSONDecodeError):
            return
        key = value.get("sessionKey") if isinstance(value, dict) else None
        if isinstance(key, str) and key:
            agent = directory.parent.name
            self.add_id(session_id, Owner(agent, key, f"its trajectory sidecar {path.name}", SIDECAR))


def _keep(known: dict[str, Owner], name: str, owner: Owner) -> None:
    if name and (name not in known or owner.rank < known[name].rank):
        known[name] = owner


def _base(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _named_in(checkpoint: object) -> Iterator[tuple[str, str]]:
    """(session id, base name) of a checkpoint's own record and of what it says of before and after."""
    if not isinstance(checkpoint, dict):
        return
    for part in (checkpoint, checkpoint.get("preCompaction"), checkpoint.get("postCompaction")):
        if isinstance(part, dict):
            session_id, written = part.get("sessionId"), part.get("sessionFile")
            yield (
                session_id if isinstance(session_id, str) else "",
                _base(written) if isinstance(written, str) else "",
            )


def _moves(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(agent, key, base names) of each move a manifest records."""
    try:
        content = read_bounded(path, _MANIFEST_BYTES)
        tree = None if content.truncated else orjson.loads(content.data)
    except (OSError, orjson.JSONDecodeError):
        return
    targets = tree.get("targets") if isinstance(tree, dict) else None
    for target in targets if isinstance(targets, list) else ():
        if not isinstance(target, dict):
            continue
        agent = target.get("agentId")
        for name in ("completedMoves", "plannedMoves"):
            moves = target.get(name)
            for move in moves if isinstance(moves, list) else ():
                key = move.get("sessionKey") if isinstance(move, dict) else None
                if isinstance(key, str) and key:
                    paths = [move.get(side) for side in ("archivePath", "sourcePath")]
                    names = [_base(written) for written in paths if isinstance(written, str)]
                    yield agent if isinstance(agent, str) else "main", key, names


def id_in_name(name: str) -> str:
    """The session id a file name carries, "" when it carries none."""
    return classify_name(name)[1] or ""
