"""How the copies of a key relate: what each has alone, the conversations behind the key, gaps, the one to restore."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.model.backup import Backup, BackupKind, BackupState, Gap, Lineage, Link, Overlap

LITTLE = 2
SHARE = 0.05
"""A copy that is not complete is preferred when it shows more than both of these beyond the best complete one."""

_HOW = {
    BackupKind.ORPHAN: "lost to an automatic reset, or unlinked",
    BackupKind.RESET: "archived by a reset",
    BackupKind.DELETED: "archived by a deletion",
    BackupKind.WINDOW: "an earlier window of the database",
    BackupKind.PRE_RESET: "before a reset event in the database",
    BackupKind.DB_ARCHIVE: "an archive in the database",
    BackupKind.IMPORTED: "left behind by the migration to SQLite",
    BackupKind.FOREIGN: "copied by a person or another tool",
}


class Group(Struct, frozen=True):
    """The copies of one key (or, without a key, of one session id), and ids that the store remembers."""

    copies: Sequence[Backup]
    remembered: Sequence[str] = ()


def marks_of(backup: Backup) -> set[int]:
    """The marks of a copy's entries."""
    marks: array[int] = array("Q")
    marks.frombytes(backup.fingerprints)
    return set(marks)


def relate(group: Group) -> tuple[list[Backup], int]:
    """The copies with overlap, unique and missing entries and the best one marked; and how many entries there are."""
    sets = [marks_of(backup) for backup in group.copies]
    times: Counter[int] = Counter()
    for marks in sets:
        times.update(marks)
    alone = {mark for mark, count in times.items() if count == 1}
    live = next(
        (marks for backup, marks in zip(group.copies, sets, strict=True) if backup.kind.is_live), None
    )
    related = [
        replace(
            backup,
            overlap=overlap_of(marks, live),
            unique_entries=len(marks & alone),
            missing_entries=len(times) - len(marks) if marks else 0,
        )
        for backup, marks in zip(group.copies, sets, strict=True)
    ]
    best, reason = best_of(related)
    related = [replace(item, best=True, best_reason=reason) if item is best else item for item in related]
    return related, len(times)


def overlap_of(marks: set[int], live: set[int] | None) -> Overlap:
    """How a copy relates to the live transcript, by entries."""
    if not live or not marks or marks.isdisjoint(live):
        return Overlap.NONE
    if marks == live:
        return Overlap.SAME
    if marks < live:
        return Overlap.SUBSET
    return Overlap.SUPERSET if marks > live else Overlap.DIVERGED


def best_of(copies: Sequence[Backup]) -> tuple[Backup | None, str]:
    """The copy that gives the model the most of the conversation back, and why: validity, coverage, then recency."""
    candidates = [
        item for item in copies if item.state.holds_entries and item.messages and item.kind.is_transcript
    ]
    if not candidates:
        return None, ""
    complete = [item for item in candidates if item.state is BackupState.COMPLETE]
    fullest = max(candidates, key=_worth)
    best = max(complete, key=_worth) if complete else fullest
    if fullest.visible > best.visible + max(LITTLE, best.visible * SHARE):
        best = fullest
    return best, _reason(best, candidates)


def _worth(item: Backup) -> tuple[int, int, int, bool, int]:
    return item.visible, item.messages, -item.state.rank, item.kind.is_live, item.at or 0


def _reason(best: Backup, candidates: Sequence[Backup]) -> str:
    state = (
        "complete"
        if best.state is BackupState.COMPLETE
        else f"{best.state.value}, but nothing complete shows as much"
    )
    words = f"{state}; the model would see {best.visible} messages of it"
    live = next((item for item in candidates if item.kind.is_live), None)
    if live is None:
        return f"{words}; there is no readable live transcript"
    if best is live:
        return (
            f"{words}; no other copy shows more" if len(candidates) > 1 else f"{words}; it is the only copy"
        )
    more = best.visible - live.visible
    return f"{words}, {more} more than of the live transcript" if more > 0 else words


