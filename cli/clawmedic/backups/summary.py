"""What one copy holds, from one pass over its lines in bounded memory."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from zlib import adler32, crc32

from msgspec import Struct, field
from msgspec.structs import force_setattr as put

from clawmedic.model.backup import BackupState
from clawmedic.stores.lineage import chat_in
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import of_path
from clawmedic.transcripts.entry import TEXT_LIMIT, Entry, Malformed
from clawmedic.transcripts.envelope import bare_text
from clawmedic.transcripts.failures import is_auto_reset_text
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.tree import LEAF_TYPES, active_path

KEPT_ENTRIES = 300_000
"""So many of the newest entries are kept while the branch is looked for; a larger transcript is judged by its end."""
PREVIEW_CHARS = 120
_BLANK_BYTES = 256
KNOWN_TYPES = LEAF_TYPES | {"session", "leaf"}


class Summary(Struct, frozen=True):
    """What one copy holds. Times are epoch milliseconds; see `model.backup.Backup` for the counts.

    Attributes:
        marks: sorted 64-bit marks of the entries, as bytes.
        hole_at: time of the entry at which the branch breaks: its parent is not in the copy. None when it is whole.
        store_rows: how many sessions a copy of a store holds, None for everything else.
        unpacked_bytes: the size of the content without its packing.
    """

    state: BackupState
    note: str = ""
    header_id: str = ""
    version: int | None = None
    header_at: int | None = None
    parent_session: str = ""
    entries: int = 0
    messages: int = 0
    visible: int = 0
    malformed: int = 0
    hole_at: int | None = None
    first_at: int | None = None
    last_at: int | None = None
    preview: str = ""
    chat: str = ""
    opens_with_reset: bool = False
    store_rows: int | None = None
    unpacked_bytes: int = 0
    codec: str = "plain"
    marks: bytes = b""


class _Count(Struct):
    """The state of one pass."""

    header: Entry | None = None
    first: Entry | Malformed | None = None
    entries: int = 0
    known: int = 0
    messages: int = 0
    malformed: int = 0
    torn: bool = False
    first_at: int | None = None
    last_at: int | None = None
    opens_with_reset: bool | None = None
    preview: str = ""
    chat: str = ""
    reason: str = ""
    marks: array[int] = field(default_factory=lambda: array("Q"))
    steps: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT_ENTRIES))

    def line(self, raw: RawEntry) -> None:
        if is_blank(raw):
            return
        item = parse_entry(raw)
        if self.first is None:
            self.first = item
            if isinstance(item, Entry) and item.type == "session" and item.session_id:
                self.header = item
                return
        if isinstance(item, Malformed):
            self._broken(item)
        elif item.type != "session":
            self._entry(item, raw)

    def _broken(self, item: Malformed) -> None:
        if item.torn:
            self.torn = True
            return
        self.malformed += 1
        self.reason = self.reason or f"line {item.line}: {item.reason}"

    def _entry(self, item: Entry, raw: RawEntry) -> None:
        self.entries += 1
        self.known += item.type in KNOWN_TYPES
        self.marks.append(mark_of(item, raw.data))
        if item.at is not None:
            self.first_at = item.at if self.first_at is None else min(self.first_at, item.at)
            self.last_at = item.at if self.last_at is None else max(self.last_at, item.at)
        if item.type == "message":
            self._message(item)
        if item.text:
            put(item, "text", "")  # up to 4,000 characters for each of a million entries
        self.steps.append(item)

    def _message(self, item: Entry) -> None:
        self.messages += 1
        if self.opens_with_reset is None:
            self.opens_with_reset = item.role == "assistant" and is_auto_reset_text(item.text)
        if item.role == "user" and not self.preview:
            self.preview, self.chat = first_words(item.text)


def first_words(text: str) -> tuple[str, str]:
    """What a user's message says in short, and the chat it names; both empty where it says nothing."""
    words = " ".join(bare_text(text[:TEXT_LIMIT]).split())[:PREVIEW_CHARS]
    return words, chat_in(text) if words else ""


def is_blank(raw: RawEntry) -> bool:
    """Whether a line says nothing: it is empty, or a little white space."""
    return raw.size_bytes < _BLANK_BYTES and not raw.oversized and not raw.data.strip()


def mark_of(entry: Entry, data: bytes) -> int:
    """A 64-bit mark of an entry: of its id; of the line itself where it has no id."""
    return mark_of_id(entry.id) if entry.id else crc32(data) << 32 | adler32(data)


def mark_of_id(name: str) -> int:
    """A 64-bit mark of an entry's id, compared among copies of one key only; who deletes compares contents."""
    data = name.encode("utf-8", "replace")
    return crc32(data) << 32 | adler32(data)


def note_of_empty() -> str:
    """What is said of a transcript without entries."""
    return "only a header"


def summarise(raws: Iterable[RawEntry]) -> Summary:
    """The summary of a copy's lines, before anything is known of its packing (see `reading.look`)."""
    count = _Count()
    for raw in raws:
        count.line(raw)
    header = count.header
    path = active_path(tuple(count.steps))
    return Summary(
        state=_state(count),
        note=_note(count),
        header_id=header.session_id if header else "",
        version=header.version if header else None,
        header_at=header.at if header else None,
        parent_session=header.parent_session if header else "",
        entries=count.entries,
        messages=count.messages,
        visible=sum(map(_says_something, of_path(path).entries)),
        malformed=count.malformed,
        hole_at=path.entries[0].at if path.missing_parent and path.entries else None,
        first_at=count.first_at if count.first_at is not None else header.at if header else None,
        last_at=count.last_at if count.last_at is not None else header.at if header else None,
        preview=count.preview,
        chat=count.chat,
        opens_with_reset=bool(count.opens_with_reset),
        marks=array("Q", sorted(set(count.marks))).tobytes(),
    )


def _says_something(entry: Entry) -> bool:
    """Whether an entry carries conversation: failed and aborted answers and OpenClaw's own failure words do not."""
    if entry.type != "message" or entry.null_role:
        return False
    failed = entry.role == "assistant" and (entry.failure_text or entry.stop_reason in ("error", "aborted"))
    return not failed and not (entry.empty_content and not entry.tool_calls)


def _state(count: _Count) -> BackupState:
    if count.first is None:
        return BackupState.EMPTY
    if count.header is None and not count.known:
        return BackupState.NOT_A_TRANSCRIPT
    if not count.entries:
        return BackupState.DAMAGED if count.malformed else BackupState.EMPTY
    if count.malformed > isinstance(count.first, Malformed):
        return BackupState.DAMAGED
    if count.header is None:
        return BackupState.HEADER_MISSING
    return BackupState.TRUNCATED if count.torn else BackupState.COMPLETE


def _note(count: _Count) -> str:
    words = []
    if count.first is not None and count.header is None and count.known:
        words.append("the first line is no session header")
    if count.malformed:
        words.append(f"{count.malformed} broken line(s), the first at {count.reason}")
    if count.torn:
        words.append("the last line was cut off")
    if count.header is not None and not count.entries and not count.malformed:
        words.append(note_of_empty())
    return "; ".join(words)
