"""What an operator does beside a laboratory gateway: runs `clawmedic`, fills a session until it dies, asks it again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab.gateway import Gateway

KEY = "agent:main:telegram:group:-100700700800"
LONG = "please keep this in mind. " * 320
SOURCES = Path(__file__).resolve().parents[3] / "cli"


class StillAliveError(Exception):
    """A session did not die of what was done to it."""


def environment_of(real: Gateway) -> dict[str, str]:
    """The operator's own environment: a home of his own, and `openclaw` on the path."""
    home = real.root / "operator"
    home.mkdir(exist_ok=True)
    return {
        "PATH": real.environment()["PATH"],
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(SOURCES),
        "LANG": "C.UTF-8",
    }


def clawmedic(real: Gateway, *arguments: str, timeout: float = 900) -> tuple[int, dict[str, Any], str]:
    """Run the command as an operator would on this host; exit code, its JSON document, and all it printed.

    A gateway in a network of its own is reached from within that network.
    """
    environment = environment_of(real)
    logs = () if arguments[0] in ("undo", "history") else ("--log", str(real.log))
    done = subprocess.run(
        [
            *real.network.prefix(),
            *(sys.executable, "-m", "clawmedic", *arguments),
            *("--json", "--state-dir", str(real.state_dir), *logs),
        ],
        env=environment,
        cwd=environment["HOME"],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    document = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return done.returncode, document, done.stdout + done.stderr


def say(real: Gateway, text: str, key: str = KEY, *, by_agent: bool | None = None) -> bool:
    """Send one message; whether a model answered. `by_agent` None takes the path on which this release can die."""
    with real.client() as client:
        if by_agent or (by_agent is None and real.version == "2026.4.15"):
            return client.agent(key, text).useful
        return client.chat_send(key, text).useful


def kill(real: Gateway, key: str = KEY, turns: int = 30) -> list[str]:
    """Fill a session until a compaction that fails for good refuses it; the words that were told and answered.

    The provider must be set to fail. By `agent` on 2026.4.15, whose chat path throws the session away instead.

    Raises:
        StillAliveError: it answers after so many turns.
    """
    told: list[str] = []
    for turn in range(turns):
        if not say(real, f"Message {turn} about the lighthouse{turn}: {LONG}", key):
            return told
        told.append(f"lighthouse{turn}")
    raise StillAliveError(key)
