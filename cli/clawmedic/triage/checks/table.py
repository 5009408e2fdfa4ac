"""Every check there is, in the order in which findings are shown."""

from __future__ import annotations

from clawmedic.triage.checks import (
    auth_cooldown,
    budget,
    compaction_failing,
    compaction_loop,
    delivery_pending,
    disk_full,
    error_bloat,
    failure_replies,
    gates,
    ghost_row,
    history_orphaned,
    ingress_blocked,
    invalid_row,
    last_run_failed,
    locks,
    log_symptoms,
    missing_transcript,
    oversized,
    resume_loop,
    running,
    store_files,
    store_health,
    structure,
    unanswered,
)
from clawmedic.triage.checks.check import SessionCheck, StoreCheck

SESSION_CHECKS: tuple[SessionCheck, ...] = (
    gates.check,
    compaction_failing.check,
    resume_loop.check,
    last_run_failed.check,
    running.check,
    ingress_blocked.check,
    locks.check,
    unanswered.check,
    failure_replies.check,
    log_symptoms.check,
    history_orphaned.check,
    structure.check,
    compaction_loop.check,
    missing_transcript.check,
    budget.check,
    oversized.check,
    error_bloat.check,
    delivery_pending.check,
    invalid_row.check,
    ghost_row.check,
)

STORE_CHECKS: tuple[StoreCheck, ...] = (
    store_health.check,
    disk_full.check,
    auth_cooldown.check,
    store_files.check,
)
