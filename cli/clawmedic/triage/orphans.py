"""Transcripts that no row points to, matched to the key whose history they were.

2026.4.15 resets a session by itself when a compaction fails on the channel path: the row gets a new session id, and
the old transcript stays on disk without a name that says so (openclaw.md 1.7, openclaw-files.md 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clawmedic.logs.signals import SignalKind
from clawmedic.model.session import Session
from clawmedic.stores.names import Artefact, ArtefactKind
from clawmedic.triage.case import Orphan
from clawmedic.triage.logbook import LogBook

NEAR_MS = 10 * 60_000
"""An automatic reset follows the refused message at once; the orphan's newest entry is the last good turn before it."""
SKEW_MS = 2_000

_LIVE = frozenset({ArtefactKind.LIVE, ArtefactKind.TOPIC, ArtefactKind.FORK})


@dataclass(frozen=True, slots=True)
class Span:
    """The life of a transcript: header and newest entry, epoch milliseconds; whether it opens with the reset notice.

    `parent` is the path in the header's `parentSession`: a fork or a restore, which loses nothing.
    """

    first_at: int | None
    last_at: int | None
    opens_with_reset: bool = False
    parent: str = ""


def find_orphans(
    artefacts: Sequence[Artefact],
    sessions: Sequence[Session],
    spans: Mapping[str, Span],
    book: LogBook,
    read_span: Callable[[Path], Span],
) -> tuple[Orphan, ...]:
    """Every unreferenced transcript of one sessions directory.

    `spans` holds the life of each session's own transcript by key; `read_span` gives that of a file.
    """
    loose = _unreferenced(artefacts, sessions)
    if not loose:
        return ()
    lives = {artefact.path: read_span(artefact.path) for artefact in loose}
    orphans = [
        Orphan(
            path=artefact.path,
            session_id=artefact.session_id or "",
            first_at=lives[artefact.path].first_at,
            last_at=lives[artefact.path].last_at,
            size_bytes=artefact.size_bytes,
            key=None,
            why="",
        )
        for artefact in loose
    ]
    forked_from = {Path(span.parent).name for span in [*spans.values(), *lives.values()] if span.parent}
    named = _by_log(book)
    return tuple(
        orphan if orphan.path.name in forked_from else _matched(orphan, orphans, sessions, spans, lives, named)
        for orphan in orphans
    )


def _unreferenced(artefacts: Sequence[Artefact], sessions: Sequence[Session]) -> list[Artefact]:
    referenced = {session.transcript.path.name for session in sessions}
    ids = {session.session_id for session in sessions}
    return [
        artefact
        for artefact in artefacts
        if artefact.kind in _LIVE
        and artefact.is_regular
        and artefact.path.name not in referenced
        and artefact.session_id not in ids
    ]


def _by_log(book: LogBook) -> dict[str, tuple[str, str]]:
    """Session id -> (key, quoted place), for ids that a turn with an automatic reset names."""
    named: dict[str, tuple[str, str]] = {}
    for key in book.keys():
        for turn in book.turns_of_key(key):
            for signal in turn.of(SignalKind.AUTO_RESET):
                for session_id in turn.session_ids - {signal.detail}:
                    named[session_id] = (key, f"{signal.record.source}:{signal.record.line}")
    return named


def _matched(
    orphan: Orphan,
    orphans: Sequence[Orphan],
    sessions: Sequence[Session],
    spans: Mapping[str, Span],
    lives: Mapping[Path, Span],
    named: Mapping[str, tuple[str, str]],
) -> Orphan:
    keys = {session.key for session in sessions}
    if orphan.session_id in named and named[orphan.session_id][0] in keys:
        key, place = named[orphan.session_id]
        return replace(orphan, key=key, why=f"the log names its automatic reset ({place})")
    heir = _heir(orphan, sessions, spans)
    if heir is not None:
        return heir
    # A chain: the orphan's successor was itself thrown away later.
    for other in orphans:
        if other is not orphan and _follows(orphan, lives[other.path]):
            next_heir = _matched(other, [o for o in orphans if o is not orphan], sessions, spans, lives, named)
            if next_heir.key is not None:
                return replace(orphan, key=next_heir.key, why=f"{other.path.name} continues it, and that one is of this key")
    return orphan


def _heir(orphan: Orphan, sessions: Sequence[Session], spans: Mapping[str, Span]) -> Orphan | None:
    """The session whose transcript begins where the orphan ends."""
    candidates = [session for session in sessions if session.key in spans and _follows(orphan, spans[session.key])]
    if not candidates:
        return None
    nearest = min(candidates, key=lambda session: (spans[session.key].first_at or 0) - (orphan.last_at or 0))
    span = spans[nearest.key]
    if span.opens_with_reset:
        return replace(orphan, key=nearest.key, why="the present transcript opens with OpenClaw's notice of an automatic reset")
    gap = (span.first_at or 0) - (orphan.last_at or 0)
    return replace(orphan, key=nearest.key, why=f"the present transcript begins {max(gap, 0) / 1000:.0f} s after its newest entry")


def _follows(orphan: Orphan, span: Span) -> bool:
    if span.first_at is None or orphan.last_at is None:
        return False
    gap = span.first_at - orphan.last_at
    if gap < -SKEW_MS:
        return False
    return span.opens_with_reset or gap <= NEAR_MS
