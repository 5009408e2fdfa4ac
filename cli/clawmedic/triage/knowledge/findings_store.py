"""Findings about a store, its locks, its files and its host (openclaw.md 4).

`takeover` and `disk-full` are causes too: their explanations stand with the causes.
"""

from __future__ import annotations

from clawmedic.triage.knowledge.explanation import Explanation, issues

FINDINGS_STORE = (
    Explanation(
        code="stale-lock",
        title="A lock whose owner is gone",
        meaning=(
            "A killed gateway left `<transcript>.lock`. A start of the gateway removes it; until then "
            "4.15 turns wait 10 s and fail."
        ),
        detected=(
            "The lock's pid does not run, or was started later than the lock says (starttime against "
            "/proc/PID/stat)."
        ),
        helps=(
            "clawmedic rescue KEY: removes only a lock whose owner is proven dead",
            "a gateway start",
        ),
        does_not_help=("deleting locks by age alone: a long run may hold one for minutes",),
        upstream=issues(18140, 86530, 45726, 18060, 10170, 26579, 70555, 86801, 88647),
    ),
    Explanation(
        code="held-lock",
        title="A living process holds the lock",
        meaning=(
            "Normal while a run lasts. Beyond the run timeout the run hangs, or the lock leaked inside "
            "the gateway."
        ),
        detected=(
            "The lock's owner runs and its start time fits; the age is compared with the run timeout and "
            "maxHoldMs (300 s)."
        ),
        helps=(
            "wait for the run's end",
            "`sessions.abort` for a hanging run",
            "a gateway restart when the lane stays blocked",
        ),
        does_not_help=("deleting the lock: two writers damage the transcript (openclaw#45726)",),
        upstream=issues(45726, 85762),
    ),
    Explanation(
        code="backup-sprawl",
        title="Copies fill the disk",
        meaning=(
            "Archives, checkpoints and repair copies grow without bound: 2,180 files with 2.1 GB in 25 "
            "hours have been seen."
        ),
        detected=(
            "Number and bytes of `.bak-…`, `.checkpoint.…`, `.deleted.…`, `.reset.…`, `.bak.…` beside "
            "the transcripts."
        ),
        helps=(
            "clawmedic backups list: what each holds that no other holds",
            "clawmedic backups prune: never the only copy",
        ),
        does_not_help=("`rm *.bak*`: one of them may be the only complete history",),
        upstream=issues(80960, 66057, 72780, 44812, 44820, 36608, 22506, 125183),
    ),
    Explanation(
        code="store-corrupt",
        title="sessions.json is damaged",
        meaning=(
            "OpenClaw reads a damaged store as an empty one, without an error, and its next write "
            "replaces everything: all mappings are lost. The transcripts stay. Any message or start of "
            "the gateway may be that write."
        ),
        detected=(
            "sessions.json is empty, not JSON, or not an object of objects. Left-over temporaries beside "
            "it are tried as copies."
        ),
        helps=(
            "copy the whole sessions directory now, before the gateway is started or written to",
            (
                "put back the newest valid copy named in the evidence (`sessions.json.<…>.tmp`, "
                "`sessions.json.bak.<ms>`), gateway stopped"
            ),
        ),
        does_not_help=(
            "starting the gateway `to let it repair`",
            "OpenClaw's doctor: it does not restore copies",
        ),
        upstream=issues(77783, 79910, 77915, 79319, 66522, 107712, 88017),
    ),
    Explanation(
        code="store-bloat",
        title="sessions.json is very large",
        meaning=(
            "Every turn reads and rewrites it. Prompts and skill snapshots in the rows take most of the room."
        ),
        detected="Size above 5 MB.",
        helps=(
            "`openclaw sessions cleanup --dry-run` first, then `--enforce`",
            "migrating to a release with SQLite (2026.7.2 and later)",
        ),
        does_not_help=("editing it while the gateway runs",),
        upstream=issues(55334),
    ),
    Explanation(
        code="database-damage",
        title="The database is damaged or bloated",
        meaning=(
            "A failed check, a write-ahead log larger than the database, or files that the doctor moved "
            "aside."
        ),
        detected=(
            "quick_check on a copy, `-wal` larger than the database, `*.sqlite.corrupt-<ms>` beside it, "
            "lines of the log."
        ),
        helps=(
            "copy database and -wal together first",
            "`openclaw backup sqlite create` while it still reads",
            "keep it off network and container bind mounts",
        ),
        does_not_help=(
            "deleting the -wal: the newest data is in it",
            "opening it with `immutable=1`: shows an old state",
        ),
        upstream=issues(143524, 120549, 143556, 101290, 94229, 113622),
    ),
    Explanation(
        code="invalid-row",
        title="A row that OpenClaw itself calls invalid",
        meaning=(
            "The database marks the row (`entry_valid` 0) or a row of sessions.json has a wrong type; "
            "OpenClaw may ignore it."
        ),
        detected="`session_nodes.entry_valid = 0`, or fields that cannot be what they should be.",
        helps=(
            "clawmedic show KEY: which fields",
            "`openclaw doctor`: reports entry_invalid",
        ),
        does_not_help=("SQL by hand: triggers set entry_valid to 0 at each change",),
    ),
    Explanation(
        code="leftover-temps",
        title="Temporary files of interrupted writes",
        meaning=(
            "Harmless; one of them may be the newest good copy of a damaged sessions.json, so look "
            "before deleting."
        ),
        detected=(
            "`.tmp`, `.repair-….tmp`, `.manual-compaction-tmp`, `.truncate-tmp`, `.fs-safe-….tmp` older "
            "than a few minutes."
        ),
        helps=(
            "leave them until the store reads well",
            "clawmedic backups prune",
        ),
        does_not_help=("deleting them while a gateway writes",),
        upstream=issues(77915),
    ),
)