def lineage_of(key: str, group: Group, related: Sequence[Backup], distinct: int) -> Lineage:
    """All that a key ever was."""
    copies = sorted(
        related, key=lambda item: (item.kind.is_live, item.first_at or item.at or 0, item.at or 0)
    )
    chain = _chain(copies)
    return Lineage(
        key=key,
        copies=tuple(copies),
        chain=chain,
        gaps=tuple(_gaps(copies, chain, group.remembered)),
        distinct_entries=distinct,
        best=next((item for item in copies if item.best), None),
    )


def _chain(copies: Sequence[Backup]) -> tuple[Link, ...]:
    """The conversations behind the key by session id, oldest first."""
    by_id: dict[str, list[Backup]] = {}
    for item in copies:
        if item.kind.is_transcript and item.state is not BackupState.NOT_A_TRANSCRIPT:
            by_id.setdefault(_conversation(item), []).append(item)
    links = [_link(items) for items in by_id.values()]
    return tuple(sorted(links, key=lambda link: (link.first_at is None, link.first_at or 0)))


def _conversation(item: Backup) -> str:
    """Parts of a database window before a reset are conversations of their own, under the same session id."""
    if item.kind is BackupKind.PRE_RESET and item.place.last_seq is not None:
        return f"{item.session_id} before event {item.place.last_seq + 1}"
    return item.session_id


def _link(items: Sequence[Backup]) -> Link:
    main = min(items, key=lambda item: (not item.kind.is_live, item.kind not in _HOW, -item.entries))
    firsts = [item.first_at for item in items if item.first_at is not None]
    lasts = [item.last_at for item in items if item.last_at is not None]
    how = "live" if main.kind.is_live else _HOW.get(main.kind, f"only a {main.kind.value} copy is left")
    return Link(
        session_id=main.session_id,
        first_at=min(firsts, default=None),
        last_at=max(lasts, default=None),
        copies=tuple(item.id for item in items),
        how=how if main.kind.is_live or main.key_reason in ("", "its row") else f"{how}: {main.key_reason}",
    )


def _gaps(copies: Sequence[Backup], chain: Sequence[Link], remembered: Sequence[str]) -> list[Gap]:
    gaps: list[Gap] = []
    for item in copies:
        if item.hole_at is not None and item.kind.is_live and not _covered(item, copies):
            earlier = [
                other.last_at for other in chain if other.last_at is not None and other.last_at < item.hole_at
            ]
            reason = "the branch breaks: the entry before is in no copy"
            gaps.append(Gap(max(earlier, default=None), item.hole_at, reason))
    held = {item.session_id for item in copies if item.state.holds_entries}
    gaps += [
        Gap(None, None, f"session {lost} is remembered, and no copy of it is left")
        for lost in remembered
        if lost not in held
    ]
    return gaps


def _covered(item: Backup, copies: Sequence[Backup]) -> bool:
    """Whether another copy of the same conversation is whole where this one breaks."""
    return any(
        other is not item
        and other.session_id == item.session_id
        and other.hole_at is None
        and (other.first_at or 0) < (item.hole_at or 0) <= (other.last_at or 0)
        for other in copies
    )


def group_copies(
    copies: Sequence[Backup], remembered: Mapping[tuple[str, str], Sequence[str]]
) -> list[tuple[str | None, Group]]:
    """Copies by key, those without a key by session id."""
    keyed: dict[tuple[str, str], list[Backup]] = {}
    loose: dict[str, list[Backup]] = {}
    for item in copies:
        if item.key is not None:
            keyed.setdefault((item.agent, item.key), []).append(item)
        else:
            loose.setdefault(item.session_id or item.id, []).append(item)
    groups: list[tuple[str | None, Group]] = [
        (owner[1], Group(items, remembered.get(owner, ()))) for owner, items in keyed.items()
    ]
    return groups + [(None, Group(items)) for items in loose.values()]
