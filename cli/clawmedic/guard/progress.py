"""Loops without progress: the same rung, the same numbers. They go to a person instead of being gone through again."""

from __future__ import annotations

from clawmedic.guard.record import Attempt, Came, KeyRecord, RungNumbers
from clawmedic.guard.sight import Sight
from clawmedic.model.cause import CauseKind

NEAR = 0.02
"""Numbers within two parts in a hundred are the same: a new message in between changes little."""


def going_in_circles(record: KeyRecord, sight: Sight, since: int) -> str:
    """Why another attempt would only repeat the two newest ones, "" when it may do something new.

    Two rescues that held and went from the same size to the same size, after which the session died again: whatever
    kills it is not cured by that. Two failures that were alike word for word, of a cause that does not pass by
    itself: a third would be alike too.
    """
    tried = [one for one in record.attempts_since(since) if one.came is not Came.BEGUN]
    if len(tried) < 2:
        return ""
    earlier, later = tried[-2:]
    if earlier.came is not later.came or not later.rungs or not _alike(earlier, later):
        return ""
    names = ", ".join(one.rung for one in later.rungs)
    if later.came is Came.RESCUED:
        return f"{names} was done twice from the same size to the same size, and it died again"
    if earlier.error != later.error or (sight.cause is not None and sight.cause.kind is CauseKind.TRANSIENT):
        return ""
    return f"{names} failed twice in the same way"


def _alike(one: Attempt, other: Attempt) -> bool:
    return len(one.rungs) == len(other.rungs) and all(
        _same(first, second) for first, second in zip(one.rungs, other.rungs, strict=True)
    )


def _same(one: RungNumbers, other: RungNumbers) -> bool:
    return (
        (one.rung, one.ok) == (other.rung, other.ok)
        and _near(one.tokens_before, other.tokens_before)
        and _near(one.tokens_after, other.tokens_after)
        and _near(one.bytes_before, other.bytes_before)
    )


def _near(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= NEAR * max(abs(one), abs(other), 1)
