"""`clawmedic rescue` beside real gateways: dead sessions answer again while the fault lasts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway
from lab.provider import Provider

KEY = "agent:main:telegram:group:-100700700800"
LONG = "please keep this in mind. " * 320
SOURCES = Path(__file__).resolve().parents[2] / "cli"
LIVE = ("2026.9.6", "2026.7.1")
every_live = pytest.mark.parametrize("version", LIVE)
newest = pytest.mark.parametrize("version", ["2026.9.6"])


def clawmedic(real: Gateway, *arguments: str, timeout: float = 900) -> tuple[int, dict[str, Any], str]:
    """Run the command as an operator would on this host; exit code, its JSON document, and all it printed."""
    home = real.root / "operator"
    home.mkdir(exist_ok=True)
    environment = {
        "PATH": real.environment()["PATH"],
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(SOURCES),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        [sys.executable, "-m", "clawmedic", *arguments, "--json", "--state-dir", str(real.state_dir)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    document = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return done.returncode, document, done.stdout + done.stderr


def kill(real: Gateway, turns: int = 30) -> None:
    """Fill the session until its compaction fails for good; the provider must be set to fail."""
    with real.client() as client:
        for turn in range(turns):
            text = f"Message {turn} about the lighthouse{turn}: {LONG}"
            on_chat = real.version != "2026.4.15"  # whose chat path throws the session away
            answer = client.chat_send(KEY, text) if on_chat else client.agent(KEY, text)
            if not answer.useful:
                return
    pytest.fail("the session does not die")


def answers(real: Gateway, text: str = f"And now? {LONG}") -> bool:
    with real.client() as client:
        if real.version == "2026.4.15":
            return client.agent(KEY, text).useful
        return client.chat_send(KEY, text).useful


@every_live
def test_another_model_compacts(gateway: Gateway, provider: Provider) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    kill(gateway)
    assert not answers(gateway), "it is not dead"
    code, document, said = clawmedic(gateway, "rescue", KEY, "--yes")
    assert code == 0, said
    (result,) = document["results"]
    assert (result["action"], result["ok"]) == ("compact", True)
    assert answers(gateway), "the fault lasts, and the session answers"
    seen = provider.requests[-1]
    assert seen.model == "big"
