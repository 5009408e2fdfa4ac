"""The lines of a distilled transcript (openclaw-files.md 2 and 6; openclaw.md 5.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from clawmedic.transcripts.digest_facts import Step
from clawmedic.transcripts.distil_keep import Kept
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.mend_draft import Draft, Line, iso_time, written
from clawmedic.transcripts.parse import load_line

DISTILLED = "clawmedic:distilled"
"""customType of the entry that marks a distilled transcript. Failures older than it are over."""
OLD_USAGE = "clawmedicUsage"
"""Field of an entry that keeps the `usage` which was cleared."""

_SETTINGS = ("model_change", "thinking_level_change", "session_info")
_STALE = ("input", "cacheRead", "cacheWrite", "totalTokens")


class Cut(Struct, frozen=True, kw_only=True):
    """What is known of the cut. `now` in epoch milliseconds."""

    now: int
    backup: str
    marker: str
    digest: str
    tokens_before: int


def write_lines(draft: Draft, steps: Sequence[Step], kept: Kept, cut: Cut) -> tuple[tuple[bytes, ...], int]:
    """The new transcript, and how many lines of the old one stand in it."""
    owners = {id(line.entry): line for line in draft.lines}
    settings = _settings(steps, kept)
    carried = [owners[id(step.entry)] for step in (*settings, *kept.steps) if _stays(step, kept)]
    digest_id = draft.new_id(b"digest" + cut.digest.encode("utf-8", "replace"))
    marker_id = draft.new_id(b"marker" + cut.backup.encode("utf-8", "replace"))
    names = [_name(draft, line) for line in carried]
    first_kept = names[len(settings)] if len(names) > len(settings) else marker_id
    lines = [
        _head(draft),
        written(_digest_entry(digest_id, first_kept, cut)),
        written(_marker_entry(marker_id, digest_id, kept, cut)),
    ]
    parent = marker_id
    for line, name in zip(carried, names, strict=True):
        lines.append(_carried(line, name, parent))
        parent = name
    old = {line.number for line in carried} | ({draft.lines[0].number} if draft.lines[0].number else set())
    return tuple(lines), len(old)


def _settings(steps: Sequence[Step], kept: Kept) -> list[Step]:
    """The newest of each setting that would be cut: the session goes on with its model and thinking level."""
    newest: dict[str, Step] = {}
    for step in steps[: kept.start]:
        if step.entry.type in _SETTINGS:
            newest[step.entry.type] = step
    return [newest[kind] for kind in _SETTINGS if kind in newest]


def _stays(step: Step, kept: Kept) -> bool:
    """A label goes with the entry that it names."""
    target = step.value.get("targetId") if step.entry.type == "label" else None
    return target is None or any(other.entry.id == target for other in kept.steps)


def _name(draft: Draft, line: Line) -> str:
    return (line.known.id if line.known else "") or draft.new_id(line.data)


def _head(draft: Draft) -> bytes:
    """The header as it was. Version 1 becomes 2: the entries have ids and parents now."""
    head = draft.lines[0]
    if isinstance(head.entry, Entry) and (head.entry.version or 1) < 2:
        value, _ = load_line(head.data)
        return written({**value, "version": 2})
    return head.data


def _digest_entry(name: str, first_kept: str, cut: Cut) -> dict[str, object]:
    """The form that 4.15 and 7.1 were seen to accept; the kept entries come after it."""
    return {
        "type": "compaction",
        "id": name,
        "parentId": None,
        "timestamp": iso_time(cut.now),
        "summary": cut.digest,
        "firstKeptEntryId": first_kept,
        "tokensBefore": cut.tokens_before,
    }


def _marker_entry(name: str, parent: str, kept: Kept, cut: Cut) -> dict[str, object]:
    return {
        "type": "custom",
        "customType": cut.marker,
        "data": {
            "timestamp": cut.now,
            "backup": cut.backup,
            "keptTurns": kept.turns,
            "keptTokens": kept.tokens,
            "tokensBefore": cut.tokens_before,
        },
        "id": name,
        "parentId": parent,
        "timestamp": iso_time(cut.now),
    }


def _carried(line: Line, name: str, parent: str) -> bytes:
    """A kept entry's bytes, changed only where its parent or its stale usage is."""
    entry = line.known
    stale = entry is not None and entry.role == "assistant" and entry.usage is not None
    if entry and entry.id == name and entry.parent_id == parent and not stale:
        return line.data
    value, _ = load_line(line.data)
    cleared = _cleared(value) if stale else None
    if cleared is None and entry and entry.id == name and entry.parent_id == parent:
        return line.data
    return written({**value, **(cleared or {}), "id": name, "parentId": parent})


def _cleared(value: Mapping[str, object]) -> dict[str, object] | None:
    """The fields that clear the prompt's part of an entry's usage, None where there is nothing to clear."""
    message = value.get("message")
    usage = message.get("usage") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(usage, dict):
        return None
    stale = [name for name in _STALE if usage.get(name)]
    if not stale:
        return None
    fresh = {**usage, **dict.fromkeys(stale, 0)}
    return {"message": {**message, "usage": fresh}, OLD_USAGE: value.get(OLD_USAGE, usage)}
