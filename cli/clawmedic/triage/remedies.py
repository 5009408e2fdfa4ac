"""The command that helps against a finding: one table, so that every view names the same one."""

from __future__ import annotations

from clawmedic.model.finding import FindingCode

_RESCUE = "clawmedic rescue {key}"
_MEND = "clawmedic mend {key}"
_SHOW = "clawmedic show {key}"

_OF_A_SESSION = {
    FindingCode.COMPACTION_FAILING: _RESCUE,
    FindingCode.RESUME_LOOP: _RESCUE,
    FindingCode.TOMBSTONED: _RESCUE,
    FindingCode.STALE_LOCK: _RESCUE,
    FindingCode.RUNNING_WITHOUT_PROCESS: _RESCUE,
    FindingCode.HISTORY_ORPHANED: _RESCUE,
    FindingCode.LAST_RUN_FAILED: "clawmedic diagnose {key}",
    FindingCode.LOSSY_COMPACTION: "clawmedic backups list {key}",
    FindingCode.MISSING_TRANSCRIPT: "clawmedic backups list {key}",
    FindingCode.BAD_HEADER: _MEND,
    FindingCode.MALFORMED_LINES: _MEND,
    FindingCode.TORN_TAIL: _MEND,
    FindingCode.BROKEN_CHAIN: _MEND,
    FindingCode.UNPAIRED_TOOL_CALLS: _MEND,
    FindingCode.EMPTY_ENTRIES: _MEND,
    FindingCode.ERROR_BLOAT: _MEND,
    FindingCode.UNANSWERED: _SHOW,
    FindingCode.OVER_BUDGET: _SHOW,
    FindingCode.NEAR_BUDGET: _SHOW,
    FindingCode.OVERSIZED: _SHOW,
}


def remedy_for(code: FindingCode, key: str) -> str:
    """A whole command line; `key` comes quoted for a shell, "" for findings of a store."""
    template = _OF_A_SESSION.get(code) if key else None
    return template.format(key=key) if template else f"clawmedic explain {code}"
