"""How turns go wrong: refused by a compaction that failed, failed in the model call, stopped, cut off.

Each function tells one turn of a `Story` with the lines, entries and row fields that release leaves behind
(openclaw.md 1.3 to 1.7, openclaw-files.md 1, openclaw-sqlite.md 2, openclaw-channels.md 3).
"""

from __future__ import annotations

from clawmedic.drill import builder_entries, prose
from clawmedic.drill.builder_entries import MODEL, PROVIDER, JsonObject
from clawmedic.drill.builder_log import LogLine
from clawmedic.drill.failures import QUALITY_GUARD, Fault
from clawmedic.drill.story import ASK, CHARACTERS_PER_TOKEN, RESERVE, Run, Story, Waiting
from clawmedic.drill.versions import Version

EMBEDDED = "agent/embedded"
OVERFLOW = "Context overflow: prompt too large for the model (precheck)."
OVERFLOW_REPLY = (
    "Context overflow: prompt too large for the model. Try /reset (or /new) to start a fresh session, "
    "or use a larger-context model."
)
BUFFER_ADVICE = (
    "\n\nTo prevent this, increase your compaction buffer by setting "
    "`agents.defaults.compaction.reserveTokensFloor` to 20000 or higher in your config."
)
KEPT_REPLY = (
    "⚠️ Auto-compaction could not recover this turn. I kept this conversation mapped to the current session. "
    "Please try again, use /compact, or use /new to start a fresh session." + BUFFER_ADVICE
)
MISSING_SECTIONS = (
    "Compaction safeguard: finalized summary failed quality checks; reasonCodes=missing_section reasonCount=5"
)
ALL_ATTEMPTS = "All summarization attempts failed for 6 messages. Last error:"
RESET_REPLY = (
    "⚠️ Context limit exceeded. I've reset our conversation to start fresh - please try again." + BUFFER_ADVICE
)


def refuse(story: Story, fault: Fault) -> None:
    """A message whose required compaction fails: no answer, and the row still says what it said."""
    text, run_id, trace = _too_large(story), story.ids.uuid(), story.ids.hex(32)
    received = story.now
    if story.version is Version.V9:
        _preflight(story, fault, run_id, trace)
    else:
        _overflow(story, fault, text, run_id, trace)
    story.row["updatedAt"] = story.now
    if story.version is not Version.V4:
        story.row["lastInteractionAt"] = received
    _keep_words(story, fault, text, run_id, received)
    story.turns += 1
    story.wait(14_000)


def _too_large(story: Story) -> str:
    """A message that takes the prompt over the budget."""
    missing = story.budget - story.prompt_tokens + 700
    return prose.ask(story.turns, max(ASK, missing * CHARACTERS_PER_TOKEN))


def _overflow(story: Story, fault: Fault, text: str, run_id: str, trace: str) -> None:
    """4.15 and 7.1: the precheck finds the prompt too large and compaction is tried on the spot."""
    diag = _overflow_lines(story, text, trace)
    started = story.now
    story.wait(8_000 if "timed out" in fault.words else 900)
    if fault.rejected:
        story.say(
            "WARN", EMBEDDED, f"[compaction] request rejected for {story.model}; retrying with minimal", trace
        )
    late_end = story.version is Version.V7 and "timed out" in fault.words
    if late_end:
        thrown = (
            f"contextEngine.compact() threw during overflow recovery for {story.model}: Error: {fault.reason}"
        )
        story.say("WARN", EMBEDDED, thrown, trace)
    else:
        _end_line(story, fault, run_id, diag, "overflow", 3, started, trace)
    reason = f"Error: {fault.reason}" if late_end else fault.reason
    story.say("WARN", EMBEDDED, f"auto-compaction failed for {story.model}: {reason}", trace)
    if story.version is Version.V7:
        blocked = (
            f"[context-overflow-recovery] exhausted provider overflow recovery for {story.model}; "
            "livenessState=blocked suggestedAction=reset_or_new kind=context_overflow"
        )
        story.say("WARN", EMBEDDED, blocked, trace)
        story.say(
            "ERROR",
            "",
            f"Auto-compaction failed ({OVERFLOW}). Preserving existing session mapping for {story.key}.",
            trace,
        )
    elif story.rpc:
        story.say("INFO", "", OVERFLOW_REPLY)
    if late_end:
        _end_line(story, fault, run_id, diag, "overflow", 3, started, trace)


