"""The tree of entries, and the path of it that is in use (openclaw-files.md 6, openclaw-sqlite.md 1).

The leaf is the newest entry; a `leaf` control of 7.1 moves it; entries of unknown types hang in the tree but
are never the leaf. In a database each event says itself whether it is on the current branch.
Everything here is iterative and linear: a transcript may hold a million entries, or a ring.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.transcripts.entry import Entry

LEAF_TYPES = frozenset(
    (
        "message",
        "thinking_level_change",
        "model_change",
        "compaction",
        "branch_summary",
        "custom",
        "custom_message",
        "label",
        "session_info",
        "reset",
    )
)
"""Types that move the leaf when they are appended. `reset` is 9.6's; the others are as old as the format."""


class Path(Struct, frozen=True):
    """The branch in use, root first.

    Attributes:
        entries: from the root (or from where the chain breaks) to the leaf.
        missing_parent: the id at which the chain breaks, "" when it reaches a root.
        cycle: the chain runs in a ring; `entries` holds each of its entries once.
        root: index of the first path entry among the entries given, None when the path is empty.
        off_path: how many entries given are not on the path.
        by_events: the database said what is on the branch.
    """

    entries: tuple[Entry, ...]
    missing_parent: str = ""
    cycle: bool = False
    root: int | None = None
    off_path: int = 0
    by_events: bool = False

    @property
    def leaf(self) -> Entry | None:
        """The newest entry of the branch."""
        return self.entries[-1] if self.entries else None


def active_path(entries: Sequence[Entry]) -> Path:
    """The branch in use among entries in file order. Session headers among them are passed over."""
    if _is_linear(entries):
        return Path(tuple(entries), missing_parent=entries[0].parent_id or "", root=0)
    if any(entry.active for entry in entries):
        chosen = tuple(entry for entry in entries if entry.active and entry.type != "session")
        first = next((i for i, entry in enumerate(entries) if chosen and entry is chosen[0]), None)
        return Path(chosen, root=first, off_path=_others(entries, chosen), by_events=True)
    if not any(entry.parent_id for entry in entries):
        return _flat(entries)
    return _walk(entries)


def _is_linear(entries: Sequence[Entry]) -> bool:
    """The common case: each entry hangs on the one before it, and nothing else has a say."""
    before = None
    for entry in entries:
        if entry.parent_id != before and before is not None:
            return False
        if entry.active is not None or entry.side or not entry.id or entry.type not in LEAF_TYPES:
            return False
        before = entry.id
    return len({entry.id for entry in entries}) == len(entries) > 0 and entries[0].parent_id != before


def _flat(entries: Sequence[Entry]) -> Path:
    """Version 1 knows no parents: the entries follow each other as they stand."""
    chosen = tuple(entry for entry in entries if entry.type in LEAF_TYPES and not entry.side)
    if any(entry.id for entry in chosen) and any(entry.type == "leaf" for entry in entries):
        return _walk(entries)
    first = next((i for i, entry in enumerate(entries) if chosen and entry is chosen[0]), None)
    return Path(chosen, root=first, off_path=_others(entries, chosen))


def _walk(entries: Sequence[Entry]) -> Path:
    parents, index, leaf = _index(entries)
    found: list[Entry] = []
    seen: set[str] = set()
    root: int | None = None
    at: str | None = leaf
    while at is not None:
        if at in seen:
            return _path(entries, found, root, cycle=True)
        seen.add(at)
        if at not in parents:
            return _path(entries, found, root, missing=at)
        position = index[at]
        if entries[position].type != "leaf":
            found.append(entries[position])
            root = position
        at = parents[at]
    return _path(entries, found, root)


def _index(entries: Sequence[Entry]) -> tuple[dict[str, str | None], dict[str, int], str | None]:
    """Parent and place of each id (the newest wins where one stands twice), and the leaf's id."""
    parents: dict[str, str | None] = {}
    index: dict[str, int] = {}
    leaf: str | None = None
    for position, entry in enumerate(entries):
        if not entry.id or entry.type == "session":
            continue
        if entry.type == "leaf":
            if not _known(entry, parents):
                continue
            leaf = entry.target_id or None
            parents[entry.id] = leaf  # what hangs on the control continues through its target
        else:
            parents[entry.id] = entry.parent_id
            if entry.type in LEAF_TYPES and not entry.side:
                leaf = entry.id
        index[entry.id] = position
    return parents, index, leaf


def _known(control: Entry, parents: dict[str, str | None]) -> bool:
    """A control that names an entry which is not there (yet) is passed over, as OpenClaw does."""
    return all(not name or name in parents for name in (control.target_id, control.append_parent_id))


def _path(
    entries: Sequence[Entry], found: list[Entry], root: int | None, *, missing: str = "", cycle: bool = False
) -> Path:
    chosen = tuple(reversed(found))
    return Path(chosen, missing, cycle, root, _others(entries, chosen))


def _others(entries: Sequence[Entry], chosen: tuple[Entry, ...]) -> int:
    return sum(entry.type not in ("session", "leaf") for entry in entries) - len(chosen)
