"""Searching every copy, live and archived, of both generations: each entry once, wherever else it stands.

The database's own full-text index says which windows to look at first; what is told was found in the entry's own text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from clawmedic.backups.conversation import Item, Voice, converse
from clawmedic.backups.patterns import Matcher, Span
from clawmedic.backups.reading import CopyReader
from clawmedic.model.backup import Backup
from clawmedic.model.reporter import Reporter
from clawmedic.stores.dbcopies import windows_with
from clawmedic.stores.reader import RawEntry

CONTEXT_CHARS = 80
MOST_HITS = 1_000
MOST_EXCERPT = 4 * CONTEXT_CHARS
_BATCH = 64
_BATCH_CHARS = 400_000


class Excerpt(Struct, frozen=True):
    """A piece of text around matches; `spans` say where in it."""

    text: str
    spans: tuple[Span, ...]


class Hit(Struct):
    """One entry that holds what was looked for. `also` names the other copies that hold the same entry."""

    backup: Backup
    number: int
    id: str
    at: int | None
    voice: Voice
    excerpts: tuple[Excerpt, ...]
    also: list[str] = field(default_factory=list)


class SearchResult(Struct, frozen=True):
    """Hits, newest first. `searched` copies were read; `stopped` says that there are more than `MOST_HITS`."""

    hits: tuple[Hit, ...]
    searched: int
    stopped: bool


def search(
    reader: CopyReader,
    copies: Sequence[Backup],
    wanted: Matcher,
    reporter: Reporter,
    *,
    notes: bool = False,
    most: int = MOST_HITS,
) -> SearchResult:
    """Look through some copies. The live copy of an entry is told before archived ones.

    Args:
        reader: opens the copies.
        copies: where to look; what holds no entries is passed over.
        wanted: what to look for.
        reporter: told of each copy.
        notes: also entries that are no messages (settings, records).
        most: stop after so many different entries.

    Raises:
        UsageError: the pattern takes too long.
    """
    indexed = _indexed(reader, copies, wanted)
    readable = sorted(
        (item for item in copies if item.state.holds_entries), key=lambda item: _telling(item, indexed)
    )
    hits: dict[tuple[str, str], Hit] = {}
    reporter.begin("searching", len(readable))
    searched = 0
    try:
        for backup in readable:
            searched += 1
            for item, excerpts in _in_copy(reader, backup, wanted, notes=notes):
                _take(hits, backup, item, excerpts)
            reporter.advance()
            if len(hits) >= most:
                break
    finally:
        reporter.end()
    ordered = sorted(hits.values(), key=lambda hit: -(hit.at or 0))
    return SearchResult(tuple(ordered[:most]), searched, stopped=len(hits) >= most)


def _indexed(reader: CopyReader, copies: Sequence[Backup], wanted: Matcher) -> frozenset[str]:
    """Windows in which the full-text index of their database has the words."""
    if not wanted.words:
        return frozenset()
    databases = {item.path for item in copies if item.place.window is not None}
    connections = [reader.connection(path) for path in databases]
    return frozenset(
        window
        for connection in connections
        if connection
        for window in windows_with(connection, wanted.words)
    )


def _telling(item: Backup, indexed: frozenset[str]) -> tuple[bool, bool, int, int]:
    first = item.place.window is not None and item.place.window in indexed
    return not first, not item.kind.is_live, item.state.rank, -(item.at or 0)


def _take(
    hits: dict[tuple[str, str], Hit], backup: Backup, item: Item, excerpts: tuple[Excerpt, ...]
) -> None:
    owner = backup.key or backup.session_id or backup.id
    name = (owner, f"{item.id}@{item.at}" if item.id else f"{backup.id}#{item.number}")
    if name in hits:
        if backup.id not in hits[name].also and backup.id != hits[name].backup.id:
            hits[name].also.append(backup.id)
    else:
        hits[name] = Hit(backup, item.number, item.id, item.at, item.voice, excerpts)


def _in_copy(
    reader: CopyReader, backup: Backup, wanted: Matcher, *, notes: bool
) -> Iterator[tuple[Item, tuple[Excerpt, ...]]]:
    if wanted.reach and not reader.may_hold(backup.place, wanted.may_hold, wanted.reach):
        return
    batch: list[Item] = []
    size = 0
    for item in converse(_candidates(reader.entries(backup), wanted)):
        if item.spoken or notes:
            batch.append(item)
            size += sum(map(len, item.texts()))
        if len(batch) >= _BATCH or size >= _BATCH_CHARS:
            yield from _matches(batch, wanted)
            batch, size = [], 0
    yield from _matches(batch, wanted)


def _candidates(raws: Iterable[RawEntry], wanted: Matcher) -> Iterator[RawEntry]:
    """Lines that may hold it; the others keep their place in the counting as empty settings."""
    for raw in raws:
        if wanted.may_hold(raw.data):
            yield raw
        elif b'"type":"session"' not in raw.data[:200]:
            yield RawEntry(raw.line, raw.offset, b'{"type":"custom"}', 17)


def _matches(batch: Sequence[Item], wanted: Matcher) -> Iterator[tuple[Item, tuple[Excerpt, ...]]]:
    texts = [(item, text) for item in batch for text in item.texts() if text]
    found: dict[int, list[Excerpt]] = {}
    for (item, text), spans in zip(
        texts, wanted.spans([text for _, text in texts]) if texts else (), strict=True
    ):
        if spans:
            found.setdefault(item.number, []).extend(excerpts_of(text, spans))
    for item in batch:
        if item.number in found:
            yield item, tuple(found[item.number])


def excerpts_of(text: str, spans: Sequence[Span], context: int = CONTEXT_CHARS) -> list[Excerpt]:
    """Pieces of a text around matches; matches near each other share one. At most three."""
    pieces: list[tuple[int, int, list[Span]]] = []
    for start, end in spans:
        if pieces and start - context <= pieces[-1][1] and end - pieces[-1][0] < MOST_EXCERPT:
            first, _, held = pieces[-1]
            pieces[-1] = (first, min(len(text), end + context), [*held, (start, end)])
        else:
            pieces.append((max(0, start - context), min(len(text), end + context), [(start, end)]))
    return [
        Excerpt(text[first:last], tuple((start - first, end - first) for start, end in held))
        for first, last, held in pieces[:3]
    ]
