from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.model.session import BudgetStatus, Delivery, Generation, Session, TranscriptRef
from clawmedic.stores.rows import is_file_name, session_from_entry, session_id_of

SID = "11111111-2222-4333-8444-555555555555"
STORE = Path("/state/sessions.json")
REF = TranscriptRef(STORE, None, exists=True, size_bytes=1, mtime_ms=None)
AT = 1_795_421_302_671


def read(entry: dict[str, object]) -> Session:
    return session_from_entry(
        "agent:main:main", "main", entry, generation=Generation.FILES, store=STORE, transcript=REF
    )


def test_a_row_of_4_15() -> None:
    session = read(
        {
            "sessionId": SID,
            "updatedAt": AT,
            "startedAt": AT - 100.7,
            "endedAt": "2026-11-23T08:08:22.671Z",
            "status": "done",
            "abortedLastRun": False,
            "totalTokens": 4768,
            "totalTokensFresh": True,
            "contextTokens": 40000,
            "compactionCount": 2,
            "modelProvider": "acme",
            "model": "big",
            "providerOverride": "acme",
            "modelOverride": "small",
            "chatType": "group",
            "displayName": "telegram:g-lab",
            "deliveryContext": {
                "channel": "telegram",
                "to": "telegram:-1009",
                "accountId": "default",
                "threadId": 42,
            },
            "lastTo": "telegram:elsewhere",
            "compactionCheckpoints": [{"createdAt": AT, "tokensBefore": 20580, "summary": "s" * 9000}],
        }
    )
    assert (session.started_at, session.ended_at) == (AT - 101, AT)
    assert (session.model, session.model_override) == ("acme/big", "acme/small")
    assert session.delivery == Delivery("telegram", "telegram:-1009", "default", "42")
    assert session.label == "telegram:g-lab"
    ((at, before, summary),) = session.checkpoint_summaries
    assert (at, before, len(summary)) == (AT, 20580, 4000)
    assert session.problems == ()


def test_a_row_of_7_1() -> None:
    session = read(
        {
            "sessionId": SID,
            "sessionStartedAt": AT - 5,
            "lastInteractionAt": AT,
            "lastActivityAt": AT - 1,
            "memoryFlushFailureCount": 3,
            "pendingFinalDelivery": True,
            "pendingFinalDeliveryCreatedAt": AT - 9,
            "subagentRecovery": {"wedgedAt": AT, "wedgedReason": "no reply"},
            "usageFamilySessionIds": ["a", SID, "b", "a"],
            "archivedAt": AT,
            "lastChannel": "telegram",
            "lastTo": "telegram:7",
            "lastThreadId": 5,
            "contextBudgetStatus": {
                "updatedAt": AT,
                "route": "compact_only",
                "estimatedPromptTokens": 32604,
                "promptBudgetBeforeReserve": 32000,
                "reserveTokens": 8000,
            },
        }
    )
    assert session.status is None
    assert session.created_at == AT - 5
    assert session.memory_flush_failures == 3
    assert session.pending_delivery_at == AT - 9
    assert session.subagent_wedged == "no reply"
    assert session.previous_session_ids == ("a", "b")
    assert session.archived_at == AT
    assert session.delivery == Delivery("telegram", "telegram:7", None, "5")
    assert session.budget_status == BudgetStatus(AT, "compact_only", 32604, 32000, 8000)
    assert session.problems == ()


def test_a_row_of_9_6() -> None:
    session = read(
        {
            "sessionId": SID,
            "delivery": {
                "kind": "external",
                "context": {"channel": "telegram", "to": "telegram:-1:topic:42", "threadId": 42},
                "origin": {"to": "elsewhere", "provider": "webchat"},
            },
            "mainRestartRecovery": {"tombstone": {"reason": "blocked after 3 attempts"}},
            "initializationPending": True,
            "memoryFlush": {"kind": "failed", "failureCount": 4},
            "lastRunError": "Reasoning is required",
        }
    )
    assert session.delivery == Delivery("telegram", "telegram:-1:topic:42", None, "42")
    assert session.tombstone == "blocked after 3 attempts"
    assert session.initialization_pending
    assert session.memory_flush_failures == 4
    assert session.last_run_error == "Reasoning is required"


def test_an_origin_is_never_an_address() -> None:
    assert (
        read({"sessionId": SID, "origin": {"to": "x", "channel": "y"}, "delivery": {"kind": "none"}}).delivery
        is None
    )
    assert read({"sessionId": SID, "deliveryContext": {"channel": "telegram"}}).delivery is None
    routed = read({"sessionId": SID, "route": {"channel": "tg", "target": {"to": "t"}, "thread": {"id": 3}}})
    assert routed.delivery == Delivery("tg", "t", None, "3")


def test_wrong_types_are_none_and_named() -> None:
    session = read(
        {
            "sessionId": SID,
            "status": 5,
            "updatedAt": "soon",
            "startedAt": -5,
            "totalTokens": "many",
            "totalTokensFresh": "yes",
            "compactionCount": -1,
            "contextTokens": float("nan"),
            "compactionCheckpoints": {"a": 1},
            "deliveryContext": "telegram",
            "mainRestartRecovery": [],
        }
    )
    assert session.status is session.updated_at is session.started_at is session.total_tokens is None
    assert session.total_tokens_fresh is session.compaction_count is session.context_tokens is None
    assert "status: a number instead of a text" in session.problems
    assert "updatedAt: a text instead of a time" in session.problems
    assert "mainRestartRecovery: a list instead of an object" in session.problems
    assert len(session.problems) == 10


def test_zero_is_no_time_and_no_problem() -> None:
    session = read({"sessionId": SID, "endedAt": 0, "startedAt": None, "label": ""})
    assert session.ended_at is None
    assert session.problems == ()


@pytest.mark.parametrize(
    "session_id", ["../../etc/passwd", "a/b", "..", "a\0b", "a\\b", "", " ", "x" * 300, ".hidden"]
)
def test_ids_that_are_no_file_names(session_id: str) -> None:
    assert not is_file_name(session_id)


def test_rows_without_an_id() -> None:
    assert session_id_of({"sessionId": ""}) is None
    assert session_id_of({"sessionId": 5}) is None
    assert session_id_of([]) is None
    assert session_id_of({"sessionId": SID}) == SID


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    (
        *(
            "sessionId",
            "status",
            "updatedAt",
            "startedAt",
            "endedAt",
            "abortedLastRun",
            "totalTokens",
            "label",
        ),
        *(
            "model",
            "modelProvider",
            "delivery",
            "deliveryContext",
            "route",
            "lastTo",
            "lastChannel",
            "lastRunError",
        ),
        *(
            "contextBudgetStatus",
            "compactionCheckpoints",
            "mainRestartRecovery",
            "subagentRecovery",
            "memoryFlush",
        ),
        *("pendingFinalDelivery", "usageFamilySessionIds", "initializationPending"),
    )
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, JSON))
def test_any_row_becomes_a_session(entry: dict[str, object]) -> None:
    session = read(entry)
    assert isinstance(session, Session)
    assert session.updated_at is None or session.updated_at > 0
    assert all(isinstance(problem, str) and "\n" not in problem for problem in session.problems)
