"""Troubles that show in the row or in the log alone (openclaw.md 2.5, 3.1 and 4: S22 to S32)."""

from __future__ import annotations

from clawmedic.drill import prose
from clawmedic.drill.failing import EMBEDDED, cut_off
from clawmedic.drill.failures import REASONING
from clawmedic.drill.story import ASK, Story, Waiting

SHARE = 0.2
DAY_MS = 86_400_000


def swallow(story: Story) -> None:
    """A message came in, and nothing went out (S22)."""
    story.fill(SHARE)
    text = (
        "visible channel turn dispatched with no queued reply payloads: channel=telegram "
        f"messageId=1001 sessionKey={story.key}"
    )
    story.say("WARN", "telegram", text, story.ids.hex(32))


def conflict(story: Story) -> None:
    """The reply session cannot be initialised until the gateway is started again (S23)."""
    story.fill(SHARE)
    error = f"Error: reply session initialization conflicted for {story.key}"
    text = f'lane task error: lane=session:{story.key} durationMs=31 error="{error}"'
    story.say("ERROR", "diagnostic", text, story.ids.hex(32))


def take_over(story: Story) -> None:
    """Two writers: the file changed while the run had let go of it (S24; 2026.5.18 to 7.1)."""
    story.fill(SHARE)
    file = f"/home/operator/.openclaw/agents/main/sessions/{story.session_id}.jsonl"
    words = f"session file changed while embedded prompt lock was released: {file}"
    story.say("ERROR", EMBEDDED, f"EmbeddedAttemptSessionTakeoverError: {words}", story.ids.hex(32))


def abort_in_vain(story: Story) -> None:
    """The gateway found the session stuck, aborted it, and released nothing (S27)."""
    story.fill(SHARE)
    text = (
        f"stuck session recovery outcome: sessionId={story.session_id} sessionKey={story.key} "
        "action=abort_embedded_run aborted=true drained=false released=0"
    )
    story.say("WARN", "diagnostic", text, story.ids.hex(32))


def flush_in_vain(story: Story) -> None:
    """The memory flush before a compaction failed three times (S28)."""
    story.fill(SHARE)
    story.row["memoryFlushFailureCount"] = 3


def keep_delivery(story: Story) -> None:
    """A final answer was written and never delivered (S29)."""
    story.fill(SHARE)
    story.row |= {
        "pendingFinalDelivery": True,
        "pendingFinalDeliveryText": prose.answer(story.turns, 200),
        "pendingFinalDeliveryCreatedAt": story.now,
    }


def haunt(story: Story) -> None:
    """A row without any life, older than a day (S32)."""
    story.row = {"sessionId": story.session_id, "updatedAt": story.now, "sessionStartedAt": story.now}
    story.no_transcript = True


def misspell(story: Story) -> None:
    """A field of the row holds something else than it may: a script wrote it."""
    story.fill(SHARE)
    story.row["totalTokens"] = "many"


def invalidate(story: Story) -> None:
    """OpenClaw itself flags the row (S31)."""
    story.fill(SHARE)
    story.entry_valid = 0


def resume_in_vain(story: Story) -> None:
    """9.6: killed near its budget; each start of the gateway tries to resume it and is refused (openclaw.md 3.4)."""
    story.fill(0.98)
    cut_off(story)
    for _ in range(3):
        story.wait(20_000)
        text = (
            f"failed to resume interrupted main session {story.key}: GatewayClientRequestError: Preflight "
            f"compaction required but failed: {REASONING.reason}"
        )
        story.say("WARN", "main-session-restart-recovery", text)


def claim(story: Story) -> None:
    """9.6: the gateway was killed while it worked on a message; the spool still says that it has it (S36)."""
    story.fill(SHARE)
    story.wait(20_000)
    story.waiting.append(Waiting(prose.ask(story.turns, ASK), story.now, story.ids.uuid()))
    story.row["lastInteractionAt"] = story.now
    story.claimed = True