def _overflow_lines(story: Story, text: str, trace: str) -> str:
    """The three lines before every compaction on the spot; returns the diagnosis id."""
    estimate = story.prompt_tokens + len(text) // CHARACTERS_PER_TOKEN
    diag, reserve = f"ovf-{story.ids.hex(8)}-{story.ids.hex(6)}", RESERVE[story.version]
    transcript = f"sessionFile=/home/operator/.openclaw/agents/main/sessions/{story.session_id}.jsonl"
    precheck = (
        f"[context-overflow-precheck] sessionKey={story.key} provider={story.model} route=compact_only "
        f"estimatedPromptTokens={estimate} promptBudgetBeforeReserve={story.budget} "
        f"overflowTokens={estimate - story.budget} toolResultReducibleChars=0 "
        f"reserveTokens={reserve} effectiveReserveTokens={reserve} {transcript}"
    )
    diagnosis = (
        f"[context-overflow-diag] sessionKey={story.key} provider={story.model} source=promptError "
        f"messages={len(story.entries)} {transcript} diagId={diag} compactionAttempts=0 "
        f"observedTokens=unknown error={OVERFLOW}"
    )
    attempt = f"context overflow detected (attempt 1/3); attempting auto-compaction for {story.model}"
    for line in (precheck, diagnosis, attempt):
        story.say("WARN", EMBEDDED, line, trace)
    return diag


def _preflight(story: Story, fault: Fault, run_id: str, trace: str) -> None:
    """9.6: the compaction before the turn is required; it fails, and the turn never starts."""
    started = story.now
    story.wait(1_500)
    if fault is QUALITY_GUARD:
        story.say("WARN", "compaction-safeguard", MISSING_SECTIONS, trace)
    elif fault.summariser:
        story.say("WARN", "compaction", f"Full summarization failed: {fault.reason}", trace)
        cancelled = (
            "Compaction summarization failed; cancelling compaction to preserve history: "
            f"{ALL_ATTEMPTS} {fault.reason} | summarization_failed"
        )
        story.say("WARN", "compaction-safeguard", cancelled, trace)
    else:
        story.say("WARN", EMBEDDED, "context-engine compaction failed", trace, {"errorMessage": fault.words})
    if fault.rejected:
        story.say(
            "WARN", EMBEDDED, f"[compaction] request rejected for {story.model}; retrying with minimal", trace
        )
    diag = f"cmp-{story.ids.hex(8)}-{story.ids.hex(6)}"
    _end_line(story, fault, story.session_id, diag, "budget", 1, started, trace)
    if story.rpc:
        refused = f"⇄ res ✗ agent errorCode=UNAVAILABLE errorMessage={_preflight_error(fault)} runId={run_id}"
        story.say("INFO", "gateway/ws", f"{refused} conn={story.ids.hex(8)} id={story.ids.hex(8)}", trace)


def _preflight_error(fault: Fault) -> str:
    masked = fault.summariser and not fault.rejected
    frame = f"Compaction safeguard could not summarize the session: {ALL_ATTEMPTS}"
    reason = f"{frame} {fault.reason} | summarization_failed" if masked else fault.reason
    return f"Preflight compaction required but failed: {reason}"


def _end_line(  # noqa: PLR0917 - the fields of one log line
    story: Story, fault: Fault, run_id: str, diag: str, trigger: str, attempts: int, started: int, trace: str
) -> None:
    text = (
        f"[compaction-diag] end runId={run_id} sessionKey={story.key} diagId={diag} trigger={trigger} "
        f"provider={story.model} attempt=1 maxAttempts={attempts} outcome=failed "
        f"reason={fault.failure_class(story.version)} durationMs={story.now - started}"
    )
    story.say("WARN", EMBEDDED, text, trace)


def _keep_words(story: Story, fault: Fault, text: str, run_id: str, received: int) -> None:
    """Where the refused message can still be read: 4.15 nowhere, 7.1 the transcript, 9.6 beside it."""
    if story.version is Version.V7:
        story.characters += len(text)
        story.message(builder_entries.user(story.version, text, received, run_id))
        story.message(builder_entries.injected(KEPT_REPLY, story.now))
    elif story.version is Version.V9:
        story.waiting.append(Waiting(text, received, run_id))
        if story.rpc:
            story.runs.append(Run(run_id, text, received, story.now, "failed", _preflight_error(fault)))


def auto_reset(story: Story, fault: Fault) -> None:
    """4.15, chat path: OpenClaw drops the conversation by itself; the file stays, and no row names it."""
    text, run_id = _too_large(story), story.ids.uuid()
    _overflow(story, fault, text, run_id, "")
    old, entries, lost_at = story.session_id, story.entries, story.now
    story.wait(5)
    story.begin()
    story.orphans[old] = entries
    restarted = f"Restarting session {story.key} -> {story.session_id} and retrying."
    story.log.append(LogLine(lost_at, "ERROR", "", f"Auto-compaction failed ({OVERFLOW}). {restarted}"))
    first = story.entries[0]
    story.entries = [first]
    story.message(builder_entries.injected(RESET_REPLY, story.now))
    story.row |= {"status": "done", "updatedAt": story.wait(40), "compactionCount": 0}
    story.wait(9_000)


