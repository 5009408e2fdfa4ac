"""Lines about turns, runs, gates, locks and the gateway itself (openclaw.md 1.6, 1.7, 2.5; openclaw-channels.md 3, 6, 9)."""

from __future__ import annotations

from clawmedic.logs.signals import SignalKind as Kind
from clawmedic.logs.signature import MODEL, Origin, Signature, line

_REFUSAL = (
    r"(?:\w*Error: )?(?P<detail>(?:Preflight compaction required but failed|CLI transcript compaction failed"
    r"|Context overflow: prompt too large|Auto-compaction failed|Context overflow recovery failed).*)"
)
"""An error that refused a turn before or instead of the model's answer."""

TURNS: tuple[Signature, ...] = (
    line(
        Kind.TURN_REFUSED,
        "Preserving existing session mapping",
        r"Auto-compaction failed \((?P<detail>.*)\)\. Preserving existing session mapping for (?P<key>.+)\.$",
        Origin.CONSOLE,
    ),
    line(
        Kind.AUTO_RESET,
        "Auto-compaction failed",
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
        "Memory flush exhausted",
        r"Memory flush exhausted\. Rotating bloated session (?P<key>\S+) -> (?P<new>\S+?)\.?$",
        Origin.ANY,
    ),
    line(
        Kind.TURN_REFUSED,
        "context-overflow-recovery",
        rf"\[context-overflow-recovery\] exhausted .+? for {MODEL}; livenessState=blocked\b.*",
    ),
    # No proof of a refused turn: the maintenance after a good turn writes it too (openclaw-channels.md 3).
    line(
        Kind.COMPACTION_CAUSE,
        "preflightCompaction",
        r"preflightCompaction failed: sessionKey=(?P<key>\S+) reason=(?P<detail>.+)",
        Origin.CONSOLE,
        quiet=True,
    ),
    line(
        Kind.TURN_REFUSED,
        "Context overflow: prompt too large",
        r"Context overflow: prompt too large for the model\. Try /reset \(or /new\) to start a fresh session\b",
        Origin.CONSOLE,
        quiet=True,
    ),
    line(
        Kind.TURN_REFUSED,
        "errorCode=",
        rf"\S+ res ✗ (?:agent|chat\.send|sessions\.send) errorCode=\S+ errorMessage={_REFUSAL}",
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
        Kind.TURN_REFUSED,
        "phase=error",
        rf"→ event agent .*?agent=(?P<agent>\S+) session=(?P<tail>\S+) stream=lifecycle .*?phase=error error={_REFUSAL}",
        quiet=True,
        deep=True,
    ),
    line(
        Kind.OPTIONAL_MAINTENANCE_FAILED,
        "session maintenance failed",
        r"Optional session maintenance failed(?P<detail>.*)",
        Origin.ANY,
    ),
    line(
        Kind.FLUSH_FAILED,
        "emory flush failed",
        r"[Mm]emory flush failed\b(?P<detail>.*)",
        Origin.ANY,
        quiet=True,
    ),
    line(
        Kind.PRECHECK,
        "context-overflow-precheck",
        r"\[context-overflow-precheck\] .*?sessionKey=(?P<key>\S+) .*?estimatedPromptTokens=(?P<estimated>\d+)"
        r".*?promptBudgetBeforeReserve=(?P<budget>-?\d+)",
        quiet=True,
    ),
    line(
        Kind.PRECHECK,
        "preflightCompaction",
        r"preflightCompaction check: sessionKey=(?P<key>\S+) tokenCount=(?P<estimated>\d+) .*?threshold=(?P<budget>-?\d+)",
        Origin.CONSOLE,
        quiet=True,
    ),
    line(
        Kind.OVERFLOW_DIAG,
        "context-overflow-diag",
        r"\[context-overflow-diag\] sessionKey=(?P<key>\S+) .*?error=(?P<detail>.*)",
    ),
)

RUNS: tuple[Signature, ...] = (
    line(
        Kind.RUN_TIMEOUT,
        "embedded run timeout",
        r"embedded run timeout(?! reached during compaction)\b.*?runId=(?P<run>\S+) sessionId=(?P<session>\S+)",
    ),
    line(
        Kind.RUN_FAILED,
        "embedded run agent end|embedded_run_agent_end",
        r"embedded run agent end\b.*?isError=true(?P<detail>.*)",
    ),
    line(
        Kind.RUN_OK,
        "embedded run agent end|embedded_run_agent_end",
        r"embedded run agent end: runId=(?P<run>\S+) isError=false$",
        quiet=True,
    ),
    line(
        Kind.RUN_OK,
        "ended with stopReason=",
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
        r"model fallback decision\b(?P<detail>.*?decision=candidate_failed.*?(?:next=none|fallbackStepFinalOutcome=chain_exhausted).*)",
    ),
    line(
        Kind.RUN_FAILED,
        "lane task error",
        r"lane task error: lane=session:(?P<key>.+?) durationMs=\d+ error=\"(?!(?:AbortError: )?(?:This operation was )?aborted\")"
        r"(?P<detail>.+)",
    ),
    line(
        Kind.RUN_FAILED,
        "Embedded agent failed before reply",
        r"Embedded agent failed before reply: (?P<detail>.+)",
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
        r"\S+ res ✗ (?:agent|chat\.send|sessions\.send) errorCode=UNAVAILABLE errorMessage=(?P<detail>.+)",
        quiet=True,
    ),
    line(
        Kind.RUN_FAILED,
        "phase=error",
        r"→ event agent .*?agent=(?P<agent>\S+) session=(?P<tail>\S+) stream=lifecycle .*?phase=error error=(?P<detail>.+)",
        quiet=True,
        deep=True,
    ),
    line(
        Kind.SILENT_SWALLOW,
        "visible channel turn dispatched",
        r"visible channel turn dispatched with no queued reply payloads\b.*?sessionKey=(?P<key>\S+)",
    ),
    line(
        Kind.USER_STOP,
        "chat.abort|sessions.abort",
        r"\S+ res ✓ (?:chat|sessions)\.abort\b",
        quiet=True,
    ),
)

