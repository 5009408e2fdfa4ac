"""What OpenClaw wraps around a user's words, and the user entries that no user wrote (openclaw-channels.md 2)."""

from __future__ import annotations

import re

_INTERRUPTED = ("[System] Your previous turn was interrupted", "[Queued user message")
"""OpenClaw carries on with the turn before: what follows answers that turn."""

_SYNTHETIC = (
    *_INTERRUPTED,
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
_BLOCK_NAME = 120


def bare_text(text: str) -> str:
    """The user's own words: 4.15 puts metadata blocks and a time stamp before them."""
    at = 0
    if "(untrusted" in text[:_BLOCK_NAME]:
        for _ in range(8):
            block = _BLOCK.match(text, at)
            if not block:
                break
            at = block.end()
    if text.startswith("[", at):
        stamp = _STAMP.match(text, at)
        at = stamp.end() if stamp else at
    return text[at:] if at else text


def continues_turn(bare: str) -> bool:
    """Whether a user entry (its bare text) is OpenClaw resuming the turn before it, after a restart or a queue."""
    return bare.startswith(_INTERRUPTED)


def is_synthetic(bare: str) -> bool:
    """Whether OpenClaw wrote a user entry (its bare text) itself: a restart, a memory flush, a heartbeat, a timer."""
    return bare.startswith(_SYNTHETIC)
