"""A session as its store describes it: the row, where its transcript is, and what waits for it.

All times are epoch milliseconds (OpenClaw's own unit), all sizes bytes, all token counts tokens.
A field that the row does not hold, or holds with a wrong type, is None; `problems` then says so.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class Generation(StrEnum):
    """How a store keeps its sessions: `sessions.json` and JSONL up to 2026.7.1, SQLite from 2026.7.2."""

    FILES = "files"
    SQLITE = "sqlite"


class Liveness(StrEnum):
    """What the process table says of an owner; UNKNOWN when it cannot be asked (another host, no /proc)."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


class TranscriptRef(Struct, frozen=True):
    """Where a session's transcript is.

    Attributes:
        path: the JSONL file, or the database that holds the events.
        window: the session id inside a database; None for a file.
        exists: whether the file is there (for a database: whether it has events of this window).
        size_bytes: file size, or the sum of the events' UTF-8 bytes.
        mtime_ms: last change of the file, or of the newest event.
        as_written: `sessionFile` exactly as the row says, or None. It may be a path of another machine.
    """

    path: Path
    window: str | None
    exists: bool
    size_bytes: int
    mtime_ms: int | None
    as_written: str | None = None


class BudgetStatus(Struct, frozen=True):
    """The row's `contextBudgetStatus` (7.1 and later): OpenClaw's own pre-prompt estimate."""

    updated_at: int | None
    route: str
    estimated_tokens: int | None
    budget_tokens: int | None
    reserve_tokens: int | None


_NO_CHATS = frozenset({"webchat", "internal", "none"})


class Delivery(Struct, frozen=True):
    """Where answers go: `entry.delivery.context` on 9.6, else `deliveryContext` (openclaw-channels.md 4)."""

    channel: str
    to: str
    account_id: str | None
    thread_id: str | None

    @property
    def reaches_people(self) -> bool:
        """Whether it leads to a chat of people at all."""
        return bool(self.to) and self.channel not in _NO_CHATS


class PendingInput(Struct, frozen=True):
    """A message that was accepted and is not in the transcript.

    `source` is `pending-input` (9.6 session_pending_inputs), `ingress` (channel_ingress_events),
    `message-cache` (plugin_state_entries) or `transcript` (a user entry without an answer).
    `state` is the source's own word (queued, interrupted, claimed, pending, ...).
    """

    source: str
    state: str
    at: int | None
    text: str
    owner: Liveness = Liveness.UNKNOWN


class RunRecord(Struct, frozen=True):
    """One row of `task_runs` in the state database (9.6; runs by RPC or command line only)."""

    at: int | None
    ended_at: int | None
    status: str
    error: str
    owner: Liveness = Liveness.UNKNOWN


class LockState(Struct, frozen=True):
    """A `<transcript>.lock` file (up to 7.1): openclaw-files.md 3.

    `why` explains the liveness in words: "pid 3612 does not run", "pid 3612 was started later", ...
    """

    path: Path
    pid: int | None
    created_at: int | None
    liveness: Liveness
    why: str


class GatewayOwner(Struct, frozen=True):
    """A gateway that says it owns this state directory (lease or lock), and whether it runs.

    `started_at` is its boot (epoch ms) where the store records it.
    """

    pid: int | None
    port: int | None
    started_at: int | None
    heartbeat_at: int | None
    liveness: Liveness
    why: str


class Session(Struct, frozen=True):
    """One row of a store. `key` is the session key; `session_id` the current conversation behind it.

    `status` is OpenClaw's own word: the outcome of the last turn that reached the lifecycle. It is not a
    verdict (openclaw.md 3.1). `model` is "provider/model" of the last run; `model_override` the patched one.
    """

    key: str
    agent: str
    session_id: str
    generation: Generation
    store: Path
    transcript: TranscriptRef
    status: str | None = None
    updated_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    created_at: int | None = None
    last_interaction_at: int | None = None
    last_activity_at: int | None = None
    aborted_last_run: bool | None = None
    total_tokens: int | None = None
    total_tokens_fresh: bool | None = None
    context_tokens: int | None = None
    compaction_count: int | None = None
    model: str | None = None
    model_override: str | None = None
    label: str = ""
    chat_type: str = ""
    delivery: Delivery | None = None
    budget_status: BudgetStatus | None = None
    checkpoint_summaries: tuple[tuple[int | None, int | None, str], ...] = ()
    """`compactionCheckpoints` as (created_at, tokens_before, summary): 4.15 and 7.1 only."""
    previous_session_ids: tuple[str, ...] = ()
    """Earlier ids of the same key (`usageFamilySessionIds`, session_windows), oldest first."""
    archived_at: int | None = None
    tombstone: str | None = None
    recovered_key: str | None = None
    """The session in which a tombstoned conversation goes on: `sessions.recover` makes it and archives this one."""
    initialization_pending: bool = False
    subagent_wedged: str | None = None
    last_run_error: str | None = None
    memory_flush_failures: int | None = None
    pending_delivery_at: int | None = None
    entry_valid: int | None = None
    """SQLite only: -1, 0 or 1 as OpenClaw validates the row; 0 is the finding `invalid-row`."""
    lock: LockState | None = None
    pending: tuple[PendingInput, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    """Newest last."""
    problems: tuple[str, ...] = ()
    """Fields with a wrong type, a session id that is no file name, and the like: one line each."""

    @property
    def is_dashboard(self) -> bool:
        """Whether it is one of the dashboard's own sessions: nobody reaches it by a channel or by this very key."""
        return self.key.split(":")[2:3] == ["dashboard"]
