"""What every state directory of the drill has: the config, the log, the gateway that is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from msgspec import Struct

from clawmedic.disk import building
from clawmedic.drill.builder_entries import API, MODEL, PROVIDER, JsonObject
from clawmedic.drill.builder_log import LogLine, record
from clawmedic.drill.ids import iso
from clawmedic.drill.nobody import GatewayProcess
from clawmedic.drill.story import CWD, RESERVE, WINDOW, Story
from clawmedic.drill.versions import Version

RUN_TIMEOUT_SECONDS = 600


class Tree(Struct, frozen=True):
    """One state directory to be made.

    Attributes:
        root: the directory that holds `state` and `logs`.
        booted_at: when its gateway started, epoch milliseconds; it was killed after the last story.
        gateway: the process that was this gateway; nobody listens on its port.
        cooldown_until: the provider rests until then, epoch milliseconds (SQLite); None while it does not.
        strange: lines of the log that belong to no story.
        spoil_store: what becomes of the store's bytes on their way to the disk (of a database it is given none).
    """

    root: Path
    version: Version
    booted_at: int
    gateway: GatewayProcess
    stories: Sequence[Story]
    cooldown_until: int | None = None
    strange: Sequence[LogLine] = ()
    spoil_store: Callable[[bytes], bytes] | None = None

    @property
    def state(self) -> Path:
        """OpenClaw's state directory."""
        return self.root / "state"

    @property
    def sessions(self) -> Path:
        """The directory of `sessions.json` and the transcripts (file generation)."""
        return self.state / "agents" / "main" / "sessions"

    @property
    def log(self) -> Path:
        """The gateway's log file."""
        return self.root / "logs" / f"openclaw-{iso(self.booted_at)[:10]}.log"


def write_config(tree: Tree) -> None:
    """`openclaw.json` as the release accepts it: 9.6 refuses `reserveTokens` (openclaw.md 1.8)."""
    model = {"id": MODEL, "name": MODEL, "reasoning": False, "contextWindow": WINDOW, "maxTokens": 4096}
    provider = {
        "baseUrl": "http://127.0.0.1:9/v1",
        "apiKey": "${EXAMPLE_API_KEY}",
        "api": API,
        "models": [model],
    }
    compaction: JsonObject = {"timeoutSeconds": 180}
    if tree.version is Version.V7:
        compaction |= {"reserveTokens": RESERVE[tree.version], "reserveTokensFloor": 0}
    defaults = {
        "model": {"primary": f"{PROVIDER}/{MODEL}"},
        "workspace": CWD,
        "timeoutSeconds": RUN_TIMEOUT_SECONDS,
        "compaction": compaction,
    }
    config = {
        "meta": {"lastTouchedVersion": tree.version.value},
        "gateway": {"mode": "local", "port": tree.gateway.port, "bind": "loopback"},
        "models": {"mode": "replace", "providers": {PROVIDER: provider}},
        "agents": {"defaults": defaults},
    }
    content = orjson.dumps(config, option=orjson.OPT_INDENT_2)
    building.write_bytes(tree.state / "openclaw.json", content, mtime_ms=tree.booted_at)


def write_log(tree: Tree) -> None:
    """Every story's lines in the order of their time, after the lines of the gateway's start."""
    told = [line for story in tree.stories for line in story.log if line.level != "DEBUG"]
    lines = [*told, *tree.strange]
    lines.sort(key=lambda line: line.at)
    boot = [
        LogLine(tree.booted_at, "INFO", "gateway", "loading configuration…"),
        LogLine(
            tree.booted_at + 900,
            "INFO",
            "gateway",
            f"agent model: {PROVIDER}/{MODEL} (thinking=off, fast=off)",
        ),
        LogLine(tree.booted_at + 4_000, "INFO", "gateway", "gateway ready"),
    ]
    shaped = (orjson.dumps(record(tree.version, line)) for line in [*boot, *lines])
    building.write_lines(tree.log, shaped, mtime_ms=max(line.at for line in [*boot, *lines]))


def delivery_context(story: Story) -> JsonObject:
    """Where answers of this chat go (openclaw-channels.md 2)."""
    return {"channel": "telegram", "to": f"telegram:{story.chat}", "accountId": "default"}
