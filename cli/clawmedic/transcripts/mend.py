"""Structural repair of a transcript: lines in, lines out (openclaw.md 4: S04, S12 to S16)."""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.entry import Malformed
from clawmedic.transcripts.mend_chain import lost_links, mend_chain, mend_ids
from clawmedic.transcripts.mend_draft import Draft
from clawmedic.transcripts.mend_errors import mend_empty, mend_errors
from clawmedic.transcripts.mend_header import mend_header, mend_lines
from clawmedic.transcripts.mend_result import Change, HeaderHint, Mended, Options, Treatment
from clawmedic.transcripts.mend_tools import mend_tools
from clawmedic.transcripts.view import view_of_lines

__all__ = ["Change", "HeaderHint", "Mended", "Options", "Treatment", "mend"]

_MOST_ROUNDS = 12


def mend(
    lines: Sequence[RawEntry],
    *,
    session_id: str,
    now: int,
    header_template: HeaderHint,
    options: Options | None = None,
) -> Mended:
    """Repair a transcript of a file store. Pure and deterministic; mending twice is mending once.

    Untouched lines keep their bytes and their order; unknown fields survive in edited ones.

    Args:
        lines: the whole transcript, header included.
        session_id: the id that a lost header gets. A header that has another id is left alone: normal on
            2026.4.15 after a reset (openclaw-files.md 4).
        now: epoch milliseconds, for entries that have to be made without any other time in sight.
        header_template: what a lost header said besides the id.
        options: which repairs are wanted; every one by default.

    Raises:
        RefusedError: a line is longer than the reader holds, so that it could not be written back.
    """
    before = view_of_lines(lines)
    draft = mended_draft(
        lines, session_id=session_id, now=now, hint=header_template, options=options or Options()
    )
    result = tuple(line.data for line in draft.lines)
    after = view_of_lines(as_read(result))
    return Mended(
        lines=result,
        changes=tuple(sorted(draft.changes, key=lambda change: change.line)),
        set_aside=draft.set_aside,
        context_before=before.context,
        context_after=after.context,
        flaws_before=before.flaws,
        flaws_after=after.flaws,
    )


def mended_draft(
    lines: Sequence[RawEntry], *, session_id: str, now: int, hint: HeaderHint, options: Options
) -> Draft:
    """The mended lines before they are written. Each round treats what the one before uncovered."""
    draft = Draft(lines, session_id=session_id, now=now)
    lost = lost_links(line.data for line in draft.lines if isinstance(line.entry, Malformed))
    for _ in range(_MOST_ROUNDS):
        done = len(draft.changes)
        _round(draft, options.treatments, hint, lost)
        if len(draft.changes) == done:
            break
    return draft


def as_read(lines: Sequence[bytes]) -> list[RawEntry]:
    """Written lines as a reader would give them back."""
    raws = []
    offset = 0
    for number, data in enumerate(lines, 1):
        raws.append(RawEntry(number, offset, data, len(data)))
        offset += len(data) + 1
    return raws


def _round(draft: Draft, wanted: frozenset[Treatment], hint: HeaderHint, lost: dict[str, str]) -> None:
    if Treatment.LINES in wanted:
        mend_lines(draft)
    if Treatment.HEADER in wanted:
        mend_header(draft, hint)
    if Treatment.IDS in wanted:
        mend_ids(draft)
    if Treatment.CHAIN in wanted:
        mend_chain(draft, lost)
    if Treatment.EMPTY in wanted:
        mend_empty(draft)
    if Treatment.TOOLS in wanted:
        mend_tools(draft)
    if Treatment.ERRORS in wanted:
        mend_errors(draft)
