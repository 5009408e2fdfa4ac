"""Lines about turns, runs, gates, locks and the gateway (openclaw.md 1.6, 1.7, 2.5; openclaw-channels.md 3, 6, 9)."""

from __future__ import annotations

import re

from clawmedic.logs.signals import SignalKind as Kind
from clawmedic.logs.signature import MODEL, Origin, Signature, line

_REFUSAL = (
    r"(?:\w*Error: )?(?P<detail>(?:Preflight compaction required but failed|CLI transcript compaction failed"
    r"|Context overflow: prompt too large for the model \(precheck\)|Auto-compaction failed"
    r"|Context overflow recovery failed).*)"
)
"""An error that refused a turn before or instead of the model's answer.

"Context overflow: prompt too large for the model." without "(precheck)" may be a provider's own overflow in
OpenClaw's words (4.15): that is a failed run.
"""

_INTERRUPTED = r"(?:\w*Error: )?(?:agent run|Reply operation) aborted for restart"
"""A run that made way for a compaction that was asked for (met on 2026.7.1), or for a restart by its name.

Nothing failed; that its message has no answer is told by the transcript. "Reply operation" is 2026.4.15's word, by its
sources.
"""

_LEAD = r"(?:lane task error: lane=\S+ durationMs=\d+ error=\")?(?:[^\"]{0,200}?: )??"
"""What may stand before an error's words. Quoted text (a preview of a chat message) is not looked into."""
_REFUSED_CALL = r"\S+ res ✗ (?:agent|chat\.send|sessions\.send) errorCode=\S+ errorMessage="
_TROUBLE = r"[^\"]{0,160}?(?:[Ee]rror|failed|could not|cannot)[^\"]{0,160}?"


def _gate(kind: Kind, words: str) -> tuple[Signature, Signature]:
    """`Session "<key>" <words>`: as an error of its own, and as the answer to a call (INFO)."""
    told = rf"(?:\w*Error: )?Session \\?\"(?P<key>[^\"\\]+)\\?\" (?P<detail>{re.escape(words)})"
    return (
        line(kind, words, rf"{_LEAD}{told}", Origin.ANY),
        line(kind, "errorCode=", rf"{_REFUSED_CALL}{told}", quiet=True),
    )


_DATABASE = (
    r"(?P<detail>database disk image is malformed|database is locked|quick_check reported:.*"
    r"|agent database remains degraded)"
)
_DISK = r"(?P<detail>ENOSPC\b|no space left on device|database or disk is full)"

TURNS: tuple[Signature, ...] = (
    line(
        Kind.TURN_REFUSED,
        "ompaction",
        r"Auto-compaction failed \((?P<detail>.*)\)\. Preserving existing session mapping for (?P<key>.+)\.$",
        Origin.CONSOLE,
    ),
    line(
        Kind.AUTO_RESET,
        "ompaction",
        r"Auto-compaction failed \((?P<detail>.*)\)\. Restarting session (?P<key>\S+) -> (?P<new>\S+) and retrying\.$",
        Origin.CONSOLE,
    ),
    line(
        Kind.AUTO_RESET,
        "Role ordering conflict",
        r"Role ordering conflict \((?P<detail>.*)\)\. Restarting session (?P<key>\S+) -> (?P<new>[^\s.]+)\.$",
        Origin.CONSOLE,
    ),
    line(
        Kind.AUTO_RESET,
        "Session history corrupted",
        r"Session history corrupted \((?P<detail>.*)\)\. Resetting session: (?P<key>\S+)$",
        Origin.CONSOLE,
    ),
    line(
        Kind.MEMORY_ROTATED,
        "emory flush ",
        r"Memory flush exhausted\. Rotating bloated session (?P<key>\S+) -> (?P<new>\S+?)\.?$",
        Origin.ANY,
    ),
    line(
        Kind.TURN_REFUSED,
        "verflow",
        rf"\[context-overflow-recovery\] exhausted .+? for {MODEL}; livenessState=blocked\b.*",
    ),
    # No proof of a refused turn: the maintenance after a good turn writes it too (openclaw-channels.md 3).
    line(
        Kind.COMPACTION_CAUSE,
        "ompaction",
        r"preflightCompaction failed: sessionKey=(?P<key>\S+) reason=(?P<detail>.+)",
        Origin.CONSOLE,
        quiet=True,
    ),
    line(
        Kind.TURN_REFUSED,
        "verflow",
        r"Context overflow: prompt too large for the model\. Try /reset \(or /new\) to start a fresh session\b",
        Origin.CONSOLE,
        quiet=True,
    ),
    line(
        Kind.TURN_REFUSED,
        "errorCode=",
        rf"{_REFUSED_CALL}{_REFUSAL}",
        quiet=True,
    ),
    line(
        Kind.TURN_REFUSED,
        "Embedded agent failed before reply",
        rf"Embedded agent failed before reply: {_REFUSAL}",
        Origin.CONSOLE,
    ),
    line(
        Kind.TURN_REFUSED,
        "lane task error",
        rf"lane task error: lane=session:(?P<key>.+?) durationMs=\d+ error=\"{_REFUSAL}",
    ),
    line(
        Kind.OPTIONAL_MAINTENANCE_FAILED,
        "session maintenance failed",
        r"Optional session maintenance failed(?P<detail>.*)",
        Origin.ANY,
    ),
    line(
        Kind.FLUSH_FAILED,
        "emory flush ",
        r"[Mm]emory flush failed\b(?P<detail>.*)",
        Origin.ANY,
        quiet=True,
    ),
    line(
        Kind.PRECHECK,
        "verflow",
        r"\[context-overflow-precheck\] (?>.*?sessionKey=)(?P<key>\S+) (?>.*?estimatedPromptTokens=)(?P<estimated>\d+)"
        r"(?>.*?promptBudgetBeforeReserve=)(?P<budget>-?\d+)",
        quiet=True,
    ),
    line(
        Kind.PRECHECK,
        "ompaction",
        r"preflightCompaction check: sessionKey=(?P<key>\S+) tokenCount=(?P<estimated>\d+) "
        r"(?>.*?threshold=)(?P<budget>-?\d+)",
        Origin.CONSOLE,
        quiet=True,
    ),
    line(
        Kind.OVERFLOW_DIAG,
        "verflow",
        r"\[context-overflow-diag\] sessionKey=(?P<key>\S+) .*?error=(?P<detail>.*)",
    ),
)

