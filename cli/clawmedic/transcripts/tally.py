"""Every line of a transcript, read once and counted; nothing of it is kept.

This is the inside of `--deep`: it runs on each line and in worker processes, so it imports little and goes by
the JSON itself. A line of an unusual shape takes the slow way through `parse_entry`.
"""

from __future__ import annotations

import io
import os
import stat
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from clawmedic.stores.reader import RawEntry
    from clawmedic.transcripts.entry import Entry

BLOCK = 64 * 1024
_LARGE = 1024 * 1024
"""A buffer that grew beyond twice this for one line is given back after it."""
_LINE_END, _COMMA, _OPEN, _CLOSE = b"\n,[]"
MOST_NOTES = 50
"""So many places of one kind are named; the others are counted."""
MOST_BREAKS = 100_000
LOOP_MESSAGES = 4
_SET_AT_ONCE = 200_000


_WIRE = (
    "lines", "offset", "last_id", "notes", "counts", "last_answer", "failures", "run", "longest",
    "compactions", "messages", "loop_line", "problem", "_waiting",
)  # fmt: skip


class Tally:
    """Counts over the lines fed so far.

    Attributes:
        lines: lines fed.
        offset: byte offset after them (files).
        last_id: id of the newest entry.
        notes: what was found: kind -> list of [line, detail]. Kinds: malformed, dangling, result, empty, lossy.
        counts: how often each kind was found.
        last_answer: line of the newest real answer, 0 when there is none.
        failures, run, longest: failed answers in all, since the newest answer, in the longest row.
        compactions: how many follow each other with few messages between; `loop_line` the line of the third.
        events: how many events of a database were counted, 0 for a file.
        problem: why the file could not be read to the end, "" when it could.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.offset = 0
        self.last_id = ""
        self.notes: dict[str, list[list[Any]]] = {}
        self.counts: dict[str, int] = {}
        self.last_answer = 0
        self.failures = self.run = self.longest = 0
        self.compactions = self.messages = self.loop_line = 0
        self.events = 0
        self.problem = ""
        self._waiting: dict[str, int] = {}
        self._ids = array("q")
        self._breaks: list[
            tuple[int, int, int]
        ] = []  # (first entry of a stretch, hash of its parent, its line)

    def feed(self, block: bytes) -> None:
        """Count whole lines in file order; `block` holds them without the last one's line end.

        They are read as one JSON list: a third faster than line by line. Where that fails, the lines are
        taken one by one, so that each malformed one is found.
        """
        part = bytearray(b"[" + block + b"]")
        self.feed_part(part, 1, len(part) - 1)

    def feed_part(self, buffer: bytearray, start: int, end: int) -> None:
        """Count the whole lines of a buffer from `start` to `end`; the bytes around them are overwritten.

        The buffer itself becomes the JSON list: no copy of it is made.
        """
        breaks = _line_ends(buffer, start, end)
        for at in breaks:
            buffer[at] = _COMMA
        buffer[start - 1], buffer[end] = _OPEN, _CLOSE
        try:
            with memoryview(buffer) as whole, whole[start - 1 : end + 1] as part:
                values = orjson.loads(part)
        except ValueError:
            values = ()
        if len(values) == len(breaks) + 1 and self._take(values):
            return
        for at in breaks:
            buffer[at] = _LINE_END
        for data in bytes(buffer[start:end]).split(b"\n"):
            self.feed_line(data)

    def _take(self, values: list[Any]) -> bool:
        """Count entries; False where one of them has no type, no id or no parent: then nothing is counted yet."""
        try:
            names = [value["id"] for value in values]
            parents = [value["parentId"] for value in values]
            marks = array("q", map(hash, map("".__add__, names)))  # an id that is no text: one by one
            list(map("".__add__, [value["type"] for value in values]))
        except (KeyError, TypeError):
            return False
        if parents[0] != self.last_id or parents[1:] != names[:-1]:
            self._breaks_of(values, names, parents)
        self._ids.extend(marks)
        self.last_id = names[-1]
        self._count(values)
        return True

    def _count(self, values: Iterable[dict[str, Any]]) -> None:
        """Entries in order. The usual shapes are seen here; every other goes through `parse.py`."""
        for value in values:
            self.lines += 1
            if value["type"] != "message":
                if value["type"] in ("compaction", "reset"):
                    self._boundary(self._entry(value))
                continue
            try:
                message = value["message"]
                role = message["role"]
                if role == "toolResult":
                    usual = self._waiting.pop(message["toolCallId"], None) is not None
                elif self._waiting:
                    usual = False
                elif role == "assistant":
                    usual = self._plain(message)
                else:
                    usual = role == "user" and bool(message["content"])
                    self.messages += usual
            except (KeyError, TypeError):
                usual = False
            if not usual:
                self._unusual(self._entry(value))

    def _breaks_of(self, values: list[Any], names: list[str], parents: list[object]) -> None:
        before = self.last_id
        for index, (value, name, parent) in enumerate(zip(values, names, parents, strict=True)):
            if parent != before:
                target = value.get("targetId") if value.get("type") == "leaf" else parent
                self._broke(len(self._ids) + index, self.lines + index + 1, target)
            before = name

    def feed_line(self, data: bytes) -> None:
        """Count one line."""
        from clawmedic.transcripts.parse import load_line

        value, reason = load_line(data)
        if not reason and (type(value) is not dict or type(value.get("type")) is not str):
            reason = "not an object with a type"
        if reason:
            self.lines += 1
            self._note("malformed", self.lines, reason[:120])
            return
        name = value.get("id")
        if type(name) is str and name and value["type"] != "session":
            parent = value.get("parentId")
            if (parent or "") != self.last_id:
                target = value.get("targetId") if value["type"] == "leaf" else parent
                self._broke(len(self._ids), self.lines + 1, target)
            self._ids.append(hash(name))
            self.last_id = name
        self._count((value,))

    def _plain(self, message: dict[str, Any]) -> bool:
        """The two usual assistant entries: an answer, and a call of tools. False for everything else."""
        stop = message["stopReason"]
        content = message["content"]
        if message["provider"] == "openclaw" or not message["usage"]["totalTokens"] or not content:
            return False
        if stop == "toolUse":
            self._waiting = {block["id"]: self.lines for block in content if block["type"] == "toolCall"}
        elif stop == "stop":
            self.last_answer = self.lines
        else:
            return False
        self.messages += 1
        self.run = 0
        return True

    def _note(self, kind: str, line: int, detail: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        notes = self.notes.setdefault(kind, [])
        if len(notes) < MOST_NOTES:
            notes.append([line, detail])

    def _broke(self, place: int, line: int, parent: object) -> None:
        if len(self._breaks) < MOST_BREAKS:
            self._breaks.append((place, hash(parent) if type(parent) is str and parent else 0, line))

    def _entry(self, value: dict[str, Any]) -> Entry:
        from clawmedic.transcripts.parse import entry_at

        return entry_at(value, self.lines)

    def _boundary(self, entry: Entry) -> None:
        from clawmedic.transcripts.structure import lossy_reason

        if entry.type == "reset":
            self.failures = self.run = self.longest = 0
            self._waiting = {}
            return
        self.compactions = self.compactions + 1 if self.messages <= LOOP_MESSAGES else 1
        self.messages = 0
        if self.compactions >= 3:
            self.loop_line = self.lines
        if why := lossy_reason(entry):
            self._note("lossy", self.lines, why)

    def _unusual(self, entry: Entry) -> None:
        """An error, a mirror, OpenClaw's own words, a result without its call, something empty."""
        from clawmedic.transcripts.envelope import bare_text, continues_turn
        from clawmedic.transcripts.structure import is_empty

        if is_empty(entry):
            self._note("empty", entry.line, entry.role)
        if entry.role == "toolResult":
            self._note("result", entry.line, entry.tool_call_id[:60])
        elif entry.role == "assistant":
            self._judge(entry)
        elif entry.role == "user":
            self.messages += 1
            if not continues_turn(bare_text(entry.text)):
                self._dangling()
            self._waiting = {}

    def _judge(self, entry: Entry) -> None:
        if entry.provider == "openclaw":
            if entry.failure_text:
                self._failed()
            return
        self.messages += 1
        self._dangling()
        if entry.stop_reason not in ("error", "aborted"):
            self._waiting = {call.id: entry.line for call in entry.tool_calls if call.id}
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
        self._waiting = {}

    def open_calls(self) -> dict[str, int]:
        """Tool calls whose result has not come yet, with their lines."""
        return self._waiting

    def to_wire(self) -> bytes:
        """One line of JSON, for another process."""
        return orjson.dumps({name: getattr(self, name) for name in _WIRE}) + b"\n"

    @classmethod
    def from_wire(cls, line: bytes) -> Tally:
        """What `to_wire` gave.

        Raises:
            ValueError: the line is not that, or was cut off.
        """
        tally = cls()
        for name, value in orjson.loads(line).items():
            setattr(tally, name, value)
        return tally

    def pass_over(self, size: int) -> None:
        """Count a line of `size` bytes that is too large to be read."""
        self.lines += 1
        self.offset += size + 1
        self._note("malformed", self.lines, "the line is longer than the limit and was not read")

    def finish(self) -> None:
        """Look over the chain of parents once all lines are in."""
        self._find_broken()
        twice = self._twice()
        if twice:
            self.counts["twice"] = twice
        self._ids = array("q")
        self._breaks = []

    def _find_broken(self) -> None:
        """Walk from the newest entry to the root, stretch by stretch; a parent that is nowhere is a broken chain."""
        if len(self._breaks) <= 1 and not (self._breaks and self._breaks[0][1]):
            return
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
        total = len(self._ids)
        if total <= _SET_AT_ONCE:
            return total - len(set(self._ids))
        parts = total // _SET_AT_ONCE + 1
        different = sum(len({mark for mark in self._ids if mark % parts == part}) for part in range(parts))
        return total - different


