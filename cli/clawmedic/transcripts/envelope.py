"""What OpenClaw wraps around a user's words, and the user entries that no user wrote (openclaw-channels.md 2)."""

from __future__ import annotations

import re

_INTERRUPTED = ("[System] Your previous turn was interrupted", "[Queued user message")
"""OpenClaw carries on with the turn before: what follows answers that turn."""

_SYNTHETIC = (
    "[System] ",
    "System: ",
    "Pre-compaction memory flush",
    "Pre-reset memory flush",
    "Read HEARTBEAT.md",
    "[cron:",
    "A new session was started via",
)

_BLOCK = re.compile(r"\s*[^\n`{]{0,80}\(untrusted[^\n]{0,80}\):\s*```(?:json)?\n.*?\n```\s*", re.DOTALL)
_STAMP = re.compile(r"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d{2}-\d{2} \d{2}:\d{2}[^\]\n]{0,12}\]\s?")
_LOOK_AT = 600


def bare_text(text: str) -> str:
    """The user's own words: 4.15 puts metadata blocks and a time stamp before them."""
    at = 0
    for _ in range(8):
        block = _BLOCK.match(text, at)
        if not block:
            break
        at = block.end()
    stamp = _STAMP.match(text, at)
    return text[stamp.end() if stamp else at :]


def continues_turn(text: str) -> bool:
    """Whether a user entry is OpenClaw resuming the turn before it, after a restart or from its queue."""
    return _head(text).startswith(_INTERRUPTED)


def is_synthetic(text: str) -> bool:
    """Whether a user entry was written by OpenClaw itself: a restart, a memory flush, a heartbeat, a timer."""
    return _head(text).startswith(_SYNTHETIC + _INTERRUPTED)


def _head(text: str) -> str:
    if text.startswith(("[", "S", "P", "R", "A")) and not text.startswith(("Sender", "[Mon", "[Tue", "[Wed")):
        return text[:_LOOK_AT]
    return bare_text(text[: 4 * _LOOK_AT]).lstrip()
