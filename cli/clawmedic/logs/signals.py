"""A log record that means something: what the catalogue of signatures makes of it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clawmedic.logs.records import LogRecord
from clawmedic.model.cause import Cause


class SignalKind(StrEnum):
    """What a recognised line says. The comment names the line (openclaw.md 1 and 2.5)."""

    COMPACTION_FAILED = "compaction-failed"  # [compaction-diag] end ... outcome=failed
    COMPACTION_DONE = (
        "compaction-done"  # [compaction-diag] end ... outcome=compacted; auto-compaction succeeded
    )
    COMPACTION_SKIPPED = (
        "compaction-skipped"  # benign: below_threshold, no_compactable_entries, deferred, ...
    )
    COMPACTION_CAUSE = (
        "compaction-cause"  # the words of the failure: auto-compaction failed for P/M: ..., safeguard
    )
    COMPACTION_REJECTED = (
        "compaction-rejected"  # [compaction] request rejected for P/M; retrying with minimal
    )
    QUALITY_REJECTED = "quality-rejected"  # finalized summary failed quality checks; reasonCodes=...
    OPTIONAL_MAINTENANCE_FAILED = "optional-maintenance-failed"  # an early warning: no turn was refused
    TURN_REFUSED = (
        "turn-refused"  # Preserving existing session mapping; res ✗ Preflight ...; livenessState=blocked
    )
    AUTO_RESET = "auto-reset"  # Restarting session <key> -> <id> and retrying (4.15)
    MEMORY_ROTATED = "memory-rotated"  # Memory flush exhausted. Rotating bloated session (7.1)
    PRECHECK = (
        "precheck"  # [context-overflow-precheck] with numbers; preflightCompaction check with threshold
    )
    OVERFLOW_DIAG = "overflow-diag"  # [context-overflow-diag] sessionKey= sessionFile= ...
    RUN_FAILED = "run-failed"  # lane task error; agent end isError=true; failover surface_error; res ✗
    RUN_TIMEOUT = "run-timeout"  # embedded run timeout: runId= sessionId= timeoutMs=
    RUN_OK = "run-ok"  # a run of a session that ended well, where a line says so with a key or id
    SILENT_SWALLOW = "silent-swallow"  # visible channel turn dispatched with no queued reply payloads
    INIT_CONFLICT = "init-conflict"
    TAKEOVER = "takeover"
    LOCK_TIMEOUT = "lock-timeout"
    ARCHIVED_GATE = "archived-gate"
    TOMBSTONED = "tombstoned"
    RESUME_FAILED = "resume-failed"  # failed to resume interrupted main session
    RESUMED = "resumed"  # resumed/started interrupted main session; restart recovery terminal status=ok
    MARKED_INTERRUPTED_FAILED = "marked-interrupted-failed"
    STUCK_RECOVERY = "stuck-recovery"  # stuck session recovery ... released=0
    STUCK_SESSION = "stuck-session"
    AUTH_COOLDOWN = "auth-cooldown"  # auth profile failure state updated; Provider X is in cooldown
    FLUSH_FAILED = "flush-failed"  # memory flush failed
    GATEWAY_READY = "gateway-ready"  # [gateway] ready / loading configuration / log file: — a boot
    REPAIRED = "repaired"  # session file repaired / skipped
    DATABASE = "database"  # quick_check, malformed, degraded, locked
    DISK_FULL = "disk-full"
    LANE_WAIT = "lane-wait"
    INGRESS_RETRY = "ingress-retry"
    LOG_GAP = "log-gap"  # size cap reached; queue overflow: the log is incomplete from here
    USER_STOP = "user-stop"  # abort by a person


class Signal(Struct, frozen=True):
    """A record with its meaning.

    Attributes:
        key: the session key in the line, or "".
        session_id: the session id in the line (also from a `sessionFile=`/`file=` name), or "".
        session_file: the transcript's path as the line gives it, or "".
        run_id: the run id, or "". It may equal a session id (openclaw.md 1.3): never join on it alone.
        model: "provider/model", or "".
        trigger: overflow, budget, manual, timeout_recovery, ... or "".
        failure_class: OpenClaw's own class (`guard_blocked`): never a cause.
        cause: the cause the line's own words name, None when they name none.
        detail: the part of the text that names the cause or the new session id.
        estimated_tokens, budget_tokens: numbers of a precheck, None otherwise.
    """

    kind: SignalKind
    record: LogRecord
    key: str = ""
    session_id: str = ""
    session_file: str = ""
    run_id: str = ""
    model: str = ""
    trigger: str = ""
    failure_class: str = ""
    cause: Cause | None = None
    detail: str = ""
    estimated_tokens: int | None = None
    budget_tokens: int | None = None

    @property
    def at(self) -> int | None:
        """The record's time, epoch milliseconds."""
        return self.record.at
