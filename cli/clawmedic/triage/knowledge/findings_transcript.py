"""Findings about a transcript: its size, its structure, its memory (openclaw.md 4)."""

from __future__ import annotations

from clawmedic.triage.knowledge.causes_local import MEND
from clawmedic.triage.knowledge.explanation import ANOTHER_SUMMARISER, RESCUE, Explanation, issues

NEVER_OPEN = (
    "letting an old OpenClaw open it: 4.15 overwrites a transcript without a valid header (openclaw#89037); "
    "7.1 copies it to `.corrupt-…` first"
)

FINDINGS_TRANSCRIPT = (
    Explanation(
        code="error-bloat",
        title="Failed answers fill the transcript",
        meaning=(
            "Each failing call left entries: 4.15 four for each message (429, 500), 7.1 the last one. "
            "They do not kill by themselves, but the user texts pile up in every prompt."
        ),
        detected=(
            "Runs of assistant entries with stopReason `error`, `[assistant turn failed before producing "
            "content]`, prompt-error entries."
        ),
        helps=(
            MEND,
            "cure the cause first, else they come back",
        ),
        does_not_help=("a reset while the provider is down",),
        upstream=issues(69202),
    ),
    Explanation(
        code="oversized",
        title="The transcript is large",
        meaning=(
            "Above 500 KB (a setting) people report slow turns, lock timeouts and empty replies. Bytes "
            "are not tokens: a large file can be well inside the budget, and a small one over it."
        ),
        detected="The transcript's size on disk, or the sum of its events in the database.",
        helps=(
            "clawmedic show KEY: says what takes the room",
            ANOTHER_SUMMARISER,
            "compaction.maxActiveTranscriptBytes in the config (7.1, 9.6)",
        ),
        does_not_help=(
            "`sessions.compact {maxLines}`",
            "a compaction where the run reads the whole file all the same (4.15, 7.1)",
        ),
        upstream=issues(85762, 16114, 13744, 13123, 39953, 3154, 118923),
    ),
    Explanation(
        code="over-budget",
        title="The conversation is over its budget",
        meaning=(
            "The next turn needs a compaction. If that works, nothing is wrong. The budget is the window "
            "minus a reserve: sessions died at 56 % (4.15) and 73 % (9.6) of the window."
        ),
        detected=(
            "The newest precheck line, the row's contextBudgetStatus, or fresh totalTokens against the "
            "budget."
        ),
        helps=(
            "clawmedic compact KEY before it is required",
            ANOTHER_SUMMARISER,
            "a model with a larger window",
        ),
        does_not_help=(
            "watching 80 % of the window: both deaths above were below it",
            "raising reserveTokensFloor on 9.6: the key is gone",
        ),
        upstream=issues(91832),
    ),
    Explanation(
        code="near-budget",
        title="The conversation is near its budget",
        meaning=(
            "80 % and more of what the window leaves. One long message may be the one that needs a "
            "compaction."
        ),
        detected=(
            "As over-budget. On 9.6 `Optional session maintenance failed` comes one message before the death."
        ),
        helps=(
            "clawmedic compact KEY now, while every model still works",
            "check that the summariser's model is healthy",
        ),
        does_not_help=("waiting for the automatic compaction when the last one failed",),
    ),
    Explanation(
        code="orphan-transcript",
        title="A transcript that no session refers to",
        meaning=(
            "Mostly harmless left-overs. On 4.15 it may be the conversation that an automatic reset "
            "dropped (history-orphaned). Where several sessions were reset at once and the logs are gone, "
            "it cannot be told whose it is: nothing is guessed."
        ),
        detected=(
            "A live-named `.jsonl` that no row of the store names by sessionFile, session id or earlier id."
        ),
        helps=(
            "clawmedic backups show ID: reads it",
            "clawmedic backups restore ID --to FILE",
            "clawmedic backups restore ID --live --key KEY --distil: behind the key whose history it is",
        ),
        does_not_help=(
            (
                "`openclaw doctor --fix`: it archived live transcripts (openclaw#73471, openclaw#82209, "
                "openclaw#119926)"
            ),
            "deleting it",
        ),
        upstream=issues(124022, 25373, 89170, 78027, 65151, 71960, 70680),
    ),
    Explanation(
        code="history-orphaned",
        title="An automatic reset dropped the conversation; the file is still there",
        meaning=(
            "4.15 answers a failed compaction of a chat by a new, empty session. The old transcript "
            "stays on disk and nothing refers to it: the chat answers, and remembers nothing. 7.1 and "
            "9.6 no longer do this."
        ),
        detected=(
            "`Auto-compaction failed (…). Restarting session KEY -> ID and retrying.` or a transcript "
            "whose first message is `⚠️ Context limit exceeded. I've reset our conversation`, with an "
            "older orphan beside it."
        ),
        helps=(
            "clawmedic rescue KEY: relinks the history, made small enough to live",
            "clawmedic backups list KEY: shows it; `restore ID --to FILE` copies it out",
            "clawmedic ack KEY history-orphaned: when the loss is accepted",
        ),
        does_not_help=(
            "relinking it whole without curing the summariser: dead at the next message",
            "waiting: maintenance may archive the orphan",
        ),
        upstream=issues(70479, 69202),
    ),
    Explanation(
        code="missing-transcript",
        title="The row's transcript is not there",
        meaning=(
            "OpenClaw starts an empty one at the next message. A path that only belongs to another "
            "machine is not missing."
        ),
        detected=(
            "Neither sessionFile as written nor `<session id>.jsonl` (or `-topic-N`) beside the store "
            "exists; no events in the database."
        ),
        helps=(
            "clawmedic backups list KEY: archives of the same id",
            "clawmedic backups restore ID --live (gateway stopped)",
        ),
        does_not_help=("`openclaw doctor --fix`",),
        upstream=issues(25373, 124022),
    ),
    Explanation(
        code="bad-header",
        title="The transcript has no valid header",
        meaning=(
            "The first line is not the session header. The next open by 4.15 replaces the file with an "
            "empty one."
        ),
        detected='First line not `{"type":"session","id":…}`, or of absurd length.',
        helps=(
            "stop the gateway now",
            MEND,
            "clawmedic backups list KEY: `.bak.<time>` holds what maxLines cut off",
        ),
        does_not_help=(
            NEVER_OPEN,
            "`sessions.compact {maxLines}` on 4.15: it is what makes this damage (openclaw#28486)",
        ),
        upstream=issues(89037, 28486, 94577),
    ),
    Explanation(
        code="malformed-lines",
        title="Lines of the transcript are not JSON",
        meaning=(
            "OpenClaw skips or drops them; an entry in the middle of the chain takes everything before "
            "it out of the context."
        ),
        detected="Lines that do not parse: raw control characters, NUL bytes, halves of lines, wrong types.",
        helps=(
            "clawmedic scan KEY --deep: counts them",
            MEND,
        ),
        does_not_help=("editing the file while the gateway runs",),
        upstream=issues(98106, 98669, 100644, 9021, 69846),
    ),
    Explanation(
        code="torn-tail",
        title="The last line was cut off while it was written",
        meaning=(
            "A crash or a full disk ended the write. 4.15 and 7.1 repair it at the next turn; that one "
            "entry is lost."
        ),
        detected="A last line that is no JSON, without a line end.",
        helps=(
            "the next message (4.15, 7.1)",
            MEND,
        ),
        does_not_help=("alarm while a run is writing: look again when it ended",),
        upstream=issues(98106, 9021),
    ),
    Explanation(
        code="unpaired-tool-calls",
        title="Tool calls without results, or results without calls",
        meaning=(
            "A dangling call at the tail is repaired in the prompt by all three versions and harms "
            "nothing. In the middle, a duplicate or a result without its call makes providers refuse the "
            "whole history."
        ),
        detected="Ids of calls and results on the active branch, entries that are no messages skipped.",
        helps=(
            MEND,
            "clawmedic show KEY: where it stands",
        ),
        does_not_help=(
            "acting on a dangling call at the tail alone",
            "a restart",
        ),
        upstream=issues(9958, 9964, 9769, 31625, 14322, 8536, 5497, 8643, 21985, 10310, 16823),
    ),
    Explanation(
        code="broken-chain",
        title="The chain of entries has a hole",
        meaning=(
            "A parent is missing, so the context silently starts after the hole; the earlier entries "
            "stay in the file, unseen."
        ),
        detected="A parentId on the active path that no entry has; cycles; several roots.",
        helps=(
            MEND,
            "clawmedic rescue KEY",
        ),
        does_not_help=("a compaction: it summarises only what is left of the chain",),
        upstream=issues(64287, 48810, 79635, 104323),
    ),
    Explanation(
        code="empty-entries",
        title="Entries without a role or without content",
        meaning=(
            "A null role or an empty assistant entry without an error. Some providers refuse the history "
            "because of it."
        ),
        detected="`message.role` null, or `content: []` without stopReason `error`.",
        helps=(MEND,),
        does_not_help=("a restart",),
        upstream=issues(77228),
    ),
    Explanation(
        code="lossy-compaction",
        title="A compaction that succeeded lost the conversation",
        meaning=(
            "The summary is empty or a template. 4.15 and 7.1 accept an empty summary as a success: the "
            "session answers and remembers nothing. The entries before the compaction are still in the "
            "transcript (on 4.15 also in a `.checkpoint.` file)."
        ),
        detected=(
            "A `compaction` entry or checkpoint with an empty or very short summary for more than 10,000 "
            "tokens, or a known template (`No prior history.`, `Summary unavailable due to …`). The log "
            "says nothing: it was a success."
        ),
        helps=(
            "clawmedic backups list KEY: what is still there, `export` and `search` read it",
            "tell the person in the chat what was forgotten",
            "clawmedic ack KEY lossy-compaction: when the loss is accepted",
        ),
        does_not_help=(
            "another compaction: it summarises the empty summary",
            "waiting",
        ),
        upstream=issues(12921, 5224, 66620, 133408, 120663, 122617, 156230, 13611),
    ),
    Explanation(
        code="compaction-loop",
        title="The session compacts again and again",
        meaning=(
            "Each compaction frees too little, or nothing (4.15 compacted on every turn: 12 in 12). It "
            "costs money and memory."
        ),
        detected=(
            "Many `outcome=compacted` in a short time, `Already compacted`, compaction entries with few "
            "messages between."
        ),
        helps=(
            "a model with a larger window",
            "clawmedic compact KEY --distil",
            "agents.defaults.compaction.keepRecentTokens lower on 7.1 and 9.6; without effect on 4.15",
        ),
        does_not_help=(
            "keepRecentTokens or reserveTokens on 4.15: dropped at load",
            "`/compact`",
        ),
        upstream=issues(89358, 120455, 121617, 77314, 118923, 66058, 130118),
    ),
    Explanation(
        code="flush-loop",
        title="The memory flush fails or repeats",
        meaning=(
            "Before a compaction OpenClaw lets the model write notes; that turn fails each time. 7.1 "
            "rotates the session in the end."
        ),
        detected=(
            "memoryFlushFailureCount of 3 or more (7.1), `Memory flush exhausted. Rotating bloated "
            "session`, repeated flush failures."
        ),
        helps=(
            "cure the provider's cause the flush names",
            RESCUE,
            "agents.defaults.compaction.memoryFlush off for a while",
        ),
        does_not_help=("a restart: the counter is in the row",),
        upstream=issues(66058),
    ),
)
