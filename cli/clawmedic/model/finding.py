"""A finding: one observed fact about a session or a store, with its evidence and its remedy."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How much a finding weighs for a person who reads it."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class FindingCode(StrEnum):
    """The stable kebab-case codes of design.md 3."""

    COMPACTION_FAILING = "compaction-failing"
    FAILURE_REPLIES = "failure-replies"
    UNANSWERED = "unanswered"
    ERROR_BLOAT = "error-bloat"
    OVERSIZED = "oversized"
    OVER_BUDGET = "over-budget"
    NEAR_BUDGET = "near-budget"
    LAST_RUN_FAILED = "last-run-failed"
    RUNNING_WITHOUT_PROCESS = "running-without-process"
    STALE_LOCK = "stale-lock"
    HELD_LOCK = "held-lock"
    ORPHAN_TRANSCRIPT = "orphan-transcript"
    HISTORY_ORPHANED = "history-orphaned"
    MISSING_TRANSCRIPT = "missing-transcript"
    BAD_HEADER = "bad-header"
    MALFORMED_LINES = "malformed-lines"
    TORN_TAIL = "torn-tail"
    UNPAIRED_TOOL_CALLS = "unpaired-tool-calls"
    BROKEN_CHAIN = "broken-chain"
    EMPTY_ENTRIES = "empty-entries"
    LOSSY_COMPACTION = "lossy-compaction"
    COMPACTION_LOOP = "compaction-loop"
    BACKUP_SPRAWL = "backup-sprawl"
    STORE_CORRUPT = "store-corrupt"
    STORE_BLOAT = "store-bloat"
    SILENT_SWALLOW = "silent-swallow"
    INIT_CONFLICT = "init-conflict"
    TAKEOVER = "takeover"
    TOMBSTONED = "tombstoned"
    RESUME_LOOP = "resume-loop"
    ABORT_INEFFECTIVE = "abort-ineffective"
    FLUSH_LOOP = "flush-loop"
    DELIVERY_PENDING = "delivery-pending"
    GHOST_ROW = "ghost-row"
    INGRESS_BLOCKED = "ingress-blocked"
    AUTH_COOLDOWN = "auth-cooldown"
    DATABASE_DAMAGE = "database-damage"
    INVALID_ROW = "invalid-row"
    LEFTOVER_TEMPS = "leftover-temps"
    DISK_FULL = "disk-full"
    ARCHIVED = "archived"


class Finding(Struct, frozen=True):
    """One observed fact.

    Attributes:
        code: the stable code.
        severity: how much it weighs.
        subject: the session key, or the path of the store it is about.
        evidence: what was seen, one line each, with file and numbers; never empty.
        remedy: the exact command that helps ("clawmedic ..."), or "" when none does.
        at: when it happened, epoch milliseconds, where that is known.
        acknowledged: somebody has seen it (`clawmedic ack`); it no longer shapes the verdict.
    """

    code: FindingCode
    severity: Severity
    subject: str
    evidence: tuple[str, ...]
    remedy: str = ""
    at: int | None = None
    acknowledged: bool = False