def fail_run(story: Story, fault: Fault, *, retries: int = 1) -> None:
    """The ordinary model call fails: question and error stand in the transcript, the row says failed."""
    text, run_id, trace = prose.ask(story.turns, ASK), story.ids.uuid(), story.ids.hex(32)
    story.hear(text, run_id)
    for _ in range(retries):
        story.wait(1_400)
        story.message(builder_entries.failed_answer(story.version, fault.words, story.now))
        _run_end_lines(story, fault, run_id, trace)
    failed = f'lane task error: lane=session:{story.key} durationMs=1921 error="FailoverError: {fault.words}"'
    story.say("ERROR", "diagnostic", failed, trace)
    ended = story.now
    story.row |= {
        "status": "failed",
        "endedAt": ended,
        "updatedAt": ended + 15_000,
        "totalTokensFresh": False,
    }
    if story.version is Version.V9:
        story.row |= {"lastRunError": fault.words, "lastRunId": run_id}
        if story.rpc:
            story.runs.append(Run(run_id, text, ended - 1_500, ended, "failed", fault.words))
    story.turns += 1
    story.wait(30_000)


def _run_end_lines(story: Story, fault: Fault, run_id: str, trace: str) -> None:
    common: JsonObject = {
        "runId": run_id,
        "provider": PROVIDER,
        "model": MODEL,
        "rawErrorPreview": fault.words,
    }
    end = {"event": "embedded_run_agent_end", "isError": True, "error": "LLM request failed."} | common
    story.say("WARN", EMBEDDED, "embedded run agent end", trace, end)
    decision = {
        "event": "embedded_run_failover_decision",
        "stage": "assistant",
        "decision": "surface_error",
    } | common
    story.say("WARN", EMBEDDED, "embedded run failover decision", trace, decision)


def stop_by_user(story: Story) -> None:
    """A person stops the run: `killed`, which is no failure."""
    run_id = story.ids.uuid()
    story.hear(prose.ask(story.turns, ASK), run_id)
    story.wait(2_000)
    story.message(builder_entries.failed_answer(story.version, "Request was aborted.", story.now, "aborted"))
    story.add(
        "custom", builder_entries.prompt_error(story.ids, story.session_id, "Request was aborted.", story.now)
    )
    story.row |= {
        "status": "killed",
        "endedAt": story.now,
        "updatedAt": story.now + 5,
        "abortedLastRun": True,
    }
    story.wait(5_000)


def cut_off(story: Story) -> None:
    """The gateway is killed in the middle of a run: the question stands there, the row says running."""
    story.hear(prose.ask(story.turns, ASK), story.ids.uuid())
    story.locked = story.version is not Version.V9
    story.row["updatedAt"] = story.now


def tombstone(story: Story) -> None:
    """9.6: three restarts without a started turn; the row is closed for good (openclaw.md 3.2)."""
    cut_off(story)
    reason = (
        "main-session restart recovery blocked after 3 automatic attempts without a started runtime turn; "
        "inspect the failed main session and use /new or /reset"
    )
    story.wait(20_000)
    story.say(
        "WARN",
        "main-session-restart-recovery",
        f"tombstoned main-session restart recovery: {story.key} ({reason})",
    )
    recovery = {
        "cycleId": story.ids.uuid(),
        "revision": 3,
        "chargedAttempts": 3,
        "tombstone": {"reason": reason},
    }
    story.row |= {
        "status": "failed",
        "updatedAt": story.now,
        "endedAt": story.now,
        "mainRestartRecovery": recovery,
    }


def archive(story: Story, *, message_waits: bool) -> None:
    """Somebody archives the session (7.1 and later); with work waiting, that work gets no answer."""
    story.row |= {"archivedAt": story.now, "updatedAt": story.now}
    story.wait(30_000)
    if message_waits:
        text, received = prose.ask(story.turns, ASK), story.now
        refused = f'Session "{story.key}" is archived. Restore it before starting new work.'
        story.say(
            "WARN",
            "gateway/ws",
            f"⇄ res ✗ agent errorCode=INVALID_REQUEST errorMessage={refused}",
            story.ids.hex(32),
        )
        story.row |= {"lastInteractionAt": received, "updatedAt": received}
        story.waiting.append(Waiting(text, received, story.ids.uuid()))


def false_failure(story: Story) -> None:
    """7.1 writes `failed` seconds after the fact, over a later success (openclaw-files.md 7)."""
    ended = story.row["endedAt"]
    if isinstance(ended, int):
        story.row |= {"status": "failed", "endedAt": ended - 9_000, "updatedAt": ended + 14_000}