RUNS: tuple[Signature, ...] = (
    line(
        Kind.RUN_TIMEOUT,
        "embedded run timeout",
        r"(?P<detail>embedded run timeout)(?: after compaction grace)?: (?:runId=(?P<run>\S+) )?"
        r"sessionId=(?P<session>\S+)",
    ),
    line(
        Kind.RUN_FAILED,
        "embedded run agent end",
        r"embedded run agent end\b.*?isError=true(?P<detail>.*)",
    ),
    line(
        Kind.RUN_OK,
        "embedded run agent end",
        r"embedded run agent end: runId=(?P<run>\S+) isError=false$",
        quiet=True,
    ),
    line(
        Kind.RUN_OK,
        "[agent] run ",
        r"\[agent\] run (?P<run>\S+) ended with stopReason=(?:stop|toolUse)$",
        quiet=True,
    ),
    line(
        Kind.RUN_FAILED,
        "failover decision",
        r"embedded run failover decision\b(?P<detail>.*?decision=surface_error.*)",
    ),
    line(
        Kind.AUTH_COOLDOWN,
        "fallback decision",
        r"model fallback decision\b.*?decision=skip_candidate(?P<detail>.*)",
    ),
    line(
        Kind.RUN_FAILED,
        "fallback decision",
        r"model fallback decision\b(?P<detail>.*?decision=candidate_failed"
        r".*?(?:next=none|fallbackStepFinalOutcome=chain_exhausted).*)",
    ),
    line(
        Kind.RUN_FAILED,
        "lane task error",
        r"lane task error: lane=session:(?P<key>.+?) durationMs=\d+ error=\""
        rf"(?!(?:AbortError: )?(?:This operation was )?aborted\"|{_INTERRUPTED}\")"
        r"(?P<detail>.+?)(?:\"(?: errorName=\S+)?)?$",
    ),
    line(
        Kind.RUN_FAILED,
        "Embedded agent failed before reply",
        rf"Embedded agent failed before reply: (?!{_INTERRUPTED})(?P<detail>.+)",
        Origin.CONSOLE,
    ),
    line(
        Kind.RUN_FAILED,
        "run-retry-limit",
        r"\[run-retry-limit\] sessionKey=(?P<key>\S+)",
    ),
    line(
        Kind.RUN_FAILED,
        "errorCode=",
        rf"{_REFUSED_CALL}(?!{_INTERRUPTED})(?P<detail>.+)",
        quiet=True,
    ),
    line(
        Kind.SILENT_SWALLOW,
        "visible channel turn dispatched",
        r"visible channel turn dispatched with no queued reply payloads\b.*?sessionKey=(?P<key>\S+)",
    ),
    # Seen when a person stops a run (9.6); a run that times out fails with other words.
    line(
        Kind.USER_STOP,
        "lane task error",
        r"lane task error: lane=session:(?P<key>.+?) durationMs=\d+ error=\""
        r"(?:AbortError: )?(?:This operation was )?aborted\"",
    ),
    line(
        Kind.USER_STOP,
        "model_fallback_chain_stopped|fallback chain stopped",
        r"model fallback chain stopped\b.*?\bcaller_signal_aborted\b",
        quiet=True,
    ),
    line(
        Kind.USER_STOP,
        ".abort",
        r"\S+ res ✓ (?:chat|sessions)\.abort\b",
        quiet=True,
    ),
)

