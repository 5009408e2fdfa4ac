"""Causes that lie with OpenClaw, the transcript or the host."""

from __future__ import annotations

from clawmedic.triage.knowledge.explanation import (
    ANOTHER_SUMMARISER,
    RESCUE,
    SUMMARISER_DEAD_ENDS,
    SUMMARISER_SETTING,
    Explanation,
    issues,
)

MEND = "clawmedic mend KEY (gateway stopped): repairs the structure, keeps a verified backup"

CAUSES_LOCAL = (
    Explanation(
        code="quality-guard",
        title="OpenClaw refused the summary because it lacks required parts",
        meaning=(
            "The provider answered, but the summary misses one of five headings, an identifier or the "
            "latest ask. On 9.6 the guard is on by default and quality failures never switch to a "
            "fallback model: with a weak or local model the session is dead although the provider is "
            "healthy. 4.15 and 7.1 do not refuse for this in mode default."
        ),
        detected=(
            "`finalized summary failed quality checks; reasonCodes=missing_section,… reasonCount=N`, "
            "`corrective generation failed`, `required quality facts exceed finalized artifact budget`; "
            "class guard_blocked, which alone proves nothing: it masks every other cause too."
        ),
        helps=(
            RESCUE,
            "clawmedic compact KEY --model PROVIDER/MODEL with a model that follows the format",
            (
                "OpenClaw's config agents.defaults.compaction.qualityGuard.enabled = false: read without "
                "a restart, no history lost (measured on 9.6); summaries may become poorer"
            ),
        ),
        does_not_help=(
            "waiting: the provider is healthy",
            *SUMMARISER_DEAD_ENDS,
        ),
        upstream=issues(150577, 56781),
    ),
    Explanation(
        code="empty-summary",
        title="The model returned no summary text",
        meaning=(
            "9.6 refuses such a compaction: the session is dead until another model summarises. 4.15 and "
            "7.1 accept it as a success: the session answers, and its memory is gone (finding "
            "lossy-compaction)."
        ),
        detected="`model returned no summary text` (9.6); on 4.15 and 7.1 only an empty `compaction` entry.",
        helps=(
            ANOTHER_SUMMARISER,
            SUMMARISER_SETTING,
            RESCUE,
            (
                "clawmedic backups list KEY: on 4.15 the `.checkpoint.` file holds the conversation "
                "before the cut"
            ),
        ),
        does_not_help=(
            'compaction.mode = "default" against it: 4.15 and 7.1 then accept empty summaries',
            *SUMMARISER_DEAD_ENDS[:2],
        ),
        upstream=issues(156230, 66620, 133408, 12921, 5224, 120663, 122617),
    ),
    Explanation(
        code="already-compacted",
        title="The compaction has nothing left to summarise, yet the prompt is too large",
        meaning=(
            "On 4.15 with a window of about 40k tokens or less the compaction keeps the newest 20,000 "
            "tokens and summarises an empty rest; it frees nothing, so the next turn overflows again, "
            "for ever. Configured reserveTokens and keepRecentTokens have no effect in 4.15."
        ),
        detected=(
            "`auto-compaction failed for P/M: Already compacted` (class already_compacted_recently; 9.6 "
            "already_compacted)."
        ),
        helps=(
            "a model with a larger window: `sessions.patch {model}` or the config",
            RESCUE,
            "clawmedic compact KEY --distil",
            "clawmedic reset KEY: new session with a hand-over note",
        ),
        does_not_help=(
            "`/compact`: answers `Already compacted`",
            "a short test message: it slips under the limit, the next real one dies",
            "the same model again: nothing is left to summarise",
        ),
        upstream=issues(89358, 120455, 121617),
    ),
    Explanation(
        code="nothing-to-compact",
        title="The compaction found no conversation to summarise",
        meaning=(
            "The history is small or holds no real messages, so the prompt's size comes from elsewhere: "
            "system prompt, tools, one huge message, or (7.1 groups) the channel's own history, which is "
            "in every prompt and outside the transcript."
        ),
        detected=(
            "`Nothing to compact (session too small)`, `no real conversation messages`, class "
            "no_compactable_entries."
        ),
        helps=(
            "a model with a larger window",
            "channels.telegram.historyLimit lower for 7.1 groups (not measured)",
            "clawmedic reset KEY: revives 7.1 groups, where a compaction does not",
        ),
        does_not_help=(
            "more compactions",
            "clawmedic compact KEY for 7.1 groups: dead again at the next message",
        ),
        upstream=issues(77314, 118923),
    ),
    Explanation(
        code="cancelled",
        title="The compaction was cancelled",
        meaning=(
            "A stop, a shutdown or a newer run ended it. The reason stands in the neighbouring lines, if "
            "anywhere."
        ),
        detected="`Compaction cancelled` without another cause beside it.",
        helps=(
            "wait for the next message: it compacts again",
            ANOTHER_SUMMARISER,
        ),
        does_not_help=(
            "a restart in the middle of a compaction: the transcript survives, the waiting message may not",
        ),
        upstream=issues(41100, 33316),
    ),
    Explanation(
        code="lock",
        title="The transcript's lock could not be taken",
        meaning=(
            "Up to 7.1 a run holds `<transcript>.lock`. Another run held it longer than 10 s (4.15) or "
            "60 s (7.1), or its owner died. 9.6 has no such file."
        ),
        detected="`session file locked (timeout 10000ms|60000ms): pid=N … .jsonl.lock`.",
        helps=(
            "clawmedic rescue KEY: removes only a lock whose owner is proven dead",
            "a gateway restart: removes locks of dead owners at start",
            "wait when the owner lives: it is released at the run's end, at most after 300 s",
        ),
        does_not_help=("deleting the lock of a live process: two writers, and it comes back",),
        upstream=issues(18140, 86530, 45726, 85762, 13744),
    ),
    Explanation(
        code="takeover",
        title="The transcript was changed under a running turn",
        meaning=(
            "Releases from 2026.5.18 to 2026.7.1 give up a turn when the transcript changed while the "
            "prompt lock was open: a second gateway, a sync tool, an editor or OpenClaw itself wrote to "
            "it. Gone in 9.6."
        ),
        detected=(
            "`EmbeddedAttemptSessionTakeoverError`, `session file changed while embedded prompt lock was "
            "released: FILE`."
        ),
        helps=(
            "make sure that one gateway alone writes to this directory (`clawmedic info`)",
            "keep sync and backup tools that touch files away from the sessions directory",
            "send the message again: the next turn opens the file anew",
            "upgrade past 7.1",
        ),
        does_not_help=("a reset: the other writer is still there",),
        upstream=issues(84059, 86845, 88703, 86508, 93193, 107873, 87180, 85913, 94229),
    ),
    Explanation(
        code="tool-pairing",
        title="A tool call and its result do not match",
        meaning=(
            "The provider refuses the history because a result stands without its call or twice. A call "
            "without a result at the very end is harmless: all three versions add an artificial result "
            "when they build the prompt."
        ),
        detected=(
            "`unexpected tool_use_id found in tool_result blocks`, `ids were found without tool_result "
            "blocks`, `No tool call found for function call output`, `insufficient tool messages`."
        ),
        helps=(
            MEND,
            (
                "clawmedic rescue KEY: before the broken place with `sessions.rewind` (9.6), else a "
                "distilled history"
            ),
        ),
        does_not_help=(
            "a restart",
            "a bigger model",
            (
                "sending again: the same history is refused, and failures pile up until the auth profile "
                "is in cool-down (openclaw#15037)"
            ),
        ),
        upstream=issues(9958, 9964, 9769, 31625, 14322, 8536, 5497, 15037, 8643, 21985, 10310, 16823),
    ),
    Explanation(
        code="role-order",
        title="The provider refuses the order of roles",
        meaning=(
            "Two messages of one role follow each other, or a function call does not follow a user turn. "
            "4.15 answers by deleting the transcript without an archive; 7.1 unlinks it too by its "
            "source."
        ),
        detected=(
            "`roles must alternate`, `incorrect role information`, `function call turn comes immediately "
            "after`."
        ),
        helps=(
            "take a copy of the transcript at once: OpenClaw may delete it (4.15, 7.1)",
            MEND,
            RESCUE,
        ),
        does_not_help=(
            "waiting",
            "sending again on 4.15: the next failure may delete the history",
        ),
        upstream=issues(148292),
    ),
    Explanation(
        code="partial-json",
        title="A half-written tool call breaks the request",
        meaning=(
            "An interrupted tool call left raw control characters or an unfinished string in the transcript."
        ),
        detected="`Bad control character in string literal in JSON`, `Unterminated string in JSON`.",
        helps=(
            MEND,
            RESCUE,
        ),
        does_not_help=(
            "a restart",
            "sending again",
        ),
        upstream=issues(69846),
    ),
    Explanation(
        code="database",
        title="SQLite reports damage or does not answer",
        meaning=(
            "The agent's database is damaged, locked for long, or degraded. Every session of the agent "
            "is affected."
        ),
        detected=(
            "`database disk image is malformed`, `database is locked`, `SQLite quick_check reported:`, "
            "`agent database remains degraded`."
        ),
        helps=(
            "copy database, -wal and -shm together before anything else",
            "move the state directory off network or bind-mounted file systems",
            "restore from `openclaw backup sqlite create` into a fresh directory",
        ),
        does_not_help=(
            "copying the .sqlite file alone: the newest data is in the -wal",
            "`doctor --fix` first: it moves files aside",
            "OpenClaw's own command line against a live database on 2026.6.6 (openclaw#101290)",
        ),
        upstream=issues(120549, 143556, 101290, 113622),
    ),
    Explanation(
        code="disk-full",
        title="The disk is full",
        meaning=(
            "Writes fail, so turns fail and stores may be left half written. Nothing should be repaired "
            "before there is room."
        ),
        detected=(
            "`ENOSPC`, `no space left on device`, `database or disk is full`, or too little free space "
            "seen by statvfs."
        ),
        helps=(
            "free space outside OpenClaw first",
            "clawmedic backups prune: the copies that nothing needs",
            "clawmedic scan --deep afterwards: looks for what was cut off",
        ),
        does_not_help=(
            "a restart on a full disk: temporary files pile up",
            "deleting `.jsonl` files by hand: they are the history",
        ),
        upstream=issues(153607, 36608),
    ),
    Explanation(
        code="unknown",
        title="The failure's own words name no known cause",
        meaning="A compaction or run failed, and neither the log nor the row nor the transcript says why.",
        detected=(
            "A failed outcome without a recognised text. `guard_blocked` alone ends here: it masks every "
            "cause."
        ),
        helps=(
            (
                "clawmedic diagnose KEY --log FILE with a fuller log: the gateway's console, journald, "
                "yesterday's file"
            ),
            "run the gateway with --verbose until it happens again",
            RESCUE,
        ),
        does_not_help=(
            "guessing from the class",
            "`failed` or `done` in the row: neither says dead or alive",
        ),
        upstream=issues(69202, 64103),
    ),
)
