"""A dead transcript made small without any model: the recent turns whole, and a digest of facts of what was cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.mend_result import HeaderHint

DISTILLED = "clawmedic:distilled"
"""customType of the entry that marks a distilled transcript. Failures older than it are over."""

LEAST_TARGET = 600
"""Tokens. A smaller target leaves no room for a digest with its headings."""


@dataclass(frozen=True, slots=True)
class Distilled:
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
    raise NotImplementedError


def hand_over(lines: Sequence[RawEntry], *, now: int, backup: str, limit_chars: int = 12_000) -> str:
    """The digest of a whole transcript as the text of a message, for a gateway that is told by a turn.

    Args:
        lines: the whole transcript.
        now: epoch milliseconds.
        backup: where the history is kept.
        limit_chars: the text is never longer than this (at least 1,000 characters are used).
    """
    raise NotImplementedError
