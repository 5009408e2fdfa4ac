"""Lines of openclaw.md that no corpus case has, and lines that only look like them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.logs.records import Level, LogRecord
from clawmedic.logs.signals import SignalKind as Kind
from clawmedic.logs.signatures import match
from clawmedic.logs.transcriptnames import session_id_of
from clawmedic.model.cause import Cause

KEY = "agent:main:telegram:group:-1001"
UUID = "0c9fe4a9-f0f8-47c3-a6ea-94c059b2dfad"


def record(text, subsystem="agent/embedded", level=Level.WARN, **more):
    return LogRecord("x.log", 1, 1, level, subsystem, text, **more)


def raw(text, level=Level.ERROR):
    return record(text, "", level)


def end(outcome="failed", reason="guard_blocked", trigger="overflow", detail=""):
    return record(
        f"[compaction-diag] end runId=r1 sessionKey={KEY} diagId=ovf-1 trigger={trigger} provider=fake/big attempt=1"
        f" maxAttempts=3 outcome={outcome} reason={reason}{detail} durationMs=5"
    )


LINES = [
    (end(), Kind.COMPACTION_FAILED, None),
    (
        end(detail=" detail=Summarization_failed:_402_You_exceeded_your_current_quota"),
        Kind.COMPACTION_FAILED,
        Cause.QUOTA,
    ),
    (end(reason="below_threshold"), Kind.COMPACTION_SKIPPED, None),
    (end(reason="already_compacted", trigger="manual"), Kind.COMPACTION_SKIPPED, None),
    (end(reason="already_compacted_recently", trigger="overflow"), Kind.COMPACTION_FAILED, None),
    (end(outcome="compacted", reason="none"), Kind.COMPACTION_DONE, None),
    (
        record(
            "Compaction safeguard: no request credentials available; cancelling compaction",
            "compaction-safeguard",
        ),
        Kind.COMPACTION_CAUSE,
        Cause.AUTH,
    ),
    (
        record(
            "Compaction safeguard: request credential resolution failed for fake/big: HTTP 403: no",
            "compaction-safeguard",
        ),
        Kind.COMPACTION_CAUSE,
        Cause.AUTH,
    ),
    (
        record(
            "Compaction safeguard: finalized summary failed quality checks; reasonCodes=a reasonCount=1",
            "compaction-safeguard",
        ),
        Kind.QUALITY_REJECTED,
        Cause.QUALITY_GUARD,
    ),
    (
        record(
            "CLI transcript compaction failed for fake/big: Compaction timed out", "agents/cli-compaction"
        ),
        Kind.COMPACTION_CAUSE,
        Cause.TIMEOUT,
    ),
    (
        record(
            "Optional session maintenance failed: Preflight compaction required but failed: Summarization failed: 429 x"
        ),
        Kind.OPTIONAL_MAINTENANCE_FAILED,
        Cause.RATE_LIMIT,
    ),
    (raw(f"Memory flush exhausted. Rotating bloated session {KEY} -> {UUID}."), Kind.MEMORY_ROTATED, None),
    (
        raw(f"Role ordering conflict (roles must alternate). Restarting session {KEY} -> {UUID}."),
        Kind.AUTO_RESET,
        Cause.ROLE_ORDER,
    ),
    (
        raw("memory flush failed (attempt 2/3): HTTP 500: internal error", Level.INFO),
        Kind.FLUSH_FAILED,
        Cause.PROVIDER_5XX,
    ),
    (record(f'Session "{KEY}" is archived. Restore it before starting new work.'), Kind.ARCHIVED_GATE, None),
    (
        record(
            f'⇄ res ✗ agent errorCode=UNAVAILABLE errorMessage=Error: Session "{KEY}" ended during restart recovery.',
            "gateway/ws",
            Level.INFO,
        ),
        Kind.TOMBSTONED,
        None,
    ),
    (
        record(
            f"tombstoned main-session restart recovery: {KEY} (blocked after 3 automatic attempts)",
            "main-session-restart-recovery",
        ),
        Kind.TOMBSTONED,
        None,
    ),
    (
        record(
            f'lane task error: lane=session:{KEY} durationMs=3 error="'
            f'Error: reply session initialization conflicted for {KEY}"',
            "diagnostic",
            Level.ERROR,
        ),
        Kind.INIT_CONFLICT,
        None,
    ),
    (
        record(
            "EmbeddedAttemptSessionTakeoverError: session file changed while embedded prompt lock was released: "
            f"/s/{UUID}.jsonl"
        ),
        Kind.TAKEOVER,
        Cause.TAKEOVER,
    ),
    (
        record(f"session file locked (timeout 60000ms): pid=7 alive=true ageMs=5 /s/{UUID}.jsonl.lock"),
        Kind.LOCK_TIMEOUT,
        Cause.LOCK,
    ),
    (
        record(f"resumed interrupted main session: {KEY}", "main-session-restart-recovery", Level.INFO),
        Kind.RESUMED,
        None,
    ),
    (
        record(
            f"main-session restart recovery terminal: session={KEY} run=r1 status=ok reason=completed",
            "main-session-restart-recovery",
            Level.INFO,
        ),
        Kind.RESUMED,
        None,
    ),
    (
        record(
            f"marked interrupted main session failed: {KEY} (transcript tail is not resumable)",
            "main-session-restart-recovery",
        ),
        Kind.MARKED_INTERRUPTED_FAILED,
        None,
    ),
    (
        record(
            f"stuck session: sessionId={UUID} sessionKey={KEY} state=processing age=600s queueDepth=1",
            "diagnostic",
        ),
        Kind.STUCK_SESSION,
        None,
    ),
    (
        record(f"stuck session recovery outcome: sessionId={UUID} sessionKey={KEY} released=0", "diagnostic"),
        Kind.STUCK_RECOVERY,
        None,
    ),
    (
        record(
            "visible channel turn dispatched with no queued reply payloads: channel=telegram messageId=1 sessionKey="
            + KEY,
            "channels/turn/kernel",
        ),
        Kind.SILENT_SWALLOW,
        None,
    ),
    (
        record("session file repaired: dropped 2 malformed line(s) (" + UUID + ".jsonl)", level=Level.DEBUG),
        Kind.REPAIRED,
        None,
    ),
    (
        record("log file: /tmp/openclaw/openclaw-2026-11-23.log", "gateway", Level.INFO),
        Kind.GATEWAY_READY,
        None,
    ),
    (record("ready", "gateway", Level.UNKNOWN), Kind.GATEWAY_READY, None),
    (
        record("lane wait exceeded: lane=session:" + KEY + " waitedMs=9 queueAhead=1", "diagnostic"),
        Kind.LANE_WAIT,
        None,
    ),
    (
        record("session store write failed: ENOSPC: no space left on device, write", "sessions/store"),
        Kind.DISK_FULL,
        Cause.DISK_FULL,
    ),
    (
        record("SQLite quick_check reported: row 3 missing", "state/database-verify"),
        Kind.DATABASE,
        Cause.DATABASE,
    ),
    (record("[openclaw] file log queue overflow; dropped 12 oldest records", "logging"), Kind.LOG_GAP, None),
    (
        record("auth profile failure state updated: profile=x provider=fake reason=auth window=cooldown"),
        Kind.AUTH_COOLDOWN,
        None,
    ),
    (
        record(
            f'lane task error: lane=session:{KEY} durationMs=3 error="This operation was aborted" errorName=AbortError',
            "diagnostic",
            Level.ERROR,
        ),
        Kind.USER_STOP,
        None,
    ),
    (
        record(
            f"model fallback chain stopped event=model_fallback_chain_stopped sessionId={UUID}"
            " reason=caller_signal_aborted",
            "model-fallback/decision",
            Level.INFO,
        ),
        Kind.USER_STOP,
        None,
    ),
    (record("⇄ res ✓ chat.abort 3ms id=1", "gateway/ws", Level.INFO), Kind.USER_STOP, None),
    (
        record(
            "embedded run auto-compaction failed: runId=r1 reason=unknown detail=Summarization_failed:_500_x"
        ),
        Kind.COMPACTION_FAILED,
        None,
    ),
]


@pytest.mark.parametrize(
    ("line", "kind", "cause"),
    LINES,
    ids=lambda value: value.text[:50] if isinstance(value, LogRecord) else None,
)
def test_a_line_of_the_catalogue(line, kind, cause):
    signal = match(line)
    assert (signal.kind, signal.cause) == (kind, cause)
    if KEY in line.text:
        assert signal.key == KEY
    if UUID in line.text and "-> " in line.text:
        assert signal.detail == UUID
    elif UUID in line.text:
        assert signal.session_id == UUID


DEATH = f"Auto-compaction failed (x). Preserving existing session mapping for {KEY}."
LOOKALIKES = [
    raw(DEATH, Level.INFO),
    record(f'telegram inbound: chatId=1 len=9 preview="{DEATH}"', "", Level.UNKNOWN),
    record(f"I looked at your log. It says: {DEATH}", "", Level.UNKNOWN),
    record(
        f'telegram inbound: chatId=1 preview="Session "{KEY}" is archived. Restore it"', "", Level.UNKNOWN
    ),
    record(f"Reply: reply session initialization conflicted for {KEY}", "", Level.INFO),
    raw("[tools] exec failed: sqlite3 shop.db: database is locked"),
    raw("You should look for ENOSPC in your log.", Level.INFO),
    record("[agent] run r1 ended with stopReason=error", "agents/agent-command", Level.INFO),
    raw("[agent] run r1 ended with stopReason=stop"),
    record(
        "lane task done: lane=session:" + KEY + " durationMs=1 active=0 queued=0", "diagnostic", Level.DEBUG
    ),
    record(
        'lane task error: lane=main durationMs=3 error="FailoverError: HTTP 500: x"',
        "diagnostic",
        Level.ERROR,
    ),
    record(
        f'lane task error: lane=session:{KEY} durationMs=3 error="AbortError: agent run aborted for restart"',
        "diagnostic",
        Level.ERROR,
    ),
    raw("Embedded agent failed before reply: agent run aborted for restart"),
    record(
        "⇄ res ✗ agent errorCode=UNAVAILABLE errorMessage=AbortError: agent run aborted for restart",
        "gateway/ws",
        Level.INFO,
    ),
    record("⇄ res ✓ agent runId=r1 id=1", "gateway/ws", Level.INFO),
    record(
        "embedded run failover decision: runId=r1 stage=prompt decision=fallback_model reason=timeout from=a/b"
    ),
    record("ready", "plugins", Level.INFO),
    record("telegram stream preview ready (maxChars=4000)", "", Level.INFO),
    record(
        "[context-pressure-diagnostic] admitted provider attempt for a/b route=compact_only", level=Level.INFO
    ),
]


@pytest.mark.parametrize("line", LOOKALIKES, ids=lambda line: line.text[:60])
def test_a_line_that_only_looks_like_one(line):
    assert match(line) is None


def test_a_class_is_kept_but_never_a_cause():
    signal = match(end(reason="provider_error_4xx"))
    assert (signal.failure_class, signal.cause) == ("provider_error_4xx", None)


def test_the_raw_error_names_the_cause_not_openclaws_reason():
    file_form = record(
        'embedded run agent end event=embedded_run_agent_end runId=r1 isError=true error="LLM request failed."'
        ' failoverReason=timeout model=big provider=fake rawErrorPreview="500 internal error"'
    )
    console_form = record(
        "embedded run agent end: runId=r1 isError=true model=big provider=fake error=LLM request failed."
        " rawError=500 internal error"
    )
    for line in (file_form, console_form):
        signal = match(line)
        assert (signal.kind, signal.cause, signal.model, signal.run_id) == (
            Kind.RUN_FAILED,
            Cause.PROVIDER_5XX,
            "fake/big",
            "r1",
        )
        assert signal.detail == "500 internal error"


def test_the_top_level_session_id_may_be_a_key():
    line = "auto-compaction succeeded for fake/big; retrying prompt"
    assert match(record(line, session_id=KEY)).key == KEY
    assert match(record(line, session_id=UUID)).session_id == UUID


def test_a_frame_refuses_a_turn_without_a_cause():
    signal = match(
        raw(
            "Context overflow: prompt too large for the model. Try /reset (or /new) to start a fresh session",
            Level.INFO,
        )
    )
    assert (signal.kind, signal.cause) == (Kind.TURN_REFUSED, None)


@pytest.mark.parametrize(
    ("path", "session"),
    [
        (f"/s/{UUID}.jsonl", UUID),
        (f"/s/{UUID}-topic-42.jsonl", UUID),
        (f"C:\\s\\{UUID}.jsonl", UUID),
        (f"2026-11-23T08-15-00-123Z_{UUID}.jsonl", UUID),
        ("main.jsonl", "main"),
        ("/s/sessions.json", ""),
        (KEY, ""),
    ],
)
def test_the_session_id_of_a_transcript_path(path, session):
    assert session_id_of(path) == session


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([line.text for line, _, _ in LINES]),
    st.text(max_size=60),
    st.integers(0, 200),
    st.booleans(),
)
def test_any_text_is_matched_or_not(text, noise, place, by_logger):
    bent = text[:place] + noise + text[place:]
    signal = match(record(bent, "agent/embedded" if by_logger else "", Level.UNKNOWN))
    assert signal is None or signal.record.text == bent


@pytest.mark.parametrize(
    "unit",
    [
        "[context-overflow-precheck] sessionKey=a estimatedPromptTokens=1 ",
        "[compaction-diag] end runId=a sessionKey=b trigger=c provider=d outcome=x ",
        'embedded run agent end isError=false error=" rawError=',
        "Auto-compaction failed (x). Restarting session a -> b ",
        "preflightCompaction check: sessionKey=a tokenCount=1 ",
        'Session "a" : ',
    ],
)
def test_a_hostile_line_costs_little(unit):
    for subsystem in ("agent/embedded", ""):
        started = time.process_time()
        match(record(unit * (16_000 // len(unit)), subsystem, Level.UNKNOWN))
        assert time.process_time() - started < 1.0
