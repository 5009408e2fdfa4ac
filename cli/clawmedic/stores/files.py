"""The file generation (up to 2026.7.1): `sessions.json` and one JSONL transcript for each session."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.disk.files import Listed, is_regular, list_directory, open_regular
from clawmedic.disk.jsonl import iter_lines
from clawmedic.model.session import Generation, Session, TranscriptRef
from clawmedic.settings import World
from clawmedic.stores.artefacts import beside, of_listing
from clawmedic.stores.locks import read_lock
from clawmedic.stores.names import Artefact, ArtefactKind
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.reader import RawEntry, StoreStatus, TranscriptTail
from clawmedic.stores.rows import is_file_name, is_of_7_1, session_from_entry, session_id_of
from clawmedic.stores.storefile import StoreFile, read_store, salvage
from clawmedic.stores.tails import file_tail, raw_entry


class _Loaded(Struct, frozen=True):
    """`content` with its rows taken out."""

    content: StoreFile
    sessions: tuple[Session, ...]
    seems_7_1: bool


class FilesReader(Struct, frozen=True, dict=True):
    """One agent's `sessions.json` store. The store is read once, at first need.

    Attributes:
        store: the path of `sessions.json`, whether it exists or not.
        home: the agent's own directory (`agents/<id>`), None for the legacy place.
        root: the state directory.
    """

    agent: str
    store: Path
    world: World
    table: ProcessTable
    home: Path | None = None
    root: Path | None = None

    @property
    def generation(self) -> Generation:
        """Always files."""
        return Generation.FILES

    @cached_property
    def _loaded(self) -> _Loaded:
        """The store's sessions; the parsed file itself, often a hundred times larger, is let go row by row."""
        content = read_store(self.store)
        found: list[Session] = []
        seems_7_1 = False
        for key in list(content.rows):
            entry = content.rows.pop(key)
            seems_7_1 = seems_7_1 or is_of_7_1(entry)
            found.append(self._session(key, entry))
        return _Loaded(content, tuple(found), seems_7_1)

    @cached_property
    def _listing(self) -> list[Listed]:
        try:
            return list_directory(self.store.parent)
        except OSError:
            return []

    @cached_property
    def _names(self) -> dict[str, Listed]:
        return {listed.name: listed for listed in self._listing}

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """Paths in the sessions directory that a row has needed, by name: to make one takes longer than to list it."""
        return {}

    @cached_property
    def _directory(self) -> Path:
        return self.store.parent

    @cached_property
    def _within(self) -> str:
        return f"{self._directory}/"

    @cached_property
    def _artefacts(self) -> tuple[Artefact, ...]:
        agent_dir = self.home / "agent" if self.home else None
        return (*of_listing(self._listing, self._paths), *beside(self.store.parent, agent_dir))

    def status(self) -> StoreStatus:
        """What the store file is like; valid copies are looked for only when it is not."""
        content = self._loaded.content
        problem, damaged = content.problem, content.damaged
        if problem == "missing" and (count := self._transcripts()):
            problem, damaged = f"missing, although {count} transcripts are here", True
        return StoreStatus(
            path=self.store,
            agent=self.agent,
            generation=Generation.FILES,
            size_bytes=content.size_bytes,
            problem=problem,
            damaged=damaged,
            salvage=salvage(self._artefacts) if problem or content.invalid else (),
            invalid_rows=content.invalid,
        )

    def _transcripts(self) -> int:
        live = {ArtefactKind.LIVE, ArtefactKind.TOPIC, ArtefactKind.FORK}
        return sum(item.kind in live for item in self._artefacts)

    def sessions(self) -> Sequence[Session]:
        """Every row, with its transcript found and its lock read."""
        return self._loaded.sessions

    def artefacts(self) -> Sequence[Artefact]:
        """Every file of the sessions directory, its `cold/`, the import archive, quarantined databases."""
        return self._artefacts

    def seems_7_1(self) -> bool:
        """Whether rows or files look like 7.1 rather than 4.15."""
        return self._loaded.seems_7_1 or any(
            listed.name.endswith(".trajectory.jsonl") for listed in self._listing
        )

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:
        """See `StoreReader.tail`: one open, one stat, a read of the end, and the first line."""
        return file_tail(
            session.transcript.path,
            limit,
            line_limit=self.world.limits.line_bytes,
            seek_compaction=seek_compaction,
        )

    def entries(self, session: Session) -> Iterator[RawEntry]:
        """Every line in file order, read in blocks."""
        try:
            with open_regular(session.transcript.path) as descriptor:
                for line in iter_lines(descriptor, line_limit=self.world.limits.line_bytes):
                    yield raw_entry(line)
        except OSError:
            return

    def close(self) -> None:
        """Nothing is held open."""

    def _session(self, key: str, entry: Mapping[str, object]) -> Session:
        transcript = self._transcript(key, entry)
        session = session_from_entry(
            key, self.agent, entry, generation=Generation.FILES, store=self.store, transcript=transcript
        )
        name = transcript.path.name
        lock_name = name + ".lock"
        if lock_name not in self._names and (name in self._names or not transcript.exists):
            return session
        lock = read_lock(transcript.path.with_name(lock_name), self.table, self.world.clock())
        return replace(session, lock=lock) if lock else session

    def _transcript(self, key: str, entry: Mapping[str, object]) -> TranscriptRef:
        """The row's `sessionFile` as written, beside the store by its base name, then by session id and topic."""
        written = entry.get("sessionFile")
        written = written if isinstance(written, str) and written and "\0" not in written else None
        if written is not None and written.startswith(self._within):  # nearly every row there is
            name = written[len(self._within) :]
            if name.endswith(".jsonl") and name in self._names:
                return self._named(name, written)
        names = self._candidates(key, session_id_of(entry) or "", written)
        if written is not None and self._is_elsewhere_here(written) and is_regular(written):
            return self._ref(Path(written), written)
        chosen = next(
            (name for name in names if name in self._names), names[0] if names else "no-session-id.jsonl"
        )
        return self._named(chosen, written)

    def _named(self, name: str, written: str | None) -> TranscriptRef:
        path = self._paths[name] = self._directory / name
        return self._ref(path, written, self._names.get(name))

    def _is_elsewhere_here(self, written: str) -> bool:
        """Whether a stored path leads to another directory of this state directory, and to nowhere outside.

        Paths of a state directory elsewhere are never followed: the row of a copied store names the original's
        transcript, and what is done to the copy must not touch the original. OpenClaw refuses them too.
        """
        if not written.startswith(self._roots) or ".." in written.split("/"):
            return False
        return os.path.dirname(written) != str(self._directory)  # noqa: PTH120 - no Path for each row

    @cached_property
    def _roots(self) -> tuple[str, ...]:
        root = self.store.parent if self.root is None else self.root
        return (f"{root}/", f"{os.path.realpath(root)}/")

    def _candidates(self, key: str, session_id: str, written: str | None) -> list[str]:
        names: list[str] = []
        base = written.replace("\\", "/").rsplit("/", 1)[-1] if written else ""
        if base not in {"", ".", ".."} and base.endswith(".jsonl"):
            names.append(base)
        if is_file_name(session_id):
            topic = key.rpartition(":topic:")[2] if ":topic:" in key else ""
            if topic and is_file_name(topic):
                names.append(f"{session_id}-topic-{topic}.jsonl")
            names.append(f"{session_id}.jsonl")
        return names

    @staticmethod
    def _ref(path: Path, written: str | None, listed: Listed | None = None) -> TranscriptRef:
        size, mtime, exists = 0, None, listed is not None
        if listed is not None and listed.is_regular:
            size, mtime = listed.size_bytes, listed.mtime_ms
        else:
            try:
                with open_regular(path) as descriptor:  # a link, or a file elsewhere
                    seen = os.fstat(descriptor)
                    size, mtime, exists = seen.st_size, seen.st_mtime_ns // 1_000_000, True
            except OSError:
                pass
        return TranscriptRef(path, None, exists=exists, size_bytes=size, mtime_ms=mtime, as_written=written)
