"""Every line of a transcript, read once and counted; nothing of it is kept.

This is the inside of `--deep`: it runs on each line, so it goes by the line's bones (`bones.py`). A line of an
unusual shape takes the slow way through `parse_entry`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from clawmedic.disk.files import describe, open_regular
from clawmedic.disk.jsonl import file_size, line_handfuls
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.bones import UNFIT, Answer, Call, MessageLine, Text, ToolResult, User, bones_of
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.envelope import bare_text, continues_turn
from clawmedic.transcripts.parse import entry_at, load_line
from clawmedic.transcripts.structure import BLOAT_RUN, LOOP_COMPACTIONS, LOOP_MESSAGES, is_empty, lossy_reason

MOST_NOTES = 50
"""So many places of one kind are named; the others are counted."""
MOST_BREAKS = 100_000
_BUFFER = 64 * 1024
_AT_ONCE = 256 * 1024
"""Bytes of lines that are counted in one go."""
_SET_AT_ONCE = 20_000
_BOUNDARIES = frozenset(("compaction", "reset"))


class Tally:
    """Counts over the lines fed so far.

    Attributes:
        lines: lines fed.
        offset: byte offset after them (files).
        last_id: id of the newest entry.
        notes: what was found: kind -> list of [line, detail]. Kinds: malformed, dangling, result, empty, lossy.
        counts: how often each kind was found.
        last_answer: line of the newest real answer, 0 when there is none.
        failures, run, longest: failed answers in all, since the newest answer, in the longest row; all since the
            newest reset.
        messages: how many there are since the newest compaction.
        loop_line: the line of the last compaction of a row with few messages between them, 0 when there is none.
        events: how many events of a database were counted, 0 for a file.
        problem: why the file could not be read to the end, "" when it could.
        regular: once it is finished: one branch from the first line to the last, without a compaction, a reset, a row
            of failures or anything to note.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.offset = 0
        self.last_id = ""
        self.notes: dict[str, list[list[Any]]] = {}
        self.counts: dict[str, int] = {}
        self.last_answer = 0
        self.failures = self.run = self.longest = 0
        self.messages = self.loop_line = 0
        self.events = 0
        self.problem = ""
        self.regular = False
        self._leaf = self._reset = False
        self._compacted: list[tuple[int, int]] = []  # line of a compaction, messages before it
        self._waiting: dict[str, int] = {}
        self._names: list[str] = []  # ids of the newest entries
        self._ids = array("q")  # hashes of the ids before them
        self._breaks: list[
            tuple[int, int, int]
        ] = []  # (first entry of a stretch, hash of its parent, its line)

    def feed(  # noqa: C901, PLR0912 - the loop over every line there is: no call that is not needed
        self, lines: Iterable[bytes], *, growing: bool = False
    ) -> int:
        """Count lines in file order, with or without their line ends.

        With `growing` they come from a file that may end within a line: such a line is not counted, and its size
        returned.
        """
        mark, waiting = self._names.append, self._waiting
        number, last, said = self.lines, self.last_id, 0  # nearly every line changes them
        try:
            for line in lines:
                try:
                    bones = bones_of(line)
                    name = bones.id
                except UNFIT:
                    name = ""
                if not name:
                    if growing and not line.endswith(b"\n"):
                        return len(line)
                    self.lines, self.last_id, self.messages = number, last, self.messages + said
                    self.feed_slowly(line)
                    number, last, said = self.lines, self.last_id, 0
                    continue
                number += 1
                if bones.parent != last:
                    self._broke(bones.parent, last, number)
                last = name
                mark(name)
                if type(bones) is not MessageLine:
                    continue
                message = bones.message
                if waiting:
                    if type(message) is ToolResult and waiting.pop(message.tool_call_id or "", 0):
                        continue
                elif type(message) is Answer and message.provider != "openclaw":
                    called = says = False
                    for block in message.content:
                        if type(block) is Call:
                            called = True
                            if block.id:
                                waiting[block.id] = number
                        elif type(block) is Text and not says:
                            says = block.says_something()
                    if called or says:
                        if not called:
                            self.last_answer = number
                        self.run = 0
                        said += 1
                        continue
                elif type(message) is User and message.says_something():
                    said += 1
                    continue
                self._message(entry_at(load_line(line)[0], number))
        finally:
            self.lines, self.last_id, self.messages = number, last, self.messages + said
            if len(self._names) > _SET_AT_ONCE:
                self.settle()
        return 0

    def feed_slowly(self, line: bytes) -> None:
        """Count one line by its full parse: what `feed` does, for lines of any shape."""
        self.lines += 1
        value, reason = load_line(line.removesuffix(b"\n"))
        if not reason and (
            type(value) is not dict or type(value.get("type")) is not str or not value["type"]
        ):
            reason = "not an object with a type"
        if reason:
            self._note("malformed", self.lines, reason[:120])
            return
        kind, name = value["type"], value.get("id")
        if type(name) is str and name and kind != "session":
            parent = value.get("parentId")
            if parent != self.last_id:
                self._broke(value.get("targetId") if kind == "leaf" else parent, self.last_id, self.lines)
            self.last_id = name
            self._names.append(name)
        self._leaf = self._leaf or kind == "leaf"
        if kind == "message":
            self._message(entry_at(value, self.lines))
        elif kind in _BOUNDARIES:
            self._boundary(entry_at(value, self.lines))

    def _note(self, kind: str, line: int, detail: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        notes = self.notes.setdefault(kind, [])
        if len(notes) < MOST_NOTES:
            notes.append([line, detail])

    def _broke(self, parent: object, previous: str, line: int) -> None:
        """The entry of a line, whose id is not yet among the others, does not hang on the previous one."""
        if len(self._breaks) < MOST_BREAKS and (parent or previous):
            mark = hash(parent) if type(parent) is str and parent else 0
            self._breaks.append((len(self._ids) + len(self._names), mark, line))

    def _boundary(self, entry: Entry) -> None:
        if entry.type == "reset":
            self.failures = self.run = self.longest = 0
            self._reset = True
            self._waiting.clear()
            return
        self._compacted.append((self.lines, self.messages))
        self.messages = 0
        if why := lossy_reason(entry):
            self._note("lossy", self.lines, why)

    def _message(self, entry: Entry) -> None:
        """A message of any shape: an error, a mirror, OpenClaw's own words, a result without its call, an empty one."""
        if is_empty(entry):
            self._note("empty", entry.line, entry.role)
        if entry.role == "toolResult":
            if self._waiting.pop(entry.tool_call_id, None) is None:
                self._note("result", entry.line, entry.tool_call_id[:60])
        elif entry.role == "assistant":
            self._judge(entry)
        elif entry.role == "user":
            self.messages += 1
            if not continues_turn(bare_text(entry.text)):
                self._dangling()
            self._waiting.clear()

    def _judge(self, entry: Entry) -> None:
        if entry.provider == "openclaw":
            if entry.failure_text:
                self._failed()
            return
        self.messages += 1
        self._dangling()
        if entry.stop_reason not in ("error", "aborted"):
            self._waiting.update((call.id, entry.line) for call in entry.tool_calls if call.id)
        if entry.is_failed_answer:
            self._failed()
        elif entry.is_answer:
            self.run = 0
            if not entry.tool_calls:
                self.last_answer = entry.line

    def _failed(self) -> None:
        self.failures += 1
        self.run += 1
        self.longest = max(self.longest, self.run)

    def _dangling(self) -> None:
        for name, line in self._waiting.items():
            self._note("dangling", line, name[:60])
        self._waiting.clear()

    def settle(self) -> None:
        """Keep a hash of each id instead of the id: eight bytes a line. Ids are told apart by it, and found again."""
        self._ids.extend(map(hash, self._names))
        self._names.clear()

    def open_calls(self) -> dict[str, int]:
        """Tool calls whose result has not come yet, with their lines."""
        return self._waiting

    def pass_over(self, size: int) -> None:
        """Count a line of `size` bytes that is too large to be read."""
        self.lines += 1
        self.offset += size + 1
        self._note("malformed", self.lines, "the line is longer than the limit and was not read")

    def append(self, later: Tally) -> None:
        """Add the tally of the lines behind these, which were fed after a settled one (`split.py`).

        Neither is finished.
        """
        self.settle()
        later.settle()
        lines, places = self.lines, len(self._ids)
        for kind, notes in later.notes.items():
            room = MOST_NOTES - len(self.notes.setdefault(kind, []))
            self.notes[kind] += [[line + lines, detail] for line, detail in notes[:room]]
            self.counts[kind] = self.counts.get(kind, 0) + later.counts[kind]
        if later.last_answer:
            self.last_answer = later.last_answer + lines
        self.failures = later.failures + (0 if later._reset else self.failures)
        self.longest = later.longest if later._reset else max(self.longest, later.longest)
        self.run = later.run
        self._reset = self._reset or later._reset
        self._leaf = self._leaf or later._leaf
        gap = self.messages
        for line, messages in later._compacted:
            self._compacted.append((line + lines, messages + gap))
            gap = 0
        self.messages = later.messages + gap
        self._waiting.clear()
        self._waiting.update((name, line + lines) for name, line in later._waiting.items())
        room = MOST_BREAKS - len(self._breaks)
        self._breaks += [(place + places, mark, line + lines) for place, mark, line in later._breaks[:room]]
        self._ids += later._ids
        self.last_id = later.last_id
        self.lines += later.lines
        self.offset = later.offset
        self.problem = self.problem or later.problem

    def finish(self) -> None:
        """Look over the chain of parents and the row of compactions once all lines are in."""
        row = 0
        for line, messages in self._compacted:
            row = row + 1 if messages <= LOOP_MESSAGES else 1
            if row >= LOOP_COMPACTIONS:
                self.loop_line = line
        if self._ids:
            self.settle()
        self._find_broken()
        twice = self._twice()
        if twice:
            self.counts["twice"] = twice
        turned = self._leaf or self._reset or bool(self._compacted) or bool(self._breaks)
        self.regular = not (turned or self.counts or self.problem) and self.longest < BLOAT_RUN
        self._ids, self._names = array("q"), []
        self._breaks = []

    def _find_broken(self) -> None:
        """Walk from the newest entry to the root, stretch by stretch; a parent that is nowhere is a broken chain."""
        if len(self._breaks) <= 1 and not (self._breaks and self._breaks[0][1]):
            return
        self.settle()
        wanted = {parent for _, parent, _ in self._breaks if parent}
        where = {mark: place for place, mark in enumerate(self._ids) if mark in wanted}
        starts = [start for start, _, _ in self._breaks]
        seen: set[int] = set()
        place = len(self._ids) - 1
        while True:
            at = bisect_right(starts, place) - 1
            if at < 0:
                return
            start, parent, line = self._breaks[at]
            if at in seen:
                self._note("broken", line, "the chain of parents runs in a ring")
                return
            seen.add(at)
            if parent and parent in where:
                place = where[parent]
                continue
            if parent:
                self._note("broken", line, "its parent does not exist: the entries before it are lost")
            elif start > 0 and not self.counts.get("lossy", 0):
                self._note("broken", line, "it starts a second root: the entries before it are lost")
            return

    def _twice(self) -> int:
        """How many ids stand more than once; in parts, so that a million of them take no memory to speak of."""
        if self._names:
            return len(self._names) - len(set(self._names))
        parts = len(self._ids) // _SET_AT_ONCE + 1
        if parts == 1:
            return len(self._ids) - len(set(self._ids))
        buckets = [array("q") for _ in range(parts)]
        for mark in self._ids:
            buckets[mark % parts].append(mark)
        return len(self._ids) - sum(len(set(bucket)) for bucket in buckets)


def tally_file(path: str, *, line_limit: int) -> Tally:
    """Count the lines of a file that have a line end. Never raises: see `Tally.problem`."""
    tally = tally_part(path, line_limit=line_limit)
    tally.finish()
    return tally


def tally_part(
    path: str, *, line_limit: int, start: int = 0, end: int | None = None, last_id: str = ""
) -> Tally:
    """Count the lines from one byte offset to another, both the beginnings of lines; not finished.

    `last_id` is the id of the entry before them. Never raises.
    """
    tally = Tally()
    tally.last_id, tally.offset = last_id, start
    try:
        with open_regular(path) as descriptor:
            _feed_file(tally, descriptor, line_limit, start, end)
    except OSError as error:
        tally.problem = describe(error)
    return tally


def _feed_file(tally: Tally, descriptor: int, line_limit: int, start: int, end: int | None) -> None:
    """What follows the last line end is left out."""
    if not start and end is None and file_size(descriptor) <= line_limit:  # no line can be too long
        with open(descriptor, "rb", buffering=_BUFFER, closefd=False) as file:
            torn = tally.feed(file, growing=True)
            tally.offset = file.tell() - torn
        return
    if end is not None and end - start <= line_limit:
        _feed_part(tally, descriptor, start, end)
        return
    for lines, oversized in line_handfuls(descriptor, line_limit=line_limit, start=start, end=end):
        if oversized:
            tally.pass_over(oversized)
        tally.feed(lines)
        tally.offset += sum(map(len, lines))


def _feed_part(tally: Tally, descriptor: int, start: int, end: int) -> None:
    """Whole lines from one byte offset to another, too near for a line that is too long."""
    with open(descriptor, "rb", buffering=_BUFFER, closefd=False) as file:
        file.seek(start)
        while (left := end - tally.offset) > 0:
            # As soon as there is more than it was asked for it stops: behind the line that ends the part.
            lines = file.readlines(min(_AT_ONCE, left - 1)) if left > 1 else [file.readline()]
            if not lines or not lines[-1].endswith(b"\n"):  # it has become shorter
                return
            tally.feed(lines)
            tally.offset = file.tell()


def tally_events(raws: Iterable[RawEntry]) -> Tally:
    """Count the events of a database; `lines` follows their own numbers, which may have gaps."""
    tally = Tally()
    for raw in raws:
        tally.lines = raw.line - 1
        if raw.oversized:
            tally.pass_over(raw.size_bytes)
        else:
            tally.feed((raw.data,))
        tally.events += 1
    tally.finish()
    return tally
