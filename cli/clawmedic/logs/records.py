"""One log record, whatever shape it had in the file (openclaw.md 2.3 and 2.4)."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct


class Level(IntEnum):
    """tslog's level ids; UNKNOWN for console captures that carry none."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


class LogRecord(Struct, frozen=True):
    """One record.

    Attributes:
        source: the log file (or "-", or "journald").
        line: 1-based line number in the decompressed source.
        at: epoch milliseconds, None when the line has no time of its own and none could be inferred.
        level: see `Level`.
        subsystem: "agent/embedded"; "" for raw console lines.
        text: the message; objects rendered as key=value; embedded line ends kept.
        trace_id: the turn's trace (7.1, 9.6), or "".
        session_id: 7.1's top-level `session_id`, or "".
        pid: process id from a journald prefix, None otherwise.
    """

    source: str
    line: int
    at: int | None
    level: Level
    subsystem: str
    text: str
    trace_id: str = ""
    session_id: str = ""
    pid: int | None = None
