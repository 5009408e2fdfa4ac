"""Findings about a session that does not answer, or is about to stop (openclaw.md 4)."""

from __future__ import annotations

from clawmedic.triage.knowledge.explanation import RESCUE, SUMMARISER_DEAD_ENDS, Explanation, issues

FINDINGS_DEATH = (
    Explanation(
        code="compaction-failing",
        title="A required compaction fails",
        meaning=(
            "The conversation is over its budget, so a compaction is required before each turn, and it "
            "fails. One refused turn is enough: the next message meets the same gate. The row goes on "
            "saying `done`."
        ),
        detected=(
            "`[compaction-diag] end … outcome=failed` for this key without a later success, `Preflight "
            "compaction required but failed`, `Preserving existing session mapping`, `exhausted … "
            "livenessState=blocked`, or the same words in task_runs. Benign classes do not count."
        ),
        helps=(
            "clawmedic diagnose KEY: names the cause, which decides what helps",
            RESCUE,
            "wait first when the cause is transient (429, 5xx, 529, network)",
        ),
        does_not_help=SUMMARISER_DEAD_ENDS,
        upstream=issues(69202, 13624, 148766),
    ),
    Explanation(
        code="failure-replies",
        title="The last replies are OpenClaw's own failure texts",
        meaning=(
            "OpenClaw answered in place of the model. Real Telegram sessions never show this: refused "
            "messages leave nothing."
        ),
        detected=(
            "Assistant entries at the tail that start `⚠️ Auto-compaction could not recover`, `⚠️ "
            "Context is too large`, `⚠️ Context limit exceeded` or `Context overflow: prompt too large`; "
            "7.1 may store them with the real provider's name, `stop` and usage 0."
        ),
        helps=(
            "clawmedic diagnose KEY",
            RESCUE,
        ),
        does_not_help=(
            "counting them as answers: they are not",
            "the texts' own advice to raise reserveTokensFloor on 9.6",
        ),
        upstream=issues(69202),
    ),
    Explanation(
        code="unanswered",
        title="Messages wait for an answer they never got",
        meaning=(
            "Somebody wrote, and no model answered. Alone it raises no verdict. On 9.6 messages by RPC "
            "stay in session_pending_inputs and nothing replays them; a channel's message that was being "
            "compacted when the gateway died is replayed by itself."
        ),
        detected=(
            "User entries after the last real answer, rows of session_pending_inputs, ingress events "
            "that a dead process claimed, and the row rule of real channels: lastInteractionAt newer "
            "than startedAt and endedAt."
        ),
        helps=(
            "clawmedic show KEY: reads the waiting texts",
            RESCUE,
            "after a rescue, ask the person to send them again",
        ),
        does_not_help=("waiting for a replay of refused channel messages: they are marked completed",),
        upstream=issues(112259, 119979),
    ),
    Explanation(
        code="last-run-failed",
        title="The last run ended badly",
        meaning=(
            "`failed`, `timeout` or `killed` is the outcome of the last turn that started. Nothing gates "
            "on it: the next message clears it when the cause is gone. It is no proof of death, and "
            "`done` is no proof of life. On 4.15 and 7.1 `failed` is written 15 s late and can overwrite "
            "a later success."
        ),
        detected="The row's status, its lastRunError, the newest task_runs row, and run lines of the log.",
        helps=(
            "clawmedic diagnose KEY: was it the provider or this session?",
            "the next message, once the cause is gone",
        ),
        does_not_help=(
            "a reset because of `failed` alone",
            "changing the status by hand",
        ),
        upstream=issues(69202, 104857, 147161, 64103),
    ),
    Explanation(
        code="running-without-process",
        title="The row says running, and nothing runs",
        meaning=(
            "The gateway died or was restarted in the middle of a turn. 4.15 never clears it (the next "
            "message works all the same); 7.1 resumes or marks it failed; 9.6 resumes, and when the "
            "resumed turn needs a compaction that fails, the row stays `running` on every restart."
        ),
        detected=(
            "status=running with a dead owner, a gateway younger than the run, or an age above the run "
            "timeout."
        ),
        helps=(
            "clawmedic rescue KEY",
            "on 4.15 the next message",
            "a gateway restart on 7.1: it marks and resumes",
        ),
        does_not_help=(
            "`sessions.abort`: `no-active-run`",
            "`sessions.recover` without a tombstone: refused",
            "restarting again and again on 9.6: three unclean boots in five minutes stop the channels",
        ),
        upstream=issues(55823, 70555, 3245, 90525, 56121, 70421),
    ),
    Explanation(
        code="silent-swallow",
        title="A message was taken and nothing was sent back",
        meaning=(
            "The turn ended without any reply to the chat. After a provider's 500 on 7.1 this lasts for good."
        ),
        detected="`visible channel turn dispatched with no queued reply payloads: … sessionKey=KEY`.",
        helps=(
            "clawmedic diagnose KEY: the failed model call stands next to it",
            "send the message again",
        ),
        does_not_help=("waiting: the event is marked completed and never retried",),
        upstream=issues(112259, 119979, 103599, 86827, 125817, 92184, 144594, 126836, 82503),
    ),
    Explanation(
        code="init-conflict",
        title="Starting the session collides with itself",
        meaning=(
            "Releases of 2026.6 refuse a turn when the session's start was claimed twice. 9.6 retries "
            "five times."
        ),
        detected=(
            '`reply session initialization conflicted for KEY`, `Session "KEY" changed while starting '
            "work. Retry.`"
        ),
        helps=(
            "a gateway restart: the claim lives in memory",
            "upgrade: 9.6 retries by itself",
        ),
        does_not_help=(
            "a reset of the session",
            "editing the row while the gateway runs: it is overwritten",
        ),
        upstream=issues(98220, 98909, 98920, 99589, 100023, 100058, 102151, 117096, 125817),
    ),
    Explanation(
        code="tombstoned",
        title="Restart recovery gave up and closed the session",
        meaning=(
            "9.6 only: after several charged attempts without a started turn the row carries a "
            'tombstone, and every message is refused with `Session "KEY" ended during restart recovery`.'
        ),
        detected=(
            "`mainRestartRecovery.tombstone` in the row; `tombstoned main-session restart recovery: KEY "
            "(reason)`."
        ),
        helps=(
            "clawmedic rescue KEY: a chat begins anew and its model is told the facts of the old conversation",
            "a session that is no chat: `sessions.recover` moves the conversation to a session of its own",
            "`/new` or `/reset` in the chat",
        ),
        does_not_help=(
            "`sessions.recover` of a chat: the chat itself is archived and refused for good",
            "a rewind: the tombstone stays",
            "`openclaw doctor`: `nothing to reconcile`",
            "a restart",
            "another model",
        ),
        upstream=issues(146276, 122644, 117096),
    ),
    Explanation(
        code="resume-loop",
        title="Each restart fails to resume the interrupted turn",
        meaning=(
            "9.6: the resumed turn needs a compaction that fails, so recovery fails on every boot and "
            "the row stays `running` without a tombstone."
        ),
        detected="Two or more `failed to resume interrupted main session KEY: …` lines.",
        helps=(
            RESCUE,
            "cure the compaction's cause first (clawmedic diagnose KEY)",
        ),
        does_not_help=(
            "more restarts: four in a row changed nothing",
            "`sessions.recover`: refused without a tombstone",
        ),
        upstream=issues(146276),
    ),
    Explanation(
        code="abort-ineffective",
        title="OpenClaw's own abort of a stuck run released nothing",
        meaning="The built-in watch aborted a hanging run and the lane stayed occupied.",
        detected="`stuck session recovery … action=abort_embedded_run … released=0`.",
        helps=("a gateway restart: the lane lives in memory",),
        does_not_help=(
            "`sessions.abort`",
            "`sessions.reset`: it leaves the lane in memory (openclaw#87310, openclaw#89208)",
        ),
        upstream=issues(92270, 91700, 91802, 85639, 86056),
    ),
    Explanation(
        code="ingress-blocked",
        title="One failing message blocks the channel's lane",
        meaning=(
            "The same message is retried and fails each time, or it is claimed by a process that is "
            "gone; those behind it wait."
        ),
        detected=(
            "The same messageId retried in the log; `pending` or `claimed` rows of "
            "channel_ingress_events with a dead owner."
        ),
        helps=(
            "start the gateway: on 9.6 claimed events of a dead owner are replayed by themselves",
            "cure the cause the failing turn names (clawmedic diagnose KEY)",
        ),
        does_not_help=("`/new` in the same chat: it waits behind the failing message",),
        upstream=issues(137214, 130194, 146276),
    ),
    Explanation(
        code="auth-cooldown",
        title="The provider's auth profile is in cool-down",
        meaning=(
            "After failures OpenClaw stops calling the provider: 30 s, 1 min, 5 min; 10 min for billing. "
            "Every session of this provider fails at once meanwhile. It ends by itself, and returns "
            "while the cause lasts."
        ),
        detected=(
            "`auth profile failure state updated: … reason= window=`, `Provider X is in cooldown`; on "
            "9.6 auth_profile_state."
        ),
        helps=(
            "wait for its end",
            "renew the key or pay the account named in the reason",
            "a second provider as fallback",
        ),
        does_not_help=(
            "a restart: the cool-down is stored",
            "a reset of the sessions: they are not the cause",
        ),
        upstream=issues(15037),
    ),
    Explanation(
        code="archived",
        title="The session is archived",
        meaning=(
            "`archivedAt` is set (7.1 and later): all work is refused until it is restored. With work "
            "waiting this is a gate."
        ),
        detected=(
            '`archivedAt` in the row; `Session "KEY" is archived. Restore it before starting new work.`'
        ),
        helps=("restore it in OpenClaw: `sessions.patch {archived:false}` or its own interface",),
        does_not_help=("compaction, another model, a restart: the gate stands before all of them",),
    ),
    Explanation(
        code="delivery-pending",
        title="An answer waits for delivery",
        meaning="The model answered, the chat did not get it.",
        detected="An old `pendingFinalDelivery…` in the row (7.1 and later).",
        helps=(
            "look at the channel: token, network, the chat's rights",
            "a gateway restart: delivery is tried again",
        ),
        does_not_help=("a reset: the answer would be lost",),
        upstream=issues(80780),
    ),
    Explanation(
        code="ghost-row",
        title="A row without a life of its own",
        meaning=(
            "A key that no conversation uses: left by a probe, an unknown key in a patch or reset, or a "
            "lost child run."
        ),
        detected="A row without a session id or transcript that never ran, or whose parent is gone.",
        helps=(
            "leave it: it costs nothing",
            "`sessions.delete` when it disturbs",
        ),
        does_not_help=("`sessions.patch` or `sessions.reset` on a guessed key: both create such rows",),
        upstream=issues(7331, 111667),
    ),
)
