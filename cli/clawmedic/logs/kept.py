"""Logs read on from where an earlier process stopped: what they said is kept as signals, and only new lines are parsed.

What is kept is a cache. It is used only where the file still begins with the bytes it began with, and still has before
the kept place the bytes it had there; everything else is read from its beginning, as if nothing were kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from msgspec import Struct, field

from clawmedic.logs.follow import Tail, new_signals, once
from clawmedic.logs.opening import HEAD_BYTES, LogReadError, opened
from clawmedic.logs.pieces import stream_pieces
from clawmedic.logs.records import Level, LogRecord
from clawmedic.logs.scan import is_twin, signals
from clawmedic.logs.shapes import LINE_LIMIT, LineParser
from clawmedic.logs.signals import Signal, SignalKind
from clawmedic.logs.sources import LogSource, SourceKind
from clawmedic.logs.window import TimeWindow
from clawmedic.model.cause import Cause
from clawmedic.model.reporter import SilentReporter

EDGE_BYTES = 4096
"""So much at the beginning, and before the kept place, tells whether a file is still the same one."""
MOST_SIGNALS = 20_000
"""A file with more is read anew each time: it is no longer a cache that is worth its size."""


class Kept(Struct, frozen=True):
    """What is kept of one log file.

    Attributes:
        device, inode: what the file was.
        offset: bytes that were read, up to the end of a line; `line` is the number of the next one.
        edges: digest of the file's first bytes and of those before `offset`.
        signals: what those lines said.
    """

    device: int
    inode: int
    offset: int
    line: int
    edges: str
    signals: tuple[Signal, ...]


class Reading(Struct):
    """The outcome: every signal of the sources in their order, what could not be read, and what to keep.

    `parsed_bytes` is how much was read that was not kept.
    """

    signals: list[Signal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    parsed_bytes: int = 0


def read_on(sources: Iterable[LogSource], kept: Mapping[str, Kept], now: int) -> Reading:
    """Read all sources, the part that is kept excepted.

    Args:
        sources: as `find_sources` gives them.
        kept: what an earlier reading kept, by the source's name.
        now: epoch milliseconds, the reference for times without a date.
    """
    reading = Reading()
    for source in sources:
        try:
            done = _continued(source, kept.get(source.name), now, reading)
        except (LogReadError, OSError) as error:
            reading.problems.append(f"{source.name}: {error}")
            continue
        if not done:
            scan = signals([source], TimeWindow(), SilentReporter())
            reading.signals += scan
            reading.problems += scan.coverage.problems
            reading.parsed_bytes += scan.coverage.bytes_read
    return reading


def _continued(source: LogSource, known: Kept | None, now: int, reading: Reading) -> bool:
    """Read one source on; False when it cannot be: only a plain file of JSON lines tells every time by itself."""
    if source.kind is not SourceKind.FILE or source.path is None or source.problem:
        return False
    with opened(source.path) as (stream, compressed):
        descriptor = stream.fileno() if not compressed else -1
        if compressed or not os.pread(descriptor, HEAD_BYTES, 0).lstrip().startswith(b"{"):
            return False
        status = os.fstat(descriptor)
        same = known if known is not None and _is_same(descriptor, status, known) else None
        tail = Tail(same.offset, same.line) if same else Tail()
        start = tail.offset
        found = without_twins([*(same.signals if same else ()), *new_signals(descriptor, source, tail, now)])
        reading.signals += without_twins([*found, *_unfinished(descriptor, source, tail, now)])
        reading.parsed_bytes += tail.offset - start
        if len(found) <= MOST_SIGNALS:
            edges = _edges(descriptor, tail.offset)
            reading.kept[source.name] = Kept(
                status.st_dev, status.st_ino, tail.offset, tail.line, edges, tuple(found)
            )
    return True


def _unfinished(descriptor: int, source: LogSource, tail: Tail, now: int) -> list[Signal]:
    """What the last line says where it has no line end: it is being written, or its writer was killed."""
    rest = os.pread(descriptor, LINE_LIMIT, tail.offset)
    if not rest or tail.dropping:
        return []
    pieces = stream_pieces(once(rest), LineParser(source.name, now), first_line=tail.line)
    return [signal for piece in pieces for signal in piece.signals]


def without_twins(found: Iterable[Signal]) -> list[Signal]:
    """A verbose line stands twice in a 7.1 log; here once."""
    single: list[Signal] = []
    for signal in found:
        if not single or not is_twin(single[-1], signal):
            single.append(signal)
    return single


def _is_same(descriptor: int, status: os.stat_result, known: Kept) -> bool:
    return (
        (status.st_dev, status.st_ino) == (known.device, known.inode)
        and status.st_size >= known.offset
        and _edges(descriptor, known.offset) == known.edges
    )


def _edges(descriptor: int, offset: int) -> str:
    start = max(0, offset - EDGE_BYTES)
    digest = hashlib.sha256(os.pread(descriptor, min(EDGE_BYTES, offset), 0))
    digest.update(os.pread(descriptor, offset - start, start))
    return digest.hexdigest()[:24]


def kept_document(kept: Mapping[str, Kept]) -> bytes:
    """What is kept as JSON, to be read by `kept_from`."""
    return orjson.dumps(
        {
            name: [
                one.device,
                one.inode,
                one.offset,
                one.line,
                one.edges,
                [_packed(signal) for signal in one.signals],
            ]
            for name, one in kept.items()
        }
    )


def kept_from(data: bytes) -> dict[str, Kept]:
    """Back again; empty where it is not what we wrote."""
    try:
        made = orjson.loads(data)
        return {
            str(name): Kept(
                int(one[0]),
                int(one[1]),
                int(one[2]),
                int(one[3]),
                str(one[4]),
                tuple(_unpacked(str(name), row) for row in one[5]),
            )
            for name, one in made.items()
        }
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return {}


def _packed(signal: Signal) -> list[Any]:
    record = signal.record
    return [
        signal.kind.value,
        [record.line, record.at, int(record.level), record.subsystem, record.text],
        [record.trace_id, record.session_id, record.pid],
        [signal.key, signal.session_id, signal.session_file, signal.run_id, signal.model],
        [signal.trigger, signal.failure_class, signal.cause.value if signal.cause else None, signal.detail],
        [signal.estimated_tokens, signal.budget_tokens],
    ]


def _unpacked(source: str, row: list[Any]) -> Signal:
    kind, (line, at, level, subsystem, text), (trace, session, pid), named, why, numbers = row
    record = LogRecord(source, line, at, Level(level), subsystem, text, trace, session, pid)
    key, session_id, session_file, run_id, model = named
    trigger, failure_class, cause, detail = why
    return Signal(
        SignalKind(kind),
        record,
        key,
        session_id,
        session_file,
        run_id,
        model,
        trigger,
        failure_class,
        Cause(cause) if cause else None,
        detail,
        *numbers,
    )
