"""Every copy of a state directory, of both generations, joined to the key whose conversation it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.backups.cache import open_cache
from clawmedic.backups.finding import Found, directories_of, find_copies
from clawmedic.backups.graph import group_copies, lineage_of, relate
from clawmedic.backups.keybook import Known, gather_keys
from clawmedic.backups.keys import MATCHED, KeyBook, Owner
from clawmedic.backups.matching import match_orphans
from clawmedic.backups.reading import CopyReader, look
from clawmedic.backups.shortlist import remember
from clawmedic.backups.summary import Summary
from clawmedic.backups.survey import Task, survey
from clawmedic.disk.files import lstat
from clawmedic.model.backup import Archive, Backup, BackupKind, BackupState, BlobPlace, Codec, Lineage, Place
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Session
from clawmedic.settings import Settings
from clawmedic.stores.dbcopies import Part, StoredArchive, Window, archives, connection_of, part_size, windows
from clawmedic.stores.names import classify_name
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import StoreReader
from clawmedic.stores.state import StateReader

ID_CHARS = 8
_LIVE_NAMES = frozenset({BackupKind.LIVE, BackupKind.TOPIC, BackupKind.FORK})


class Draft(Struct):
    """A copy before it is joined to a key."""

    place: Place
    kind: BackupKind
    summary: Summary
    agent: str
    size_bytes: int
    name_id: str = ""
    archived_at: int | None = None
    owner: Owner | None = None
    referenced: bool = False

    @property
    def session_id(self) -> str:
        """Of the header; of the name where there is no header."""
        return self.summary.header_id or self.name_id


class _Survey(Struct):
    """The state of one cataloguing."""

    settings: Settings
    state: StateReader
    reporter: Reporter
    use_cache: bool
    drafts: list[Draft] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    cached: int = 0


def catalogue(settings: Settings, reporter: Reporter, *, use_cache: bool = True) -> Archive:
    """Find, read and relate every copy. Reads only, except for the cache in clawmedic's own data home.

    Raises:
        NotFoundError: the directory holds nothing of OpenClaw.
    """
    with open_for_reading(settings, reporter) as state:
        run = _Survey(settings, state, reporter, use_cache)
        known = gather_keys(state)
        _files(run, known)
        for store in state.stores:
            _database(run, store)
        _assign(run, known.book)
        match_orphans(settings, state, known, run.drafts, reporter)
        backups = _identified(run.drafts, state.root)
        related, lineages = _related(backups, known)
        if use_cache:
            remember(settings, related)
        return Archive(
            state.root, related, lineages, tuple(dict.fromkeys((*state.problems, *run.problems))), run.cached
        )


def _files(run: _Survey, known: Known) -> None:
    """Every copy that is a file, and live transcripts wherever their rows say they are."""
    root, limits = run.settings.state_dir, run.settings.world.limits
    directories = directories_of(root, [store.status().path for store in run.state.stores])
    found = {item.artefact.path: item for item in find_copies(root, directories)}
    readable = [item for item in found.values() if not item.problem and item.kind not in _NO_TRANSCRIPT]
    tasks = [Task(Place(item.artefact.path), item.stamp, root, limits) for item in readable]
    elsewhere = _elsewhere(known.sessions.values(), found)
    tasks += [Task(Place(path), stamp, root, limits) for path, stamp in elsewhere]
    cache = open_cache(run.settings.world, root, enabled=run.use_cache)
    summaries = survey(tasks, cache, run.reporter)
    cache.save()
    run.cached = len(tasks) - cache.fresh
    live = {
        session.transcript.path for session in known.sessions.values() if session.transcript.window is None
    }
    for item in found.values():
        summary = summaries.get(item.artefact.path) or _unread(item)
        run.drafts.append(_file_draft(run, item, summary, live))
    for path, stamp in elsewhere:
        run.drafts.append(Draft(Place(path), BackupKind.LIVE, summaries[path], "", stamp[0], referenced=True))


_NO_TRANSCRIPT = (BackupKind.STORE_COPY, BackupKind.DATABASE)


def _elsewhere(
    sessions: Iterable[Session], found: dict[Path, Found]
) -> list[tuple[Path, tuple[int, int, int]]]:
    """Live transcripts whose path no directory listing gave."""
    listed: dict[Path, tuple[int, int, int]] = {}
    for session in sessions:
        path = session.transcript.path
        seen = lstat(path) if session.transcript.window is None and path not in found else None
        if seen is not None:
            listed[path] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
    return list(listed.items())


def _unread(item: Found) -> Summary:
    if item.problem:
        return Summary(BackupState.UNREADABLE, note=item.problem)
    if item.store_rows is not None:
        words = f"a copy of the session store with {item.store_rows} sessions"
        return Summary(BackupState.NOT_A_TRANSCRIPT, note=words, store_rows=item.store_rows)
    words = (
        "a database set aside"
        if item.kind is BackupKind.DATABASE
        else "neither a transcript nor a whole store"
    )
    return Summary(BackupState.NOT_A_TRANSCRIPT, note=words)


def _file_draft(run: _Survey, item: Found, summary: Summary, live: set[Path]) -> Draft:
    artefact, kind = item.artefact, item.kind
    referenced = artefact.path in live
    if kind in _LIVE_NAMES and not referenced:
        kind = BackupKind.ORPHAN
    elif referenced and kind not in _LIVE_NAMES:
        kind = BackupKind.LIVE
    return Draft(
        place=Place(artefact.path, Codec(summary.codec)),
        kind=kind,
        summary=summary,
        agent=_agent_of(artefact.path, run.state.root),
        size_bytes=artefact.size_bytes,
        name_id=artefact.session_id or "",
        archived_at=artefact.at,
        referenced=referenced,
    )


def _agent_of(path: Path, root: Path) -> str:
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return ""
    return parts[1] if len(parts) > 2 and parts[0] == "agents" else ""


def _database(run: _Survey, store: StoreReader) -> None:
    """Windows, their parts before reset events, and archive blobs."""
    connection = connection_of(store)
    if connection is None:
        return
    path = store.status().path
    current = {session.session_id: session for session in store.sessions()}
    with CopyReader(run.settings.world, run.state.root) as reader:
        reader.adopt(path, connection)
        listed = windows(connection, run.problems.append)
        run.reporter.begin("reading windows", len(listed))
        for window in listed:
            for place, kind in _parts(path, window, is_current=window.session_id in current):
                part = Part(window.session_id, place.first_seq, place.last_seq)
                draft = Draft(
                    place,
                    kind,
                    look(reader.open(place)),
                    store.agent,
                    part_size(connection, part),
                    window.session_id,
                )
                draft.referenced = kind is BackupKind.LIVE
                run.drafts.append(draft)
            run.reporter.advance()
        run.reporter.end()
        for stored in archives(connection, run.problems.append):
            run.drafts.append(_blob_draft(reader, path, stored, store.agent))


def _parts(path: Path, window: Window, *, is_current: bool) -> list[tuple[Place, BackupKind]]:
    """The window from its last reset on, and each stretch before a reset."""
    bounds = [*window.resets]
    starts = [None, *(seq + 1 for seq in bounds)]
    parts: list[tuple[Place, BackupKind]] = []
    for start, reset in zip(starts, [*bounds, None], strict=True):
        last = None if reset is None else reset - 1
        kind = (
            BackupKind.PRE_RESET
            if reset is not None
            else BackupKind.LIVE
            if is_current
            else BackupKind.WINDOW
        )
        parts.append((Place(path, window=window.session_id, first_seq=start, last_seq=last), kind))
    return parts


def _blob_draft(reader: CopyReader, path: Path, stored: StoredArchive, agent: str) -> Draft:
    place = Place(path, blob=BlobPlace(stored.table, stored.row))
    summary = look(reader.open(place))
    return Draft(
        replace(place, codec=Codec(summary.codec)),
        BackupKind.DB_ARCHIVE,
        replace(
            summary,
            note="; ".join(word for word in (f"{stored.name} ({stored.reason})", summary.note) if word),
        ),
        agent,
        stored.size_bytes,
        stored.session_id,
        stored.at if stored.at is not None else classify_name(stored.name)[2],
    )


def _assign(run: _Survey, book: KeyBook) -> None:
    """Give every copy its owner by name, header and what the store remembers; parents of known transcripts too."""
    for draft in run.drafts:
        path = draft.place.path if draft.place.is_file else Path()
        draft.owner = book.owner(path, _ids(draft))
        draft.referenced = draft.referenced or (
            draft.place.is_file and draft.place.path.name in book.referenced
        )
    parents = {
        Path(draft.summary.parent_session.replace("\\", "/")).name: draft.owner
        for draft in run.drafts
        if draft.summary.parent_session and draft.owner is not None
    }
    for draft in run.drafts:
        made = parents.get(draft.place.path.name) if draft.place.is_file else None
        if draft.owner is None and made is not None:
            draft.owner = Owner(
                made.agent, made.key, "the key's transcript was made from it (parentSession)", MATCHED
            )


def _ids(draft: Draft) -> tuple[str, ...]:
    return draft.name_id, draft.summary.header_id


def _identified(drafts: Sequence[Draft], root: Path) -> list[Backup]:
    """Drafts as backups, with ids that are short and do not collide."""
    digests = [_digest(draft, root) for draft in drafts]
    chars = ID_CHARS
    while len({digest[:chars] for digest in digests}) < len(digests) and chars < len(digests[0]):
        chars += 2
    return [_backup(draft, digest[:chars]) for draft, digest in zip(drafts, digests, strict=True)]


def _digest(draft: Draft, root: Path) -> str:
    """Of where the copy is and which conversation it holds; a live transcript that grows keeps its id."""
    place = draft.place
    try:
        where = str(place.path.relative_to(root))
    except ValueError:
        where = str(place.path)
    blob = f"{place.blob.table}:{draft.name_id}:{draft.archived_at}" if place.blob else ""
    text = "\0".join((where, place.window or "", str(place.first_seq or 0), blob, draft.session_id))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _backup(draft: Draft, name: str) -> Backup:
    summary, owner = draft.summary, draft.owner
    return Backup(
        id=name,
        key=owner.key if owner else None,
        session_id=draft.session_id,
        kind=draft.kind,
        state=summary.state,
        place=draft.place,
        agent=owner.agent if owner else draft.agent,
        size_bytes=draft.size_bytes,
        entries=summary.entries,
        messages=summary.messages,
        visible=summary.visible,
        first_at=summary.first_at,
        last_at=summary.last_at,
        archived_at=draft.archived_at,
        key_reason=owner.why if owner else "",
        note=summary.note,
        referenced=draft.referenced,
        preview=summary.preview,
        version=summary.version,
        hole_at=summary.hole_at,
        fingerprints=summary.marks,
    )


def _related(backups: Sequence[Backup], known: Known) -> tuple[tuple[Backup, ...], tuple[Lineage, ...]]:
    related: list[Backup] = []
    lineages: list[Lineage] = []
    for key, group in group_copies(backups, known.remembered):
        copies, distinct = relate(group)
        related += copies
        if key is not None:
            lineages.append(lineage_of(key, group, copies, distinct))
    related.sort(
        key=lambda item: (item.key is None, item.key or "", item.first_at or item.at or 0, item.at or 0)
    )
    lineages.sort(key=lambda lineage: lineage.key)
    return tuple(related), tuple(lineages)
