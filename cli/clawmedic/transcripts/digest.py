"""The digest: what stands for a part of a conversation that was cut (Markdown, deterministic, bounded)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.transcripts.context import CHARS_PER_TOKEN
from clawmedic.transcripts.digest_facts import Facts
from clawmedic.transcripts.digest_text import one_line, pages, tokens_of
from clawmedic.transcripts.mend_draft import iso_time

_PLACE_CHARS = 400
_NONE = "- None found."
_OLDER = "- ({} more left out; see the backup)"
_NOTE_TOKENS = 12
_SHARES = (
    ("Pending user asks", 0.16),
    ("Exact identifiers", 0.18),
    ("Decisions", 0.14),
    ("Constraints/Rules", 0.12),
    ("Open TODOs", 0.1),
    ("What the user asked", 0.16),
    ("Files named", 0.06),
    ("Earlier summary", 0.08),
)
"""In the order in which they take room; what one leaves is the next one's."""
_ORDER = (
    "Decisions",
    "Open TODOs",
    "Constraints/Rules",
    "Pending user asks",
    "Exact identifiers",
    "What the user asked",
    "Files named",
    "Earlier summary",
)
"""The first five are OpenClaw's own required headings, in its order (openclaw.md 1.4)."""
_REQUIRED = _ORDER[:5]


class Digest(Struct, frozen=True):
    """A digest and the identifiers it names."""

    text: str
    identifiers: tuple[str, ...]


def write_digest(facts: Facts, *, intro: str, now: int, backup: str, limit_tokens: int) -> Digest:
    """The digest of some facts in at most `limit_tokens` tokens. What has to be left out is counted.

    Args:
        facts: what was found in the part that was cut.
        intro: one sentence that says what this text is.
        now: epoch milliseconds of the cut.
        backup: where the whole is kept.
        limit_tokens: the room; below about 400 the text is cut at its end.
    """
    head = _head(facts, intro, now, backup)
    bodies: dict[str, list[str]] = {name: [_NONE] for name in _REQUIRED}
    room = limit_tokens - tokens_of(_joined(head, bodies)) - len(_ORDER) * _NOTE_TOKENS
    spare = 0.0
    named: tuple[str, ...] = ()
    for name, share in _SHARES:
        allowed = spare + max(room, 0) * share
        lines, used = _section(name, facts, int(allowed))
        spare = allowed - used
        if lines:
            bodies[name] = lines
        if name == "Exact identifiers":
            named = tuple(line[2:] for line in lines if line[2:] in set(facts.identifiers))
    text = _joined(head, bodies)
    while tokens_of(text) > limit_tokens:
        text = text[: min(len(text) - 1, limit_tokens * CHARS_PER_TOKEN * len(text) // _weighed(text))]
    return Digest(text, tuple(name for name in named if name in text))


def _weighed(text: str) -> int:
    return max(tokens_of(text) * CHARS_PER_TOKEN, 1)


def _head(facts: Facts, intro: str, now: int, backup: str) -> str:
    span = ""
    if facts.first_at is not None and facts.last_at is not None:
        span = f", from {iso_time(facts.first_at)} to {iso_time(facts.last_at)}"
    lines = [
        "# Earlier conversation",
        intro,
        f"- Cut on {iso_time(now)}: {facts.entries} entries{span}, about {facts.tokens} tokens.",
        f"- The whole history is kept in: {one_line(backup, _PLACE_CHARS) or '(not named)'}",
    ]
    lines += [
        f"- Older parts are kept in: {one_line(place, _PLACE_CHARS // 2)}" for place in facts.backups[-1:]
    ]
    return "\n".join(lines)


def _joined(head: str, bodies: dict[str, list[str]]) -> str:
    parts = [f"## {name}\n" + "\n".join(bodies[name]) for name in _ORDER if name in bodies]
    return "\n\n".join((head, *parts)) + "\n"


def _section(name: str, facts: Facts, room: int) -> tuple[list[str], int]:
    """A section's lines within a room of tokens, and what they took."""
    if name == "Earlier summary":
        return _earlier(facts.summaries, room)
    if name in ("Exact identifiers", "Files named"):
        items = facts.identifiers if name == "Exact identifiers" else facts.files
        return _chosen(items, room, newest_last=False)
    items = {
        "Pending user asks": facts.pending,
        "Decisions": facts.decisions,
        "Constraints/Rules": facts.rules,
        "Open TODOs": facts.todos,
        "What the user asked": facts.asks,
    }[name]
    return _chosen(items, room, newest_last=True)


def _chosen(items: Sequence[str], room: int, *, newest_last: bool) -> tuple[list[str], int]:
    """As many items as fit, the newest (or the first) ones, in their own order."""
    chosen: list[str] = []
    used = 0
    for item in reversed(items) if newest_last else items:
        line = f"- {item}"
        cost = tokens_of(line + "\n") + 1
        if used + cost > room and newest_last:
            break
        if used + cost > room:
            continue
        chosen.append(line)
        used += cost
    left = len(items) - len(chosen)
    if newest_last:
        chosen.reverse()
    note = [_OLDER.format(left)] if left else []
    return (note + chosen if newest_last else chosen + note), used


def _earlier(summaries: Sequence[str], room: int) -> tuple[list[str], int]:
    """The newest earlier summary, quoted, so that its headings are not taken for ours."""
    if not summaries or room < _NOTE_TOKENS:
        return [], 0
    quoted = pages(summaries[-1], room * CHARS_PER_TOKEN)
    while tokens_of(quoted) > room:
        quoted = quoted[: len(quoted) * room // (tokens_of(quoted) + 1)]
    return ([quoted] if quoted else []), tokens_of(quoted)
