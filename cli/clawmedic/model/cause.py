"""Why a compaction or a model call failed: the cause, its kind, and where it struck."""

from __future__ import annotations

from enum import StrEnum


class CauseKind(StrEnum):
    """What sort of remedy a cause asks for."""

    TRANSIENT = "transient"
    CONFIGURATION = "configuration"
    SIZE = "size"
    CONTENT = "content"
    STORAGE = "storage"


class Struck(StrEnum):
    """Where a failure struck."""

    COMPACTION = "compaction"
    MODEL_CALL = "model-call"
    RUN = "run"
    STORE = "store"


class Cause(StrEnum):
    """The stable codes of design.md 3."""

    REASONING_REQUIRED = "reasoning-required"
    CONTEXT_OVERFLOW = "context-overflow"
    QUOTA = "quota"
    AUTH = "auth"
    MODEL_MISSING = "model-missing"
    RATE_LIMIT = "rate-limit"
    OVERLOADED = "overloaded"
    PROVIDER_5XX = "provider-5xx"
    TIMEOUT = "timeout"
    NETWORK = "network"
    QUALITY_GUARD = "quality-guard"
    EMPTY_SUMMARY = "empty-summary"
    ALREADY_COMPACTED = "already-compacted"
    NOTHING_TO_COMPACT = "nothing-to-compact"
    CANCELLED = "cancelled"
    LOCK = "lock"
    TAKEOVER = "takeover"
    TOOL_PAIRING = "tool-pairing"
    ROLE_ORDER = "role-order"
    PARTIAL_JSON = "partial-json"
    DATABASE = "database"
    DISK_FULL = "disk-full"
    UNKNOWN = "unknown"

    @property
    def kind(self) -> CauseKind:
        """What sort of remedy this cause asks for."""
        return _KINDS[self]


_KINDS = {
    Cause.REASONING_REQUIRED: CauseKind.CONFIGURATION,
    Cause.CONTEXT_OVERFLOW: CauseKind.SIZE,
    Cause.QUOTA: CauseKind.CONFIGURATION,
    Cause.AUTH: CauseKind.CONFIGURATION,
    Cause.MODEL_MISSING: CauseKind.CONFIGURATION,
    Cause.RATE_LIMIT: CauseKind.TRANSIENT,
    Cause.OVERLOADED: CauseKind.TRANSIENT,
    Cause.PROVIDER_5XX: CauseKind.TRANSIENT,
    Cause.TIMEOUT: CauseKind.TRANSIENT,
    Cause.NETWORK: CauseKind.TRANSIENT,
    Cause.QUALITY_GUARD: CauseKind.CONFIGURATION,
    Cause.EMPTY_SUMMARY: CauseKind.CONFIGURATION,
    Cause.ALREADY_COMPACTED: CauseKind.SIZE,
    Cause.NOTHING_TO_COMPACT: CauseKind.SIZE,
    Cause.CANCELLED: CauseKind.TRANSIENT,
    Cause.LOCK: CauseKind.STORAGE,
    Cause.TAKEOVER: CauseKind.STORAGE,
    Cause.TOOL_PAIRING: CauseKind.CONTENT,
    Cause.ROLE_ORDER: CauseKind.CONTENT,
    Cause.PARTIAL_JSON: CauseKind.CONTENT,
    Cause.DATABASE: CauseKind.STORAGE,
    Cause.DISK_FULL: CauseKind.STORAGE,
    Cause.UNKNOWN: CauseKind.TRANSIENT,
}