def tally_file(path: bytes | str, *, line_limit: int) -> Tally:
    """Count the lines of a file that have a line end. Never raises: see `Tally.problem`."""
    tally = Tally()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        tally.problem = error.strerror or str(error)
        return tally
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            tally.problem = "not a regular file"
            return tally
        _feed_file(tally, descriptor, line_limit)
    except OSError as error:
        tally.problem = error.strerror or str(error)
    finally:
        os.close(descriptor)
    tally.finish()
    return tally


def tally_events(raws: Iterable[RawEntry]) -> Tally:
    """Count the events of a database; `lines` follows their own numbers, which may have gaps."""
    tally = Tally()
    for raw in raws:
        tally.lines = raw.line - 1
        if raw.oversized or b"\n" in raw.data:
            tally.pass_over(raw.size_bytes)
        else:
            tally.feed(raw.data)
        tally.events += 1
    tally.finish()
    return tally


def _line_ends(buffer: bytearray, start: int, end: int) -> list[int]:
    """Where lines end. `find` jumps where `count` looks at each byte: ten times quicker."""
    found: list[int] = []
    find = buffer.find
    at = find(b"\n", start, end)
    while at >= 0:
        found.append(at)
        at = find(b"\n", at + 1, end)
    return found


def _feed_file(tally: Tally, descriptor: int, line_limit: int) -> None:
    """Feed whole lines a block at a time, the header alone, all from one buffer; its first byte is never data.

    What follows the last line end is left out; a line above the limit is dropped as it comes.
    """
    buffer = bytearray(1 + 2 * BLOCK)
    held = dropped = 0  # bytes of the line that goes on: in the buffer, and let go
    header = True
    with io.FileIO(descriptor, closefd=False) as file:
        while True:
            if len(buffer) < 1 + held + BLOCK:
                buffer.extend(bytes(max(BLOCK, held // 4)))
            with memoryview(buffer) as whole, whole[1 + held : 1 + held + BLOCK] as room:
                end = 1 + held + (file.readinto(room) or 0)
            if end == 1 + held:
                return
            last = buffer.rfind(b"\n", 1 + held, end)
            if last < 0:
                held = end - 1
                if dropped or held > line_limit:
                    dropped, held = dropped + held, 0
                continue
            start = 1
            if dropped or header:
                start = buffer.find(b"\n", 1 + held, end) + 1
                if dropped:
                    tally.pass_over(dropped + start - 2)
                else:
                    tally.feed_line(bytes(buffer[1 : start - 1]))
                    tally.offset += start - 1
                dropped, header = 0, False
            if last >= start:
                tally.feed_part(buffer, start, last)
                tally.offset += last + 1 - start
            held = end - last - 1
            buffer[1 : 1 + held] = buffer[last + 1 : end]
            if len(buffer) > 2 * _LARGE + 1 and held < _LARGE:
                buffer = bytearray(buffer[: 1 + held].ljust(1 + 2 * _LARGE, b"\0"))
