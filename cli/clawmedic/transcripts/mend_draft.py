"""A transcript while it is being repaired: lines that can be edited, dropped and added, and what was done so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from msgspec import Struct

from clawmedic.errors import RefusedError
from clawmedic.model.finding import FindingCode
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.entry import Entry, Malformed
from clawmedic.transcripts.mend_result import Change
from clawmedic.transcripts.parse import load_line, parse_entry
from clawmedic.transcripts.tree import active_path

DEEPEST = 400
"""Levels of nesting that are surely written back as they were read."""
_MANY_BRACKETS = 250


class Line(Struct, eq=False):
    """One line. `number` is its line in the old transcript (an added line has that of the line it follows)."""

    number: int
    data: bytes
    entry: Entry | Malformed

    @property
    def known(self) -> Entry | None:
        """The entry of the line, None for a malformed line and for a session header."""
        return self.entry if isinstance(self.entry, Entry) and self.entry.type != "session" else None


class Drop(Struct, frozen=True):
    """A line that is to go. With `keep` its bytes are set aside; without, they stand elsewhere."""

    line: Line
    code: FindingCode
    done: str
    keep: bool = True


class Draft:
    """The lines in file order, and the record of what happened to them."""

    def __init__(self, lines: Sequence[RawEntry], *, session_id: str, now: int) -> None:
        self.lines = [_line(raw) for raw in lines]
        self.changes: list[Change] = []
        self.session_id = session_id
        self.now = now
        self._aside: list[tuple[int, bytes]] = []
        self._ids: set[str] = set()

    @property
    def set_aside(self) -> tuple[bytes, ...]:
        """Removed bytes in the order in which they stood."""
        return tuple(data for _, data in sorted(self._aside, key=lambda item: item[0]))

    @property
    def linked(self) -> bool:
        """Whether entries name their parents. In version 1 they do not: OpenClaw adds that when it reads it."""
        head = self.lines[0].entry if self.lines else None
        version = head.version if isinstance(head, Entry) and head.type == "session" else None
        if version is None:
            return any(entry.parent_id for entry in self.entries())
        return version > 1 or any(entry.parent_id for entry in self.entries())

    def entries(self) -> list[Entry]:
        """The entries in file order, without headers."""
        return [entry for line in self.lines if (entry := line.known)]

    def path(self) -> list[Line]:
        """The lines of the branch in use, root first."""
        owners = {id(line.entry): line for line in self.lines}
        return [owners[id(entry)] for entry in active_path(self.entries()).entries]

    def note(self, line: int, code: FindingCode, done: str) -> None:
        """Record a change."""
        self.changes.append(Change(line, code, done))

    def edit(self, line: Line, fields: Mapping[str, object]) -> None:
        """Set top-level fields of a line; its other fields survive."""
        value, _ = load_line(line.data)
        value.update(fields)
        line.data = written(value)
        line.entry = parse_entry(RawEntry(line.number, 0, line.data, len(line.data)))

    def set_parent(self, line: Line, parent: str | None) -> None:
        """Hang a line on another."""
        self.edit(line, {"parentId": parent})

    def add(self, place: int, number: int, value: Mapping[str, object]) -> Line:
        """Put a new line at a place of the list."""
        made = _line(RawEntry(number, 0, data := written(value), len(data)))
        self.lines.insert(place, made)
        return made

    def keep_aside(self, line: Line) -> None:
        """Keep the old bytes of a line that is removed or rewritten."""
        if line.data.strip():
            self._aside.append((line.number, line.data))

    def drop(self, drops: Iterable[Drop]) -> None:
        """Remove lines; what hangs on them or points to them hangs on the next one up."""
        gone = {id(drop.line): drop for drop in drops}
        if not gone:
            return
        for drop in gone.values():
            self.note(drop.line.number, drop.code, drop.done)
            if drop.keep:
                self.keep_aside(drop.line)
        removed = [line for line in self.lines if id(line) in gone]
        self.lines = [line for line in self.lines if id(line) not in gone]
        self._relink(removed)

    def _relink(self, removed: list[Line]) -> None:
        left = {entry.id for entry in self.entries() if entry.id}
        parents = {
            entry.id: entry.parent_id
            for line in removed
            if (entry := line.known) and entry.id and entry.id not in left
        }
        heirs: dict[str, str] = {}
        for line in self.lines:
            entry = line.known
            if entry is None:
                continue
            if entry.parent_id in parents:
                passed = _passed(entry.parent_id, parents)
                self.set_parent(line, parents[passed[-1]])
                for name in passed:
                    heirs.setdefault(name, entry.id)
            if fields := _moved(entry, parents, heirs):
                self.edit(line, fields)

    def new_id(self, seed: bytes) -> str:
        """An id of OpenClaw's shape that no entry has; the same for the same transcript."""
        if not self._ids:
            self._ids = {entry.id for entry in self.entries()}
        for attempt in range(1_000_000):
            mark = b"%b\0%d\0%b" % (self.session_id.encode("utf-8", "replace"), attempt, seed)
            name = hashlib.blake2b(mark, digest_size=4).hexdigest()
            if name not in self._ids:
                self._ids.add(name)
                return name
        raise RefusedError("the transcript has no free entry ids left")


def written(value: Mapping[str, object]) -> bytes:
    """One line of JSON as OpenClaw writes it, without the line end."""
    try:
        return orjson.dumps(value)
    except TypeError:  # nested deeper than orjson writes
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def iso_time(at: int) -> str:
    """Epoch milliseconds as OpenClaw writes them; a time outside the calendar becomes its beginning."""
    try:
        moment = datetime.fromtimestamp(at // 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        moment, at = datetime.fromtimestamp(0, tz=UTC), 0
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def _line(raw: RawEntry) -> Line:
    if raw.oversized:
        raise RefusedError(
            f"line {raw.line} of the transcript has {raw.size_bytes} bytes: too long to be held and written back",
            hint="cut that line out by hand, or restore an older copy",
        )
    entry = parse_entry(raw)
    if isinstance(entry, Entry) and _too_deep(raw.data):
        entry = Malformed(raw.line, raw.size_bytes, "nested too deeply to be written back", torn=False)
    return Line(raw.line, raw.data, entry)


def _too_deep(data: bytes) -> bool:
    if data.count(b"[") + data.count(b"{") < _MANY_BRACKETS:
        return False
    level = [load_line(data)[0]]
    for _ in range(DEEPEST):
        level = [item for value in level for item in _children(value)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _passed(name: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """The removed entries from one up to the last whose parent stays (or is not there, or was passed before)."""
    passed: list[str] = []
    while name is not None and name in parents and name not in passed:
        passed.append(name)
        name = parents[name]
    return passed


def _moved(entry: Entry, parents: Mapping[str, str | None], heirs: Mapping[str, str]) -> dict[str, object]:
    """References to removed entries other than the parent, and what they become."""
    fields: dict[str, object] = {}
    if entry.first_kept_id in parents and heirs.get(entry.first_kept_id, entry.id) != entry.id:
        fields["firstKeptEntryId"] = heirs[entry.first_kept_id]
    if entry.target_id in parents and entry.type == "leaf":
        fields["targetId"] = parents[_passed(entry.target_id, parents)[-1]]
    if entry.append_parent_id in parents:
        fields["appendParentId"] = parents[_passed(entry.append_parent_id, parents)[-1]]
    return fields
