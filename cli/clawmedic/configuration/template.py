"""The commented file that `clawmedic setup config` writes: every setting with its default, each switched off.

A line that begins with `#` and no blank is a setting; what follows `# ` is for people.
"""

from __future__ import annotations

TEMPLATE = """\
# clawmedic's own configuration. Every setting is optional; a line such as `#attempts = 3` shows the default.
# Times: "90s", "10m", "6h", "2d". Sizes: "500KB", "2MB", "1GiB". `clawmedic info` says what is in force.

[guard]
# How far `clawmedic guard` may go without asking:
#   observe   look and tell, change nothing (this holds, too, as long as nothing is chosen)
#   preserve  whatever keeps the whole history in the model's reach
#   revive    also what shortens it: older turns become a list of facts
#   reset     also a new session, the old one kept
#   ignore    not even tell
#policy = "observe"
# Other models for a compaction, best first, each as "provider/model".
#models = []
# So many rescues of one session within the window, with a pause between them that doubles each time.
#attempts = 3
#window = "6h"
#cooldown = "10m"
#cooldown_max = "6h"
# One pass takes no longer.
#max_runtime = "10m"
# No rescue at these times of the day, such as "23:00-07:00"; people are told all the same.
#quiet_hours = ""
# For the quiet hours; "" is the zone of this host.
#timezone = ""
# After a rescue send one real turn (it costs tokens).
#probe = false
# Warn when a session will reach its budget within so many turns; 0 never warns.
#warn_turns = 10

# Rules: the first that fits decides; all that a rule names must fit. Last of all stands a built-in one which
# ignores cron, subagent and hook sessions: OpenClaw makes them anew.
#[[guard.rules]]
# A pattern for the session key.
#key = "agent:main:telegram:*"
# The agent and the channel, word for word.
#agent = "main"
#channel = "telegram"
# Some of: main, direct, group, topic, cron, subagent, hook.
#chat = ["direct", "group"]
# Some of: dead, stuck, suspect, damaged, at_risk, healthy.
#verdict = ["dead", "stuck"]
# The kind of the cause, some of: transient, configuration, size, content, storage.
#kind = ["size", "configuration"]
# In place of what [guard] says.
#policy = "revive"
#models = ["anthropic/claude-sonnet-4-5"]
#attempts = 2
#cooldown = "30m"
# Whether people are told.
#notify = true

[notify]
# Apprise URLs (Telegram, Slack, Discord, ntfy, mail, webhooks and many more), `env:NAME` (a variable that holds
# them) or `file:/path` (one URL a line). Keep this file private: URLs hold secrets. Try: `clawmedic notify test`.
#urls = ["env:CLAWMEDIC_NOTIFY_URLS"]
# Tell the chat of a session, too, by the gateway.
#in_chat = true
# Quote the messages that stayed unanswered.
#transcript_text = false
# Messages for each channel in an hour; what is above comes later, in one.
#per_hour = 20
# Only these kinds.
#kinds = ["rescued", "escalation", "outage", "dead", "recovered", "warning", "paused", "trouble", "test"]

[signals]
# A file for Prometheus' textfile collector.
#metrics = "/var/lib/node_exporter/textfile/clawmedic.prom"
# A dead-man switch such as healthchecks.io: it is called at the start and the end of each pass. `env:NAME` and
# `file:/path` work here, too.
#ping_url = ""
# JSON in place of key=value for the line that each action writes.
#log_json = false

[scan]
# A larger transcript is `oversized`.
#oversized = "500KB"
# The share of its budget at which a session is at risk.
#near_budget = 0.8

[gateway]
# Where the gateway is, such as "ws://127.0.0.1:18789"; "" finds it.
#url = ""
# The variable, or the file, that holds its token; "" takes OpenClaw's own.
#token_env = ""
#token_file = ""

[backups]
# So many of clawmedic's own copies beside each transcript, and all of them together.
#keep = 10
#max_bytes = "4GB"
"""


def with_everything() -> str:
    """The file with every setting switched on."""
    return "".join(
        line[1:] if line.startswith("#") and line[1:2] not in (" ", "\n", "") else line
        for line in TEMPLATE.splitlines(keepends=True)
    )
