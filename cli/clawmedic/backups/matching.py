"""Transcripts that nothing names, matched to their key by log lines, first words and time; then their copies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from clawmedic.backups.keybook import Known
from clawmedic.backups.keys import LOG, MATCHED, Owner
from clawmedic.backups.summary import Summary
from clawmedic.logs.scan import signals
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.backup import BackupKind, Place
from clawmedic.model.reporter import Reporter
from clawmedic.settings import Settings
from clawmedic.stores.lineage import Heir, Life, heirs
from clawmedic.stores.state import StateReader

_ID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}")


class Drafted(Protocol):
    """What matching asks of a copy."""

    place: Place
    kind: BackupKind
    summary: Summary
    agent: str
    name_id: str
    owner: Owner | None


def match_orphans(
    settings: Settings, state: StateReader, known: Known, drafts: Sequence[Drafted], reporter: Reporter
) -> None:
    """Set `owner` of every copy that can be matched, agent by agent."""
    loose = [draft for draft in drafts if draft.owner is None and draft.kind is BackupKind.ORPHAN]
    if loose:
        logged = _by_log(settings, state, loose, reporter)
        for agent in {draft.agent for draft in loose}:
            _match(known, drafts, [draft for draft in loose if draft.agent == agent], logged, agent)
    _spread(drafts)


def _match(
    known: Known, drafts: Sequence[Drafted], loose: Sequence[Drafted], logged: dict[str, Heir], agent: str
) -> None:
    keys = {key for owner, key in known.sessions if owner == agent}
    present: dict[str, list[Life]] = {key: [] for key in keys}
    for draft in drafts:
        if draft.owner is not None and draft.owner.agent == agent and draft.kind.is_live:
            present.setdefault(draft.owner.key, []).append(_life(draft))
    named = {
        draft.place.path.name: heir for draft in loose if (heir := _logged(draft, logged, keys)) is not None
    }
    found = heirs([_life(draft) for draft in loose], present, named)
    for draft in loose:
        heir = found.get(draft.place.path.name)
        if heir is not None:
            rank = LOG if draft.place.path.name in named else MATCHED
            draft.owner = Owner(agent, heir.key, heir.why, rank)


def _life(draft: Drafted) -> Life:
    summary = draft.summary
    began = summary.header_at if summary.header_at is not None else summary.first_at
    return Life(draft.place.path.name, began, summary.last_at, summary.opens_with_reset, summary.chat)


def _logged(draft: Drafted, logged: dict[str, Heir], keys: Iterable[str]) -> Heir | None:
    for session_id in (draft.name_id, draft.summary.header_id):
        heir = logged.get(session_id)
        if heir is not None and heir.key in keys:
            return heir
    return None


def _by_log(
    settings: Settings, state: StateReader, loose: Sequence[Drafted], reporter: Reporter
) -> dict[str, Heir]:
    """Session id -> key, from lines that name both a key and an id (or the transcript's file)."""
    wanted = {name for draft in loose for name in (draft.name_id, draft.summary.header_id) if name}
    found: dict[str, Heir] = {}
    for signal in signals(find_sources(settings, state.config), TimeWindow(), reporter):
        if not signal.key:
            continue
        for session_id in {signal.session_id, _id_of(signal.session_file)} & wanted:
            found.setdefault(
                session_id,
                Heir(signal.key, f"a log line names both ({signal.record.source}:{signal.record.line})"),
            )
    return found


def _id_of(session_file: str) -> str:
    name = Path(session_file).name
    found = _ID.search(name)
    return found[0] if found else name.removesuffix(".jsonl")


def _spread(drafts: Sequence[Drafted]) -> None:
    """Copies of a conversation whose key was just found belong to the same key."""
    owners: dict[str, Owner] = {}
    for draft in drafts:
        if draft.owner is not None:
            for session_id in (draft.name_id, draft.summary.header_id):
                if session_id:
                    owners.setdefault(session_id, draft.owner)
    for draft in drafts:
        if draft.owner is None:
            same = next(
                (owners[name] for name in (draft.summary.header_id, draft.name_id) if name in owners), None
            )
            if same is not None:
                draft.owner = Owner(same.agent, same.key, f"a copy of the same session ({same.why})", MATCHED)
