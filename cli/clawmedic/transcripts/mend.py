"""Structural repair of a transcript: lines in, lines out (openclaw.md 4: S04, S12 to S16)."""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.mend_result import Change, HeaderHint, Mended, Options, Treatment

__all__ = ["Change", "HeaderHint", "Mended", "Options", "Treatment", "mend"]


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
    raise NotImplementedError
