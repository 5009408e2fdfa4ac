"""Repairs of ids and of the chain of parents (openclaw.md S15; openclaw-files.md 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.mend_draft import Draft, Drop, Line
from clawmedic.transcripts.tree import LEAF_TYPES

_BROKEN = FindingCode.BROKEN_CHAIN
_LINK = re.compile(rb'"id":"([^"\\]{1,80})","parentId":"([^"\\]{1,80})"')
_FRESH_ROOTS = ("reset", "compaction", "branch_summary")
_REFERENCES = (
    ("parent_id", "parentId"),
    ("first_kept_id", "firstKeptEntryId"),
    ("target_id", "targetId"),
    ("append_parent_id", "appendParentId"),
)


def mend_ids(draft: Draft) -> None:
    """Every entry gets an id of its own. What comes after a doubled entry and names it means the newer one.

    The same line written twice is one entry: the copy goes.
    """
    linked = draft.linked
    first: dict[str, bytes] = {}
    newest: dict[str, str] = {}
    copies: list[Drop] = []
    before: str | None = None
    for line in draft.lines:
        entry = line.known
        if entry is None:
            continue
        if newest and (fields := _followed(line, newest)):
            draft.edit(line, fields)
        if entry.id in first and first[entry.id] == line.data and entry.type != "leaf":
            copies.append(Drop(line, _BROKEN, f"Took a copy of entry {entry.id[:40]} out."))
            continue
        if entry.id in first:
            newest[entry.id] = _renamed(draft, line)
        elif not entry.id and linked and entry.type in LEAF_TYPES:
            _name(draft, line, before)
        elif entry.id:
            first[entry.id] = line.data
        before = (line.known.id if line.known and entry.type in LEAF_TYPES else "") or before
    draft.drop(copies)


def _followed(line: Line, newest: Mapping[str, str]) -> dict[str, object]:
    return {
        field: newest[name]
        for attribute, field in _REFERENCES
        if (name := getattr(line.entry, attribute)) in newest and name
    }


def _renamed(draft: Draft, line: Line) -> str:
    old = line.known.id if line.known else ""
    name = draft.new_id(line.data)
    draft.edit(line, {"id": name})
    draft.note(line.number, _BROKEN, f"Id {old[:40]} stood twice: the later entry is {name} now.")
    return name


def _name(draft: Draft, line: Line, before: str | None) -> None:
    fields: dict[str, object] = {"id": draft.new_id(line.data)}
    if line.known and not line.known.parent_id:
        fields["parentId"] = before
    draft.edit(line, fields)
    draft.note(line.number, _BROKEN, f"The entry had no id: it is {fields['id']} now.")


def lost_links(lines: Iterable[bytes]) -> dict[str, str]:
    """Parents of entries whose lines are malformed, where the beginning of the line still tells."""
    found = (match for line in lines if (match := _LINK.search(line[:65_536])))
    return {m.group(1).decode("utf-8", "replace"): m.group(2).decode("utf-8", "replace") for m in found}


def mend_chain(draft: Draft, lost: Mapping[str, str]) -> None:
    """Lead the branch in use back to the first entry, so that nothing the model could see is lost.

    A hole's child is hung on the entry before the hole: the one that the lost line named where that is known,
    else the newest one before it in the file. A ring is opened where it closes.
    """
    if not draft.linked:
        return
    _Walk(draft, lost).run()
    _in_order(draft)


class _Walk:
    """From the leaf to the root, mending as it goes."""

    def __init__(self, draft: Draft, lost: Mapping[str, str]) -> None:
        self.draft = draft
        self.lost = lost
        self.lines = [line for line in draft.lines if line.known]
        self.parents: dict[str, str | None] = {}
        self.place: dict[str, int] = {}
        self.leaf: str | None = None
        self.seen: set[str] = set()
        self.first_message = self.first_control = len(self.lines)
        for place, line in enumerate(self.lines):
            self._index(place, line)

    def run(self) -> None:
        at, below = self.leaf, self.leaf
        while at is not None:
            self.seen.add(at)
            parent = self.parents[at]
            if parent in self.parents and parent not in self.seen:
                below, at = at, parent
                continue
            control = self._type(at) == "leaf"
            if parent is None and (control or not self._cut_off(at)):
                return  # a root; a control without a target is a rewind to the very beginning
            broken = below if control else at
            if broken is None or self._type(broken) == "leaf":
                return
            found = self._before(broken, parent)
            self._hang(broken, found, parent)
            below, at = broken, found

    def _index(self, place: int, line: Line) -> None:
        """As OpenClaw reads it (tree.py): the newest entry is the leaf, a `leaf` control moves it."""
        entry = line.known
        if entry is None:
            return
        if entry.type == "message" and not entry.side:
            self.first_message = min(self.first_message, place)
        if entry.type == "leaf":
            self.first_control = min(self.first_control, place)
        if not entry.id:
            return
        if entry.type == "leaf":
            if any(n and n not in self.parents for n in (entry.target_id, entry.append_parent_id)):
                return
            self.leaf = self.parents[entry.id] = entry.target_id or None
        else:
            self.parents[entry.id] = entry.parent_id
            if entry.type in LEAF_TYPES and not entry.side:
                self.leaf = entry.id
        self.place[entry.id] = place

    def _type(self, name: str) -> str:
        entry = self.lines[self.place[name]].known
        return entry.type if entry else ""

    def _cut_off(self, root: str) -> bool:
        """Whether messages stand before a root that nothing explains: no reset, compaction, fork or rewind."""
        if self._type(root) in _FRESH_ROOTS:
            return False
        place = self.place[root]
        return self.first_message < place <= self.first_control

    def _before(self, name: str, missing: str | None) -> str | None:
        tried: set[str] = set()
        while missing is not None and missing in self.lost and missing not in tried:
            tried.add(missing)
            missing = self.lost[missing]
            if missing in self.parents and missing not in self.seen:
                return missing
        for place in range(self.place[name] - 1, -1, -1):
            entry = self.lines[place].known
            if entry is None or entry.side or entry.type not in LEAF_TYPES:
                continue
            if entry.id and entry.id not in self.seen:
                return entry.id
        return None

    def _hang(self, name: str, found: str | None, missing: str | None) -> None:
        line = self.lines[self.place[name]]
        if found is None and line.known and line.known.parent_id is None:
            return
        self.draft.set_parent(line, found)
        self.parents[name] = found
        why = f"its parent {missing[:40]} is not there" if missing else "it started a second root"
        if missing in self.seen:
            why = "the chain ran in a ring"
        where = f"follows {found[:40]}" if found else "is the first one"
        self.draft.note(line.number, _BROKEN, f"The entry {where} now: {why}.")


def _in_order(draft: Draft) -> None:
    """A parent stands before its child; a `leaf` control speaks of places, then nothing is moved."""
    path = draft.path()
    if any(entry.type == "leaf" for entry in draft.entries()):
        return
    place = {id(line): number for number, line in enumerate(draft.lines)}
    places = [place[id(line)] for line in path]
    if all(one < two for one, two in pairwise(places)):
        return
    for number, line in zip(sorted(places), path, strict=True):
        if draft.lines[number] is not line:
            draft.lines[number] = line
            draft.note(line.number, _BROKEN, "Moved the entry behind its parent.")
