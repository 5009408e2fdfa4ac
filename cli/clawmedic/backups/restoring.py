"""A clean transcript of any copy: unpacked, with a valid header, its chain whole, every other byte as it was.

OpenClaw up to 2026.7.1 takes the newest entry of the file for the leaf, walks the parents to the root, and overwrites a
file whose first line is no header (openclaw-files.md 3 and 6): what is made here starts with a header and ends with
the leaf, and no entry's parent is missing.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from msgspec import Struct, field

from clawmedic.backups.objects import load_object
from clawmedic.backups.reading import CopyReader
from clawmedic.errors import RefusedError
from clawmedic.model.backup import Backup
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import Context, visible
from clawmedic.transcripts.entry import Entry, Malformed
from clawmedic.transcripts.parse import parse_entry

FILE_VERSION = 3
MOST_BYTES = 1 << 30
_DROPPED = frozenset({"session", "reset", "leaf"})
"""In a transcript made of events: headers are written anew, resets cut, and the leaf is the last line."""


class Restored(Struct):
    """What was made of a copy; complete when its lines have been taken.

    Attributes:
        lines: the lines without their ends.
        header_made: the header had to be made (or brought to the file form).
        rerooted: entries whose missing parent was replaced.
        dropped: lines that could not be kept (broken, or cut off).
        context: what the model would see of it.
    """

    lines: list[bytes] = field(default_factory=list)
    header_made: bool = False
    rerooted: int = 0
    dropped: int = 0
    entries: int = 0
    messages: int = 0
    context: Context | None = None

    @property
    def size_bytes(self) -> int:
        """The size of the file."""
        return sum(len(line) + 1 for line in self.lines)


class _Line(Struct, frozen=True):
    entry: Entry
    data: bytes


def restore_lines(reader: CopyReader, backup: Backup) -> Restored:
    """The lines of a clean transcript of one copy. The copy is held in memory: its lines are what is written.

    Raises:
        RefusedError: nothing of a conversation is in it.
    """
    made = Restored()
    header: bytes | None = None
    kept: list[_Line] = []
    is_window = backup.place.window is not None
    held = 0
    for raw in reader.entries(backup):
        held += len(raw.data)
        if held > MOST_BYTES:
            raise RefusedError(
                f"{backup.id} is larger than {MOST_BYTES} bytes", hint="`backups export` has no such bound"
            )
        if not raw.data.strip():
            made.dropped += raw.oversized
            continue
        item = parse_entry(raw)
        if isinstance(item, Malformed):
            made.dropped += 1
        elif item.type == "session":
            header = header if header is not None else raw.data
        elif not (is_window and item.type in _DROPPED):
            kept.append(_Line(item, raw.data))
    if not kept:
        raise RefusedError(f"nothing to restore in {backup.id}: {backup.note or backup.state.value}")
    made.lines.append(_header(made, header, backup, kept[0].entry, is_window=is_window))
    rooted = _rooted(made, kept)
    made.lines += _leaf_last(kept, rooted) if is_window else rooted
    made.entries = len(kept)
    made.messages = sum(line.entry.type == "message" for line in kept)
    made.context = seen_by_model(made.lines)
    return made


def seen_by_model(lines: Iterable[bytes]) -> Context:
    """What the model would be sent of a transcript in file form."""
    parsed = (parse_entry(RawEntry(number, 0, data, len(data))) for number, data in enumerate(lines, 1))
    return visible([item for item in parsed if isinstance(item, Entry)])


def _leaf_last(lines: list[_Line], rooted: list[bytes]) -> list[bytes]:
    """Events of left branches that come after the leaf are moved before it: the last line is the leaf."""
    newest = max((at for at, line in enumerate(lines) if line.entry.active), default=len(lines) - 1)
    return [*rooted[:newest], *rooted[newest + 1 :], rooted[newest]]


def _header(made: Restored, header: bytes | None, backup: Backup, first: Entry, *, is_window: bool) -> bytes:
    value = load_object(header) if header is not None else None
    usable = value is not None and isinstance(value.get("id"), str) and bool(value["id"])
    if header is not None and usable and not is_window:
        return header
    made.header_made = True
    if value is not None and usable:
        value["version"] = FILE_VERSION
        return orjson.dumps(value)
    made_up = {
        "type": "session",
        "version": FILE_VERSION,
        "id": backup.session_id or f"restored-{backup.id}",
        "timestamp": _iso(first.at or backup.first_at or 0),
        "cwd": "/",
    }
    return orjson.dumps(made_up)


def _rooted(made: Restored, lines: list[_Line]) -> list[bytes]:
    """Each line as it is; one whose parent does not stand before it hangs on the line before.

    In a transcript whose entries know no parents (version 1) nothing is missing.
    """
    if not any(line.entry.parent_id for line in lines):
        return [line.data for line in lines]
    rooted: list[bytes] = []
    before: set[str] = set()
    previous: str | None = None
    for line in lines:
        entry = line.entry
        if entry.parent_id is not None and entry.parent_id not in before:
            made.rerooted += 1
            rooted.append(_with_parent(line.data, previous))
        else:
            rooted.append(line.data)
        if entry.id:
            before.add(entry.id)
            previous = previous if entry.side or entry.type == "leaf" else entry.id
    return rooted


def _with_parent(data: bytes, parent: str | None) -> bytes:
    """The same entry with another parent; unknown fields and their order stay."""
    value = load_object(data) or {}
    value["parentId"] = parent
    return orjson.dumps(value)


def _iso(at: int) -> str:
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(at / 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
