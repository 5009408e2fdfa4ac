"""Transcripts that no row points to, with the key whose history they were (the rules are in `stores.lineage`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from clawmedic.logs.signals import SignalKind
from clawmedic.model.session import Session
from clawmedic.stores.lineage import Heir, Life, heirs
from clawmedic.stores.names import Artefact, ArtefactKind
from clawmedic.triage.case import Orphan
from clawmedic.triage.logbook import LogBook

_LIVE = frozenset({ArtefactKind.LIVE, ArtefactKind.TOPIC, ArtefactKind.FORK})


class Span(Struct, frozen=True):
    """The life of a transcript, and the path in its header's `parentSession`: a fork loses nothing."""

    life: Life
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
    sources = {Path(span.parent).name for span in (*spans.values(), *lives.values()) if span.parent}
    lost = [artefact for artefact in loose if artefact.path.name not in sources]
    found = heirs(
        [lives[artefact.path].life for artefact in lost],
        {key: [span.life] for key, span in spans.items()},
        _by_log(book, lost, {session.key for session in sessions}),
    )
    return tuple(
        _orphan(artefact, lives[artefact.path].life, found, continued=artefact.path.name in sources)
        for artefact in loose
    )


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


def _by_log(book: LogBook, lost: Sequence[Artefact], keys: set[str]) -> dict[str, Heir]:
    """By file name: the key that a log line names together with the file, where the log tells of the key's reset."""
    by_id = {artefact.session_id: artefact.path.name for artefact in lost if artefact.session_id}
    named: dict[str, Heir] = {}
    for key in book.known_keys() & keys:
        turns = book.turns_of_key(key)
        resets = [signal for turn in turns for signal in turn.of(SignalKind.AUTO_RESET)]
        if not resets:
            continue
        for signal in (signal for turn in turns for signal in turn.signals):
            name = by_id.get(signal.session_id)
            if name is not None and signal.key == key:
                reset = next((one for one in resets if (one.at or 0) >= (signal.at or 0)), resets[-1])
                why = f"the log names its automatic reset ({reset.record.source}:{reset.record.line})"
                named[name] = Heir(key, why)
    return named


def _orphan(artefact: Artefact, life: Life, found: Mapping[str, Heir], *, continued: bool) -> Orphan:
    heir = found.get(life.name)
    return Orphan(
        path=artefact.path,
        session_id=artefact.session_id or "",
        first_at=life.first_at,
        last_at=life.last_at,
        size_bytes=artefact.size_bytes,
        key=heir.key if heir else None,
        why=heir.why if heir else "",
        continued=continued,
    )
