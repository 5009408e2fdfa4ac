"""A store's row as a `Session`: the fields of all three versions, whatever their types turn out to be.

Sources: openclaw.md 3.1 (fields), openclaw-files.md 4, openclaw-sqlite.md 1, openclaw-channels.md 2 and 4 (delivery).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from clawmedic.model.session import BudgetStatus, Delivery, Generation, Session, TranscriptRef
from clawmedic.stores.typed import Fields

_SUMMARY_CHARS = 4000
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,199}")
_MARKS_OF_7_1 = frozenset(
    {
        "lastInteractionAt",
        "lastActivityAt",
        "sessionStartedAt",
        "route",
        "contextBudgetStatus",
        "agentHarnessId",
        "lifecycleRevision",
        "usageFamilySessionIds",
        "memoryFlushFailureCount",
    }
)
"""Row fields that 4.15 does not write (openclaw-files.md 4)."""


def session_id_of(entry: object) -> str | None:
    """The row's session id; None when the row is no object or names no session."""
    value = entry.get("sessionId") if isinstance(entry, dict) else None
    return value if isinstance(value, str) and value.strip() else None


def is_file_name(session_id: str) -> bool:
    """Whether a session id may be used in a file name: no separator, no `..`, no control character."""
    return bool(_FILE_NAME.fullmatch(session_id)) and ".." not in session_id


def is_of_7_1(entry: Mapping[str, object]) -> bool:
    """Whether a row has fields that only 7.1 and later write."""
    return not _MARKS_OF_7_1.isdisjoint(entry)


def session_from_entry(
    key: str,
    agent: str,
    entry: Mapping[str, object],
    *,
    generation: Generation,
    store: Path,
    transcript: TranscriptRef,
    session_id: str | None = None,
) -> Session:
    """A row as a session. Wrong types become None and a line in `problems`; nothing is raised.

    `session_id` overrides the row's own (a database has it in a column too).
    """
    row = Fields.of(entry)
    found = session_id or session_id_of(entry) or ""
    if not is_file_name(found):
        row.problems.append("sessionId: cannot be a file name")
    restart, subagent = row.inner("mainRestartRecovery"), row.inner("subagentRecovery")
    return Session(
        key=key,
        agent=agent,
        session_id=found,
        generation=generation,
        store=store,
        transcript=transcript,
        status=row.text("status"),
        updated_at=row.time("updatedAt"),
        started_at=row.time("startedAt"),
        ended_at=row.time("endedAt"),
        created_at=row.time("createdAt") or row.time("sessionStartedAt"),
        last_interaction_at=row.time("lastInteractionAt"),
        last_activity_at=row.time("lastActivityAt"),
        aborted_last_run=row.flag("abortedLastRun"),
        total_tokens=row.number("totalTokens"),
        total_tokens_fresh=row.flag("totalTokensFresh"),
        context_tokens=row.number("contextTokens"),
        compaction_count=row.number("compactionCount"),
        model=_model(row, "modelProvider", "model"),
        model_override=_model(row, "providerOverride", "modelOverride"),
        label=row.text("label") or row.text("displayName") or "",
        chat_type=row.text("chatType") or "",
        delivery=_delivery(row),
        budget_status=_budget(row),
        checkpoint_summaries=_checkpoints(row),
        previous_session_ids=_previous(row, found),
        archived_at=row.time("archivedAt"),
        tombstone=_tombstone(restart),
        recovered_key=restart.inner("tombstone").text("recoveredSessionKey"),
        initialization_pending=_pending_mark(row),
        subagent_wedged=subagent.text("wedgedReason") or ("wedged" if subagent.time("wedgedAt") else None),
        last_run_error=_error_text(row),
        memory_flush_failures=_flush_failures(row),
        pending_delivery_at=_pending_delivery(row),
        problems=tuple(row.problems),
    )


def _model(row: Fields, provider_name: str, model_name: str) -> str | None:
    provider, model = row.text(provider_name), row.text(model_name)
    if model is None:
        return None
    if provider is None or model.startswith(f"{provider}/"):
        return model
    return f"{provider}/{model}"


def _delivery(row: Fields) -> Delivery | None:
    """9.6 `delivery.context`, else `deliveryContext`, else `last*` and `route`. Never `origin`: a probe rewrites it."""
    for context in _contexts(row):
        channel, to = context.text("channel"), context.word("to")
        if channel and to:
            return Delivery(channel, to, context.word("accountId"), context.word("threadId"))
    return None


_ROUTE_FIELDS = ("lastTo", "lastChannel", "route")


def _contexts(row: Fields) -> Iterator[Fields]:
    if "delivery" in row.values:
        yield row.inner("delivery").inner("context")
    if "deliveryContext" in row.values:
        yield row.inner("deliveryContext")
    if row.values.keys().isdisjoint(_ROUTE_FIELDS):
        return
    last = {
        "channel": "lastChannel",
        "to": "lastTo",
        "accountId": "lastAccountId",
        "threadId": "lastThreadId",
    }
    yield Fields({name: row.values.get(source) for name, source in last.items()}, "last", row.problems)
    route = row.inner("route")
    target, thread = route.inner("target").values, route.inner("thread").values
    yield Fields(
        {**route.values, "to": target.get("to"), "threadId": thread.get("id")}, "route", row.problems
    )


def _budget(row: Fields) -> BudgetStatus | None:
    status = row.inner("contextBudgetStatus")
    if not status.values:
        return None
    return BudgetStatus(
        status.time("updatedAt"),
        status.text("route") or "",
        status.number("estimatedPromptTokens"),
        status.number("promptBudgetBeforeReserve"),
        status.number("reserveTokens"),
    )


def _checkpoints(row: Fields) -> tuple[tuple[int | None, int | None, str], ...]:
    return tuple(
        (item.time("createdAt"), item.number("tokensBefore"), (item.text("summary") or "")[:_SUMMARY_CHARS])
        for item in row.items("compactionCheckpoints")
    )


def _previous(row: Fields, current: str) -> tuple[str, ...]:
    ids = row.texts("usageFamilySessionIds")
    return tuple(dict.fromkeys(name for name in ids if name != current))


def _tombstone(restart: Fields) -> str | None:
    if restart.values.get("tombstone") is None:
        return None
    return restart.inner("tombstone").text("reason") or "no reason given"


def _pending_mark(row: Fields) -> bool:
    """`initializationPending` is true, or an object that describes what is pending (9.6)."""
    value = row.values.get("initializationPending")
    return value is True or (isinstance(value, dict) and bool(value))


def _error_text(row: Fields) -> str | None:
    value = row.values.get("lastRunError")
    if isinstance(value, dict):
        return row.inner("lastRunError").text("message")
    return row.text("lastRunError")


def _flush_failures(row: Fields) -> int | None:
    """7.1 `memoryFlushFailureCount`, 9.6 `memoryFlush.failureCount`."""
    count = row.number("memoryFlushFailureCount")
    return count if count is not None else row.inner("memoryFlush").number("failureCount")


def _pending_delivery(row: Fields) -> int | None:
    """When a final reply began to wait for delivery: `pendingFinalDelivery`, `pendingFinalDeliveryCreatedAt`."""
    value = row.values.get("pendingFinalDelivery")
    if not value:
        return None
    if isinstance(value, dict):
        return row.inner("pendingFinalDelivery").time("createdAt")
    return row.time("pendingFinalDeliveryCreatedAt") or row.time("updatedAt")
