"""Ids and times: the same scenario gets the same ids on every run."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from hashlib import sha256

from msgspec import Struct


class Ids(Struct):
    """An endless row of ids that depend on the seed alone."""

    seed: str
    drawn: int = 0

    def digest(self) -> bytes:
        """The next 32 bytes."""
        self.drawn += 1
        return sha256(f"{self.seed}:{self.drawn}".encode()).digest()

    def uuid(self) -> str:
        """A version 4 UUID."""
        return str(uuid.UUID(bytes=self.digest()[:16], version=4))

    def hex(self, length: int) -> str:
        """Lower-case hexadecimal digits."""
        return self.digest().hex()[:length]


def iso(at: int) -> str:
    """Epoch milliseconds as OpenClaw writes them in transcripts: 2026-11-23T07:53:17.255Z."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def iso_offset(at: int) -> str:
    """The form of a log record's `time`: 2026-11-23T07:53:17.255+00:00."""
    return iso(at).removesuffix("Z") + "+00:00"