GATES: tuple[Signature, ...] = (
    line(
        Kind.INIT_CONFLICT,
        "initialization conflicted",
        r"(?:.*?: )?(?P<detail>reply session initialization conflicted) for (?P<key>[^\s\"]+)",
        Origin.ANY,
    ),
    line(
        Kind.INIT_CONFLICT,
        "changed while starting work",
        r"(?:.*?[:=] ?\"?)?Session \\?\"(?P<key>[^\"\\]+)\\?\" (?P<detail>changed while starting work)",
        Origin.ANY,
        quiet=True,
    ),
    line(
        Kind.ARCHIVED_GATE,
        "is archived. Restore it",
        r"(?:.*?[:=] ?\"?)?Session \\?\"(?P<key>[^\"\\]+)\\?\" (?P<detail>is archived\. Restore it)",
        Origin.ANY,
        quiet=True,
    ),
    line(
        Kind.TOMBSTONED,
        "ended during restart recovery",
        r"(?:.*?[:=] ?\"?)?Session \\?\"(?P<key>[^\"\\]+)\\?\" (?P<detail>ended during restart recovery)",
        Origin.ANY,
        quiet=True,
    ),
    line(
        Kind.TOMBSTONED,
        "restart recovery",
        r"(?:tombstoned main-session restart recovery|sent restart recovery tombstone notice): (?P<key>\S+) \((?P<detail>.+)\)",
        quiet=True,
    ),
    line(
        Kind.TAKEOVER,
        "embedded prompt lock was released",
        r"(?:.*?: )?(?P<detail>session file changed while embedded prompt lock was released): (?P<file>[^\s\"]+)",
        Origin.ANY,
    ),
    line(
        Kind.LOCK_TIMEOUT,
        "session file locked",
        r"(?:.*?: )?(?P<detail>session file locked \(timeout \d+ms\)): .*?(?P<file>\S+\.jsonl)\.lock",
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
        "session recovery",
        r"stuck session recovery\b(?P<detail>.*)",
    ),
    line(
        Kind.STUCK_SESSION,
        "stuck session|stalled session|long-running session",
        r"(?:stuck|stalled|long-running) session: (?P<detail>.*)",
    ),
    line(Kind.LANE_WAIT, "lane wait exceeded", r"lane wait exceeded: lane=(?:session:)?(?P<key>agent:\S+)?.*"),
    line(
        Kind.INGRESS_RETRY,
        "marking failed (handler-timeout)",
        r".*?adoption stalled\b.*?marking failed \(handler-timeout\)",
        Origin.ANY,
    ),
)

GATEWAY: tuple[Signature, ...] = (
    line(
        Kind.GATEWAY_READY,
        "gateway",
        r"(?:loading configuration|log file: |gateway ready|ready(?: \(|$))",
        quiet=True,
    ),
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
        "session file repair",
        r"session file (?:repaired|repair skipped): (?P<detail>.*?)\((?P<file>[^()]+\.jsonl)\)$",
        quiet=True,
    ),
    line(
        Kind.DATABASE,
        "database disk image is malformed|database is locked|quick_check reported|database remains degraded",
        r"(?!\[tools\]).*?(?P<detail>database disk image is malformed|database is locked|quick_check reported:.*"
        r"|agent database remains degraded)",
        Origin.ANY,
    ),
    line(
        Kind.DISK_FULL,
        "ENOSPC|no space left on device|database or disk is full",
        r"(?!\[tools\]).*?(?P<detail>ENOSPC|no space left on device|database or disk is full)",
        Origin.ANY,
    ),
    line(
        Kind.LOG_GAP,
        "size cap reached",
        r"log file size cap reached; suppressing writes",
        Origin.ANY,
    ),
    line(
        Kind.LOG_GAP,
        "file log queue overflow",
        r"(?:\[openclaw\] )?file log queue overflow; dropped \d+",
        Origin.ANY,
    ),
)
