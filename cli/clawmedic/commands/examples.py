"""Examples by command, for `--help` and the man pages. A test lets the program itself parse each of them."""

from __future__ import annotations

from collections.abc import Mapping

Examples = tuple[tuple[str, str], ...]

EXAMPLES: Mapping[tuple[str, ...], Examples] = {
    (): (
        (
            "See what is wrong, why, and put it right:",
            "clawmedic scan\nclawmedic show telegram:group\nclawmedic rescue telegram:group",
        ),
        ("See every kind of dead session without any OpenClaw:", "clawmedic drill"),
    ),
    ("scan",): (
        ("What needs a person, of the last day:", "clawmedic scan --since 24h"),
        ("For a monitoring system:", "clawmedic scan --format nagios --fail-on dead"),
        (
            "Keys of the dead sessions, one a line:",
            "clawmedic scan --json --verdict dead | jq -r '.sessions[].key'",
        ),
        (
            "A state directory that was copied from another machine, with its log:",
            "clawmedic scan --state-dir ./copy --log ./copy/openclaw.log",
        ),
    ),
    ("show",): (("One session, named by a part of its key:", "clawmedic show topic:42"),),
    ("diagnose",): (
        ("Why turns failed in the last six hours:", "clawmedic diagnose --since 6h"),
        (
            "A log from standard input:",
            "journalctl --user -u openclaw-gateway -o cat | clawmedic diagnose --log -",
        ),
        ("Go on, and tell what is new:", "clawmedic diagnose --follow"),
    ),
    ("explain",): (("What a cause means and what helps:", "clawmedic explain reasoning-required"),),
    ("ack",): (
        (
            "A loss that is known no longer shapes the verdict:",
            "clawmedic ack telegram:group lossy-compaction",
        ),
        ("What is acknowledged:", "clawmedic ack"),
    ),
    ("backups",): (
        ("Every copy of one conversation, the best one marked:", "clawmedic backups list telegram:group"),
    ),
    ("backups", "list"): (
        (
            "Every copy of one conversation, with the chain behind its key:",
            "clawmedic backups list telegram:group",
        ),
        ("Copies that no session points to any more:", "clawmedic backups list --orphans"),
    ),
    ("backups", "show"): (
        ("A copy as a conversation, named by the beginning of its id:", "clawmedic backups show c9687969"),
    ),
    ("backups", "search"): (
        ("Who said it, in all live and archived copies:", "clawmedic backups search 'invoice 4711'"),
    ),
    ("backups", "diff"): (
        ("What one copy holds that another does not:", "clawmedic backups diff c9687969 51394577"),
    ),
    ("backups", "export"): (
        (
            "A page for a browser, without secrets:",
            "clawmedic backups export telegram:group --format html --redact --to history.html",
        ),
    ),
    ("backups", "restore"): (
        (
            "A copy as a transcript in a file of its own:",
            "clawmedic backups restore c9687969 --to recovered.jsonl",
        ),
        ("Make it the conversation behind its key again:", "clawmedic backups restore c9687969 --live"),
    ),
    ("backups", "prune"): (
        (
            "Say what would be put aside; with --yes, do it:",
            "clawmedic backups prune --keep 3 --older-than 30d",
        ),
    ),
    ("backups", "browse"): (("Look through all copies on the whole screen:", "clawmedic backups browse"),),
    ("rescue",): (
        (
            "Look at the plan, then do it:",
            "clawmedic rescue telegram:group --dry-run\nclawmedic rescue telegram:group",
        ),
        ("Everything that is dead or stuck, without a question:", "clawmedic rescue --all --yes"),
        ("With another model for the compaction:", "clawmedic rescue telegram:group --model openai/gpt-5"),
    ),
    ("mend",): (("What would be repaired:", "clawmedic mend telegram:group --dry-run"),),
    ("compact",): (
        (
            "Two models, in this order:",
            "clawmedic compact telegram:group --model openai/gpt-5 --model google/gemini-3",
        ),
        ("Without any model:", "clawmedic compact telegram:group --distil"),
    ),
    ("reset",): (("Begin anew, and keep the old conversation:", "clawmedic reset telegram:group"),),
    ("guard",): (
        ("See what it would do:", "clawmedic guard --once --policy revive --dry-run"),
        ("From cron; it prints only what it did:", "clawmedic guard --once --policy revive"),
        (
            "As a service, with a textfile for Prometheus:",
            "clawmedic guard --every 5m --metrics /var/lib/node_exporter/textfile/clawmedic.prom",
        ),
    ),
    ("guard", "status"): (("What it remembers, and which keys it has given up:", "clawmedic guard status"),),
    ("guard", "pause"): (("While you work on the gateway:", "clawmedic guard pause 2h"),),
    ("guard", "resume"): (("When you are done before that:", "clawmedic guard resume"),),
    ("guard", "retry"): (("After the cause was put right by hand:", "clawmedic guard retry telegram:group"),),
    ("history",): (("What was changed, newest first:", "clawmedic history"),),
    ("undo",): (("Put back what an operation changed:", "clawmedic undo 20261128"),),
    ("notify",): (("Try every channel:", "clawmedic notify test"),),
    ("notify", "test"): (
        ("Try every channel of a file of your own:", "clawmedic notify test --config ./config.toml"),
    ),
    ("setup",): (
        (
            "From nothing to a guard that tells people:",
            "clawmedic setup config\nclawmedic notify test\nclawmedic setup systemd --install",
        ),
    ),
    ("setup", "config"): (
        ("Write it, and look at what is in force:", "clawmedic setup config\nclawmedic info"),
    ),
    ("setup", "cron"): (
        ("Look first, then install:", "clawmedic setup cron\nclawmedic setup cron --every 10m --install"),
    ),
    ("setup", "systemd"): (
        ("As a user:", "clawmedic setup systemd --install"),
        (
            "As root, for the owner of a state directory:",
            "clawmedic setup systemd --system --state-dir /home/op/.openclaw --install",
        ),
        ("Take it away again:", "clawmedic setup systemd --uninstall"),
    ),
    ("setup", "launchd"): (("Look at it:", "clawmedic setup launchd"),),
    ("drill",): (
        (
            "Keep what the drill makes, and look at it:",
            "clawmedic drill --keep ./drill",
        ),
        (
            "Rehearse on a running gateway, with one session that is taken away again:",
            "clawmedic drill --against-gateway ws://127.0.0.1:18789",
        ),
    ),
    ("info",): (("What clawmedic sees of another profile:", "clawmedic info --profile work"),),
}
