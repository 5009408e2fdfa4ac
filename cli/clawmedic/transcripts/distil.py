"""A dead transcript made small without any model: the recent turns whole, and a digest of facts of what was cut."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.errors import RefusedError
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import CHARS_PER_TOKEN, of_path
from clawmedic.transcripts.digest import Digest, write_digest
from clawmedic.transcripts.digest_facts import Step, gather
from clawmedic.transcripts.digest_text import tokens_of
from clawmedic.transcripts.distil_keep import Kept, choose
from clawmedic.transcripts.distil_write import DISTILLED, Cut, write_lines
from clawmedic.transcripts.mend import mended_draft
from clawmedic.transcripts.mend_draft import Draft
from clawmedic.transcripts.mend_result import HeaderHint, Options
from clawmedic.transcripts.parse import load_line
from clawmedic.transcripts.tree import active_path

__all__ = ["DISTILLED", "LEAST_TARGET", "Distilled", "distil", "hand_over"]

LEAST_TARGET = 600
"""Tokens. A smaller target leaves no room for a digest with its headings."""
_LEAST_DIGEST = 400
_MOST_DIGEST = 4000
"""Tokens: OpenClaw's own summaries end at 16,000 characters (openclaw.md 1.4)."""
_LEAST_HAND_OVER = 2400

_INTRO = (
    "The older part of this conversation was cut by clawmedic because it no longer fitted. "
    "This is a list of facts taken from it; quoted text is literal. The newest messages follow in full."
)
_HAND_OVER_INTRO = (
    "This session starts anew because the earlier one could no longer answer. "
    "This is a list of facts taken from it by clawmedic; quoted text is literal."
)


class Distilled(Struct, frozen=True):
    """A distilled transcript.

    Attributes:
        lines: the new transcript, each line without its line end.
        digest: the text that stands for what was cut (Markdown).
        kept_turns: how many turns are kept.
        cut_entries: how many lines of the old transcript are not in the new one.
        tokens_before, tokens_after: estimates of what the model was and will be sent, without the system prompt.
        identifiers: what the digest names literally: URLs, paths, long numbers and hexadecimal names.
    """

    lines: tuple[bytes, ...]
    digest: str
    kept_turns: int
    cut_entries: int
    tokens_before: int
    tokens_after: int
    identifiers: tuple[str, ...]

    @property
    def data(self) -> bytes:
        """The new transcript as it is written to a file."""
        return b"".join(line + b"\n" for line in self.lines)


def distil(
    lines: Sequence[RawEntry],
    *,
    session_id: str,
    target_tokens: int,
    now: int,
    backup: str,
    marker: str = DISTILLED,
    header_template: HeaderHint | None = None,
) -> Distilled:
    """Shrink a transcript of a file store to at most `target_tokens`. Pure and deterministic.

    The new transcript is: the header, a compaction entry with the digest, the marker, the newest settings, and
    the recent turns from a user entry on. It replaces the file: on 2026.7.1 the agent path measures the whole
    branch, so that an appended compaction would not do (openclaw-files.md 2). Stale `usage` of kept answers is
    zero and stands in `clawmedicUsage` (openclaw.md 5.4); the caller clears the row's token counters.

    Args:
        lines: the whole transcript. It is mended first.
        session_id: the id that a lost header gets.
        target_tokens: for the digest and the kept turns together, at least `LEAST_TARGET`.
        now: epoch milliseconds.
        backup: where the whole history is kept; the digest and the marker name it.
        marker: customType of the marking entry.
        header_template: what a lost header said besides the id.

    Raises:
        RefusedError: the target is below `LEAST_TARGET`.
    """
    if target_tokens < LEAST_TARGET:
        raise RefusedError(
            f"a target of {target_tokens} tokens leaves no room for a digest",
            hint=f"the least is {LEAST_TARGET} tokens: use a model with a larger window, or reset",
        )
    draft = _mended(lines, session_id=session_id, now=now, hint=header_template or HeaderHint())
    steps, visible, before = _branch(draft)
    least = max(target_tokens * 3 // 10, _LEAST_DIGEST)
    kept = choose(steps, visible, target_tokens - min(least, _MOST_DIGEST))
    room = min(target_tokens - kept.tokens, _MOST_DIGEST)
    digest = _digest_of(_cut_steps(steps, kept), _INTRO, now=now, backup=backup, room=room, marker=marker)
    cut = Cut(now=now, backup=backup, marker=marker, digest=digest.text, tokens_before=before)
    written, carried = write_lines(draft, steps, kept, cut)
    return Distilled(
        lines=written,
        digest=digest.text,
        kept_turns=kept.turns,
        cut_entries=max(len(lines) - carried, 0),
        tokens_before=before,
        tokens_after=kept.tokens + tokens_of(digest.text),
        identifiers=digest.identifiers,
    )


def hand_over(lines: Sequence[RawEntry], *, now: int, backup: str, limit_chars: int = 12_000) -> str:
    """The digest of a whole transcript as the text of a message, for a gateway that is told by a turn.

    Args:
        lines: the whole transcript.
        now: epoch milliseconds.
        backup: where the history is kept.
        limit_chars: the text is never longer than this (2,400 where less is asked for).
    """
    draft = _mended(lines, session_id="", now=now, hint=HeaderHint())
    steps, _, _ = _branch(draft)
    room = max(limit_chars, _LEAST_HAND_OVER) // CHARS_PER_TOKEN
    return _digest_of(steps, _HAND_OVER_INTRO, now=now, backup=backup, room=room, marker=DISTILLED).text


def _mended(lines: Sequence[RawEntry], *, session_id: str, now: int, hint: HeaderHint) -> Draft:
    """The transcript without structural flaws. Lines that are too long to be held are among what is cut."""
    held = [raw for raw in lines if not raw.oversized]
    return mended_draft(held, session_id=session_id, now=now, hint=hint, options=Options())


def _branch(draft: Draft) -> tuple[list[Step], int, int]:
    """The branch in use since the last reset, where the model's sight begins in it, and its tokens."""
    lines = draft.path()
    path = active_path(draft.entries())
    context = of_path(path)
    steps = [Step(line.known, load_line(line.data)[0]) for line in lines if line.known]
    reset = max((at for at, step in enumerate(steps) if step.entry.type == "reset"), default=-1)
    steps = steps[reset + 1 :]
    shown = {id(entry) for entry in context.entries}
    seen = [at for at, step in enumerate(steps) if id(step.entry) in shown]
    tokens = sum(steps[at].tokens for at in seen)
    tokens += sum(step.tokens for step in steps if step.entry is context.compaction)
    return steps, seen[0] if seen else len(steps), tokens


def _cut_steps(steps: Sequence[Step], kept: Kept) -> list[Step]:
    """What the digest stands for: everything that is not kept, an earlier compaction among the kept turns too."""
    stays = {id(step) for step in kept.steps}
    return [step for step in steps if id(step) not in stays]


def _digest_of(steps: Sequence[Step], intro: str, *, now: int, backup: str, room: int, marker: str) -> Digest:
    facts = gather(steps, marker=marker)
    return write_digest(facts, intro=intro, now=now, backup=backup, limit_tokens=room)