GATES: tuple[Signature, ...] = (
    line(
        Kind.INIT_CONFLICT,
        "initialization conflicted",
        rf"{_LEAD}(?P<detail>reply session initialization conflicted) for (?P<key>[^\s\"]+)",
        Origin.ANY,
    ),
    *_gate(Kind.INIT_CONFLICT, "changed while starting work"),
    *_gate(Kind.ARCHIVED_GATE, "is archived. Restore it"),
    *_gate(Kind.TOMBSTONED, "ended during restart recovery"),
    line(
        Kind.TOMBSTONED,
        "restart recovery",
        r"(?:tombstoned main-session restart recovery|sent restart recovery tombstone notice): "
        r"(?P<key>\S+) \((?P<detail>.+)\)",
        quiet=True,
    ),
    line(
        Kind.TAKEOVER,
        "session file ",
        rf"{_LEAD}(?P<detail>session file changed while embedded prompt lock was released): (?P<file>[^\s\"]+)",
        Origin.ANY,
    ),
    line(
        Kind.LOCK_TIMEOUT,
        "session file ",
        rf"{_LEAD}(?P<detail>session file locked \(timeout \d+ms\)): .*?(?P<file>\S+\.jsonl)\.lock",
        Origin.ANY,
    ),
    line(
        Kind.RESUME_FAILED,
        "interrupted main session",
        r"failed to resume interrupted main session (?P<key>[^\s:]+(?::[^\s:]+)*): (?P<detail>.+)",
    ),
    line(
        Kind.RESUMED,
        "restart recovery",
        r"main-session restart recovery terminal: session=(?P<key>\S+) run=(?P<run>\S+) status=ok\b",
        quiet=True,
    ),
    line(
        Kind.RESUMED,
        "interrupted main session",
        r"(?:resumed|started) interrupted main session: (?P<key>\S+)",
        quiet=True,
    ),
    line(
        Kind.MARKED_INTERRUPTED_FAILED,
        "interrupted main session",
        r"(?:marked interrupted main session failed|sent interrupted main session recovery notice): (?P<key>\S+)"
        r"(?: \((?P<detail>.+)\))?",
        quiet=True,
    ),
    line(
        Kind.STUCK_RECOVERY,
        "stuck session",
        r"stuck session recovery\b(?P<detail>.*)",
    ),
    line(
        Kind.STUCK_SESSION,
        "stuck session|stalled session|long-running session",
        r"(?:stuck|stalled|long-running) session: (?P<detail>.*)",
    ),
    line(
        Kind.LANE_WAIT, "lane wait exceeded", r"lane wait exceeded: lane=(?:session:)?(?P<key>agent:\S+)?.*"
    ),
    line(
        Kind.INGRESS_RETRY,
        "marking failed (handler-timeout)",
        r"[^\"]{0,300}?adoption stalled\b.*?marking failed \(handler-timeout\)",
        Origin.ANY,
    ),
)

GATEWAY: tuple[Signature, ...] = (
    line(Kind.GATEWAY_READY, "loading configuration", r"loading configuration", quiet=True),
    line(Kind.GATEWAY_READY, "log file: ", r"log file: ", quiet=True),
    line(Kind.GATEWAY_READY, "ready", r"gateway ready\b", quiet=True),
    line(Kind.GATEWAY_READY, "ready", r"ready(?: \(|$)", quiet=True),
    line(
        Kind.AUTH_COOLDOWN,
        "auth profile failure state updated",
        r"auth profile failure state updated\b(?P<detail>.*)",
        quiet=True,
    ),
    line(
        Kind.AUTH_COOLDOWN,
        "is in cooldown",
        r"(?P<detail>Provider \S+ is in cooldown.*)",
        Origin.ANY,
    ),
    line(
        Kind.REPAIRED,
        "session file ",
        r"session file (?:repaired|repair skipped): (?P<detail>.*?)\((?P<file>[^()]+\.jsonl)\)$",
        quiet=True,
    ),
    line(Kind.DATABASE, "database|quick_check", rf"{_LEAD}.{{0,200}}?{_DATABASE}"),
    line(Kind.DATABASE, "database|quick_check", rf"(?!\[tools\]){_TROUBLE}{_DATABASE}", Origin.CONSOLE),
    line(Kind.DISK_FULL, "ENOSPC|no space left on device|database", rf"{_LEAD}.{{0,200}}?{_DISK}"),
    line(
        Kind.DISK_FULL,
        "ENOSPC|no space left on device|database",
        rf"(?!\[tools\])(?:{_TROUBLE})?{_DISK}",
        Origin.CONSOLE,
    ),
    line(
        Kind.LOG_GAP,
        "size cap reached",
        r"log file size cap reached; suppressing writes",
        Origin.ANY,
    ),
    line(
        Kind.LOG_GAP,
        "verflow",
        r"(?:\[openclaw\] )?file log queue overflow; dropped \d+",
        Origin.ANY,
    ),
)
