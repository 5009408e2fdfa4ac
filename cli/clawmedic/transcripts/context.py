"""What the model would see of a transcript (openclaw-files.md 6, openclaw-sqlite.md 3).

After the last `reset` of the branch; of that, the summary of the last compaction, the entries it kept,
and everything after it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.transcripts.entry import Entry, Usage
from clawmedic.transcripts.tree import Path, active_path

CHARS_PER_TOKEN = 4
_CALL_FRAME = 500
"""Bytes of an assistant entry that are not its content: ids, usage, model names."""


class Context(Struct, frozen=True):
    """What the model would be sent, without the system prompt and the channel's own additions.

    Attributes:
        entries: the messages in order; the compaction itself is `compaction`.
        compaction: the compaction whose summary stands in for what was before it.
        kept_missing: the compaction names a first kept entry that is not on the branch: nothing was kept.
        estimated_tokens: a quarter of the characters.
        usage: what the newest real model call reported, None when there is none in sight.
        usage_stale: a compaction or a reset came after that call: the number says nothing any more.
    """

    entries: tuple[Entry, ...]
    compaction: Entry | None
    reset: Entry | None
    kept_missing: bool
    estimated_tokens: int
    usage: Usage | None
    usage_at: int | None
    usage_stale: bool


def visible(entries: Sequence[Entry]) -> Context:
    """The context of a whole transcript (or of its tail: then what stands before it is not known)."""
    return of_path(active_path(entries))


def of_path(path: Path, *, earlier_compaction: Entry | None = None) -> Context:
    """The context of a branch. `earlier_compaction` is one that stands before a tail."""
    steps = path.entries
    reset_at = _last(steps, "reset")
    start = reset_at + 1
    compacted_at = _last(steps[start:], "compaction")
    reset = steps[reset_at] if reset_at >= 0 else None
    if compacted_at < 0:
        shown = steps[start:]
        compaction = None if reset else earlier_compaction
        kept_missing = False
    else:
        compaction = steps[start + compacted_at]
        kept = _kept(steps[start : start + compacted_at], compaction.first_kept_id)
        kept_missing = not kept and compaction.first_kept_id not in ("", compaction.id)
        shown = kept + steps[start + compacted_at + 1 :]
    messages = tuple(entry for entry in shown if _in_context(entry))
    found, stale = _newest_usage(steps)
    return Context(
        entries=messages,
        compaction=compaction,
        reset=reset,
        kept_missing=kept_missing,
        estimated_tokens=sum(map(estimated_tokens, messages))
        + ((compaction.summary_chars if compaction else 0) + CHARS_PER_TOKEN - 1) // CHARS_PER_TOKEN,
        usage=found.usage if found else None,
        usage_at=found.at if found else None,
        usage_stale=stale,
    )


def estimated_tokens(entry: Entry) -> int:
    """About how many tokens an entry takes in a prompt: a quarter of its characters."""
    chars = entry.text_chars + entry.thinking_chars
    if entry.tool_calls:
        chars += max(entry.size_bytes - chars - _CALL_FRAME, 0)
    return -(-chars // CHARS_PER_TOKEN)


def _last(steps: Sequence[Entry], kind: str) -> int:
    at = len(steps)
    for entry in reversed(steps):
        at -= 1
        if entry.type == kind:
            return at
    return -1


def _kept(before: tuple[Entry, ...], first_kept: str) -> tuple[Entry, ...]:
    if not first_kept:
        return ()
    return next((before[i:] for i, entry in enumerate(before) if entry.id == first_kept), ())


def _in_context(entry: Entry) -> bool:
    """Messages, custom messages and branch summaries; settings and records are not sent."""
    return entry.type in ("message", "custom_message", "branch_summary")


def _newest_usage(steps: tuple[Entry, ...]) -> tuple[Entry | None, bool]:
    stale = False
    for entry in reversed(steps):
        if entry.type in ("compaction", "reset"):
            stale = True
        elif entry.usage and entry.provider != "openclaw" and _measured(entry.usage):
            return entry, stale
    return None, False


def _measured(usage: Usage) -> bool:
    """Whether the numbers are a provider's. A prompt of nothing was never sent: a rewrite cleared the old count."""
    return usage.prompt > 0 or (usage.total > 0 and usage.total != usage.output)
