"""Fields of a row that a rescue clears or sets; everything else stays, the delivery fields first of all.

Sources: openclaw-files.md 2 and 4 (token counters), openclaw.md 3.1 and 3.4 (what 7.1 clears itself), 1b (status).
"""

from __future__ import annotations

from collections.abc import Mapping

from clawmedic.stores.editing_rows import JsonValue
from clawmedic.stores.editor import BUDGET_FIELDS, TOKEN_FIELDS

COUNTERS = (*TOKEN_FIELDS, *BUDGET_FIELDS)
"""They speak of the prompt before it was shortened, and kill a shortened session again."""
RUN_FIELDS = ("status", "startedAt", "endedAt", "runtimeMs", "abortedLastRun")
"""What 7.1 itself clears when a new turn follows a failed one."""
LYING_STATUSES = frozenset({"failed", "timeout", "killed", "running"})
"""Outcomes of runs that are over and say nothing of the repaired conversation."""
CONVERSATION_FIELDS = (
    *RUN_FIELDS,
    "lastInteractionAt",
    "lastActivityAt",
    "lastRunError",
    "compactionCount",
    "memoryFlushAt",
    "memoryFlushCompactionCount",
    "memoryFlushFailureCount",
    "pendingFinalDelivery",
    "pendingFinalDeliveryText",
    "pendingFinalDeliveryCreatedAt",
    "liveModelSwitchPending",
)
"""Fields of the conversation that is left behind, not of the chat."""


def lying_fields(row: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Run fields to clear when the transcript was repaired: those of a run that failed or never ended."""
    if row.get("status") in LYING_STATUSES:
        return tuple(name for name in (*RUN_FIELDS, "lastRunError") if name in row)
    return ()


def begin_anew(row: Mapping[str, JsonValue], *, session_id: str, now: int) -> Mapping[str, JsonValue]:
    """Fields that speak of the present conversation, set for one that begins now; only those the row has."""
    changed: dict[str, JsonValue] = {"updatedAt": now}
    if "sessionStartedAt" in row:
        changed["sessionStartedAt"] = now
    if "systemSent" in row:
        changed["systemSent"] = False
    family = row.get("usageFamilySessionIds")
    if isinstance(family, list):
        changed["usageFamilySessionIds"] = [*family, session_id]
    return changed
