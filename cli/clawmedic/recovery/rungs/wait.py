"""`wait`: a young transient failure heals by itself with the next message; nothing is planned yet."""

from __future__ import annotations

from clawmedic.recovery.ailment import Ailment
from clawmedic.recovery.policy import Mandate

PATIENCE_MS = 10 * 60_000
"""A transient failure younger than this is waited out (design.md 5)."""


def look_again_at(ailment: Ailment, mandate: Mandate, now: int) -> int | None:
    """When to look again, epoch milliseconds; None when there is nothing to wait for. Never sleeps."""
    newest = ailment.newest_failure_at
    if mandate.impatient or not ailment.transient or newest is None:
        return None
    due = newest + PATIENCE_MS
    return due if newest <= now < due else None
