"""Log records in the shape of each release: tslog's JSON lines (openclaw.md 2.3)."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.drill.builder_entries import JsonObject
from clawmedic.drill.ids import iso, iso_offset
from clawmedic.drill.versions import Version

LEVELS = {"DEBUG": 2, "INFO": 3, "WARN": 4, "ERROR": 5}


class LogLine(Struct, frozen=True):
    """One record before it has a shape.

    Attributes:
        subsystem: "agent/embedded"; "" for a raw console call.
        meta: the object that stands before the text in some records, or None.
        trace: the turn's trace id; only 7.1 and 9.6 write it.
    """

    at: int
    level: str
    subsystem: str
    text: str
    trace: str = ""
    meta: JsonObject | None = None


def record(version: Version, line: LogLine) -> JsonObject:
    """The record as this release writes it."""
    name = f'{{"subsystem":"{line.subsystem}"}}' if line.subsystem else "openclaw"
    parts: list[object] = [name] if line.subsystem else []
    parts += [line.meta, line.text] if line.meta is not None else [line.text]
    shaped: JsonObject = {str(number): part for number, part in enumerate(parts)}
    shaped["_meta"] = _meta(version, line, name)
    shaped["time"] = iso_offset(line.at)
    if version is not Version.V4:
        shaped |= {"hostname": "drill", "message": line.text}
        if line.trace:
            shaped |= {"traceId": line.trace, "spanId": line.trace[:16], "traceFlags": "01"}
    return shaped


def _meta(version: Version, line: LogLine, name: str) -> JsonObject:
    meta: JsonObject = {
        "runtime": "node",
        "runtimeVersion": "24.19.0",
        "hostname": "unknown" if version is Version.V4 else "drill",
        "name": name,
    }
    if line.subsystem:
        meta["parentNames"] = ["openclaw"]
    meta |= {"date": iso(line.at), "logLevelId": LEVELS[line.level], "logLevelName": line.level}
    if version is not Version.V9:
        method = "logToFile" if line.subsystem else "console.error"
        meta["path"] = {"fileName": "subsystem.js", "fileNameWithLine": "subsystem.js:324", "method": method}
    return meta
