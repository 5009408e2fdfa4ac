"""The command that helps against a finding: one table, so that every view names the same one."""

from __future__ import annotations

from clawmedic.model.finding import FindingCode

_OF_A_SESSION = {
    FindingCode.COMPACTION_FAILING: "clawmedic diagnose {key}",
    FindingCode.LAST_RUN_FAILED: "clawmedic diagnose {key}",
    FindingCode.RESUME_LOOP: "clawmedic diagnose {key}",
    FindingCode.LOSSY_COMPACTION: "clawmedic ack {key} lossy-compaction",
    FindingCode.HISTORY_ORPHANED: "clawmedic ack {key} history-orphaned",
    FindingCode.UNANSWERED: "clawmedic show {key}",
    FindingCode.OVER_BUDGET: "clawmedic show {key}",
    FindingCode.NEAR_BUDGET: "clawmedic show {key}",
    FindingCode.OVERSIZED: "clawmedic show {key}",
    FindingCode.ERROR_BLOAT: "clawmedic show {key}",
}


def remedy_for(code: FindingCode, key: str) -> str:
    """A whole command line; `key` comes quoted for a shell, "" for findings of a store."""
    template = _OF_A_SESSION.get(code) if key else None
    return template.format(key=key) if template else f"clawmedic explain {code}"
