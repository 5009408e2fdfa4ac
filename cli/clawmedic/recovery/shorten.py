"""A transcript made to fit for another place: mended where it is broken, distilled where it would be dead at once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.recovery.looking import as_raw, context_of, outlasting
from clawmedic.recovery.sizing import Room, tokens_in
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import Context
from clawmedic.transcripts.distil import DISTILLED, distil
from clawmedic.transcripts.mend import HeaderHint, mend


class Fitted(Struct, frozen=True):
    """Lines that a key can live with.

    Attributes:
        lines: without line ends, a header first.
        context: what the model would see of them.
        distilled: they were shortened; `cut_entries` is by how much.
        mended: how many places were repaired.
        tokens_before, tokens_after: estimates of what the model would be sent of it.
    """

    lines: tuple[bytes, ...]
    context: Context
    distilled: bool
    mended: int
    cut_entries: int
    tokens_before: int
    tokens_after: int


def would_be_dead(context: Context, room: Room) -> bool:
    """Whether a conversation leaves too little of the window for the next messages."""
    return tokens_in(context) > room.target + room.overhead


def fitted(
    lines: Sequence[RawEntry],
    room: Room,
    *,
    session_id: str,
    now: int,
    kept_in: str,
    may_shorten: bool = True,
) -> Fitted:
    """Mend the lines, and shorten them where they would not fit (and `may_shorten`).

    Args:
        lines: a whole transcript, or several behind each other: mending makes one chain of them.
        room: how full the window may become.
        session_id: the id that a lost header gets.
        now: epoch milliseconds.
        kept_in: where the whole history is kept, for the digest.
        may_shorten: whether a digest may take the place of old turns.

    Raises:
        RefusedError: a line is too long to be held.
    """
    made = mend(lines, session_id=session_id, now=now, header_template=HeaderHint())
    before = made.context_after
    if not may_shorten or not would_be_dead(before, room):
        tokens = before.estimated_tokens
        return Fitted(made.lines, before, False, len(made.changes), 0, tokens, tokens)  # noqa: FBT003
    short = distil(
        as_raw(made.lines),
        session_id=session_id,
        target_tokens=room.target,
        now=now,
        backup=kept_in,
        marker=DISTILLED,
    )
    context = context_of(as_raw(short.lines))
    return Fitted(
        outlasting(
            short.lines, words="[clawmedic] The earlier part of this conversation was shortened.", now=now
        ),
        context,
        distilled=True,
        mended=len(made.changes),
        cut_entries=short.cut_entries,
        tokens_before=short.tokens_before,
        tokens_after=short.tokens_after,
    )
