"""Bytes that may stand at a live transcript's path: they begin with a valid header.

2026.4.15 overwrites a transcript without one by an empty session (openclaw-files.md 3; openclaw.md 0.5), so nothing
else is accepted by `StoreEditor`, and the type says so.
"""

from __future__ import annotations

import json

import orjson
from msgspec import Struct

from clawmedic.errors import RefusedError


class TranscriptBytes(Struct, frozen=True):
    """A whole transcript. `header_id` is the session id in its header. Made by `checked_transcript` alone."""

    data: bytes
    header_id: str
    lines: int

    def __post_init__(self) -> None:
        """Check again: a value made by other means is no transcript either.

        Raises:
            RefusedError: as `checked_transcript`.
        """
        if (self.header_id, self.lines) != _header_of(self.data):
            raise RefusedError("not a transcript: its header is not what was said")


def checked_transcript(data: bytes) -> TranscriptBytes:
    """Accept bytes as a transcript.

    Raises:
        RefusedError: no `{"type":"session","id":...}` in the first line, no line end at the end, an empty line, or a
            line that is no JSON object.
    """
    header_id, lines = _header_of(data)
    return TranscriptBytes(data, header_id, lines)


def _header_of(data: bytes) -> tuple[str, int]:
    if not data.endswith(b"\n"):
        raise RefusedError("not a transcript: it does not end with a line end", hint="nothing was written")
    lines = data[:-1].split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith(b"{") or not _is_json(line):
            raise RefusedError(
                f"not a transcript: line {number} is no JSON object", hint="nothing was written"
            )
    header = json.loads(lines[0])
    found = header.get("id") if header.get("type") == "session" else None
    if not isinstance(found, str) or not found.strip():
        raise RefusedError(
            "not a transcript: no valid header in its first line", hint="OpenClaw would overwrite it"
        )
    return found, len(lines)


def _is_json(line: bytes) -> bool:
    """Whether OpenClaw's parser takes it; orjson alone refuses half surrogates, which Node writes as escapes."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            return False
    return True
