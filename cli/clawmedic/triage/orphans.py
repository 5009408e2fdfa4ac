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
    loose: Sequence[Artefact],
    sessions: Sequence[Session],
    spans: Mapping[str, Span],
    book: LogBook,
    read_span: Callable[[Path], Span],
) -> tuple[Orphan, ...]:
    """The unreferenced transcripts of one sessions directory with the key each belonged to.

    `spans` holds the life of each session's own transcript by key; `read_span` gives that of a file.
    """
    if not loose:
        return ()
    lives = {artefact.path: read_span(artefact.path) for artefact in loose}
    orphans = tuple(
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
    )
    lineage = _Lineage(sessions, spans, lives, _by_log(book))
    return tuple(lineage.matched(orphan, orphans) for orphan in orphans)


@dataclass(frozen=True, slots=True)
class _Lineage:
    """What tells whose history an orphan is.

    `lives` are the orphans' own spans by path; `named` maps a session id to the key and place of its log line.
    """

    sessions: Sequence[Session]
    spans: Mapping[str, Span]
    lives: Mapping[Path, Span]
    named: Mapping[str, tuple[str, str]]

    def matched(self, orphan: Orphan, orphans: Sequence[Orphan]) -> Orphan:
        """The orphan with its key, by the log, by the life that follows it, or by an orphan that continues it."""
        if self._forked_from(orphan):
            return orphan
        key, place = self.named.get(orphan.session_id, ("", ""))
        if any(session.key == key for session in self.sessions):
            return replace(orphan, key=key, why=f"the log names its automatic reset ({place})")
        heir = self._heir(orphan)
        if heir is not None:
            return heir
        others = [other for other in orphans if other is not orphan]
        for other in others:
            if _follows(orphan, self.lives[other.path]):
                continued = self.matched(other, others)
                if continued.key is not None:
                    return replace(
                        orphan, key=continued.key, why=f"{other.path.name} of the same key continues it"
                    )
        return orphan

    def _forked_from(self, orphan: Orphan) -> bool:
        """A fork or a restore names its source: nothing was lost."""
        parents = {
            Path(span.parent).name for span in (*self.spans.values(), *self.lives.values()) if span.parent
        }
        return orphan.path.name in parents

    def _heir(self, orphan: Orphan) -> Orphan | None:
        """The session whose transcript begins where the orphan ends."""
        heirs = [
            one for one in self.sessions if one.key in self.spans and _follows(orphan, self.spans[one.key])
        ]
        if not heirs:
            return None
        nearest = min(heirs, key=lambda one: self.spans[one.key].first_at or 0)
        span = self.spans[nearest.key]
        if span.opens_with_reset:
            why = "the present transcript opens with OpenClaw's notice of an automatic reset"
        else:
            gap = max((span.first_at or 0) - (orphan.last_at or 0), 0)
            why = f"the present transcript begins {gap / 1000:.0f} s after its newest entry"
        return replace(orphan, key=nearest.key, why=why)


def unreferenced(artefacts: Sequence[Artefact], sessions: Sequence[Session]) -> list[Artefact]:
    """Live transcripts of a sessions directory that no row points to."""
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
    for key in book.known_keys():
        for turn in book.turns_of_key(key):
            for signal in turn.of(SignalKind.AUTO_RESET):
                for session_id in turn.session_ids - {signal.detail}:
                    named[session_id] = (key, f"{signal.record.source}:{signal.record.line}")
    return named


def _follows(orphan: Orphan, span: Span) -> bool:
    if span.first_at is None or orphan.last_at is None:
        return False
    gap = span.first_at - orphan.last_at
    return gap >= -SKEW_MS and (span.opens_with_reset or gap <= NEAR_MS)
