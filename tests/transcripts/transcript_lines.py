"""Transcripts as a reader gives them: from corpus files, from databases, from lists of entries."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard

from clawmedic.model.session import Generation, Session, TranscriptRef
from clawmedic.stores.reader import RawEntry, TranscriptTail
from clawmedic.stores.tails import file_tail

CORPUS = Path(__file__).resolve().parents[1] / "corpus"


def raw_lines(data: bytes) -> list[RawEntry]:
    pieces = data.split(b"\n")
    rest = pieces.pop()
    lines, offset = [], 0
    for number, piece in enumerate(pieces, 1):
        lines.append(RawEntry(number, offset, piece, len(piece)))
        offset += len(piece) + 1
    if rest:
        lines.append(RawEntry(len(pieces) + 1, offset, rest, len(rest), terminated=False))
    return lines


def raws(*values: object) -> list[RawEntry]:
    return raw_lines(b"".join(json.dumps(value).encode() + b"\n" for value in values))


def session_line(**more: object) -> dict[str, object]:
    return {"type": "session", "version": 3, "id": "s1", "timestamp": "2026-11-23T08:00:00.000Z"} | more


class Writer:
    """Builds a transcript: each entry hangs on the one before it unless told otherwise."""

    def __init__(self) -> None:
        self.values: list[dict[str, object]] = [session_line()]
        self.parent: str | None = None
        self.count = 0

    def add(self, kind: str, **more: object) -> str:
        self.count += 1
        name = str(more.pop("id", f"e{self.count}"))
        second = f"2026-11-23T08:{self.count // 60 % 60:02d}:{self.count % 60:02d}.000Z"
        entry = {"type": kind, "id": name, "parentId": self.parent, "timestamp": second} | more
        self.values.append(entry)
        self.parent = name
        return name

    def message(self, role: str, content: object, **more: object) -> str:
        return self.add("message", message={"role": role, "content": content} | more)

    def user(self, text: str, **more: object) -> str:
        return self.message("user", text, **more)

    def answer(self, text: str = "well", **more: object) -> str:
        usage = {"input": 100, "output": 10, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 110}
        message = {"provider": "fake", "model": "big", "usage": usage, "stopReason": "stop"} | more
        return self.message("assistant", [{"type": "text", "text": text}], **message)

    def error(self, text: str = "500 internal error") -> str:
        usage = {"input": 0, "output": 0, "totalTokens": 0}
        message = {
            "provider": "fake",
            "model": "big",
            "usage": usage,
            "stopReason": "error",
            "errorMessage": text,
        }
        return self.message("assistant", [], **message)

    def note(self, text: str, model: str = "gateway-injected") -> str:
        message = {"provider": "openclaw", "model": model, "usage": {"totalTokens": 0}, "stopReason": "stop"}
        return self.message("assistant", [{"type": "text", "text": text}], **message)

    def call(self, *names: str, **more: object) -> str:
        usage = {"input": 100, "output": 10, "totalTokens": 110}
        content = [{"type": "toolCall", "id": name, "name": "exec", "arguments": {}} for name in names]
        message = {"provider": "fake", "model": "big", "usage": usage, "stopReason": "toolUse"} | more
        return self.message("assistant", content, **message)

    def result(self, name: str, text: str = "done") -> str:
        content = [{"type": "text", "text": text}]
        return self.message("toolResult", content, toolCallId=name, toolName="exec", isError=False)

    def compaction(self, summary: str, *, kept: str = "", before: int = 50_000) -> str:
        return self.add("compaction", summary=summary, firstKeptEntryId=kept, tokensBefore=before)

    def raws(self) -> list[RawEntry]:
        return raws(*self.values)

    def data(self) -> bytes:
        return b"".join(json.dumps(value).encode() + b"\n" for value in self.values)


@dataclass(frozen=True)
class Sample:
    case: str
    name: str
    lines: list[RawEntry]

    @property
    def truth(self) -> dict[str, object]:
        return json.loads((CORPUS / self.case / "truth.json").read_text())


def file_samples() -> Iterator[Sample]:
    for path in sorted(CORPUS.glob("*/*/state/agents/*/sessions/*.jsonl*")):
        if "trajectory" not in path.name and not path.name.endswith(".lock"):
            yield Sample(
                "/".join(path.relative_to(CORPUS).parts[:2]), path.name, raw_lines(path.read_bytes())
            )


def database_paths() -> list[Path]:
    return sorted(CORPUS.glob("*/*/state/agents/*/agent/openclaw-agent.sqlite"))


def database_samples(path: Path, folder: Path) -> Iterator[Sample]:
    copy = folder / "copy.sqlite"
    shutil.copyfile(path, copy)
    connection = sqlite3.connect(copy)
    active = set(connection.execute("SELECT session_id, event_seq FROM session_transcript_active_events"))
    windows: dict[str, list[RawEntry]] = {}
    statement = (
        "SELECT session_id, seq, event_json, event_zstd FROM transcript_events ORDER BY session_id, seq"
    )
    for window, seq, plain, packed in connection.execute(statement):
        data = plain.encode() if plain is not None else zstandard.ZstdDecompressor().decompress(packed, 2**24)
        raw = RawEntry(seq + 1, 0, data, len(data), active=(window, seq) in active)
        windows.setdefault(window, []).append(raw)
    connection.close()
    case = "/".join(path.relative_to(CORPUS).parts[:2])
    for window, lines in windows.items():
        yield Sample(case, window, lines)


class FileReader:
    """A reader of transcript files that stand anywhere."""

    agent = "main"
    generation = Generation.FILES

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:
        return file_tail(session.transcript.path, limit, line_limit=2**26, seek_compaction=seek_compaction)

    def entries(self, session: Session) -> Iterator[RawEntry]:
        yield from raw_lines(session.transcript.path.read_bytes())


class EventReader:
    """A reader of database events."""

    agent = "main"
    generation = Generation.SQLITE

    def __init__(self, lines: Sequence[RawEntry]) -> None:
        self.lines = list(lines)

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:  # noqa: ARG002
        kept: list[RawEntry] = []
        for raw in reversed(self.lines):
            if kept and sum(item.size_bytes for item in kept) + raw.size_bytes > limit:
                break
            kept.insert(0, raw)
        whole = len(kept) == len(self.lines)
        size = sum(raw.size_bytes for raw in self.lines)
        return TranscriptTail(self.lines[0], tuple(kept), complete=whole, compaction=None, size_bytes=size)

    def entries(self, session: Session) -> Iterator[RawEntry]:  # noqa: ARG002
        yield from self.lines


def session_of(
    path: Path, *, key: str = "", generation: Generation = Generation.FILES, **more: object
) -> Session:
    size = path.stat().st_size if path.exists() else 0
    ref = TranscriptRef(path, None, exists=path.exists(), size_bytes=size, mtime_ms=1)
    return Session(
        key or path.name, "main", path.stem, generation, path.parent / "sessions.json", ref, **more
    )
