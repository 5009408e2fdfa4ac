"""The guard beside real gateways: one session of a few dies under steady messages, and is brought back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lab.client import Client, NoAnswerError
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway
from lab.provider import Provider

from people_server import People, people

KEY = "agent:main:telegram:group:-100700700800"
OTHERS = tuple(f"agent:main:telegram:group:-10012312300{number}" for number in range(3))
LONG = "please keep this in mind. " * 320
SOURCES = Path(__file__).resolve().parents[2] / "cli"
PASSES = 8
PATIENT = {"agents": {"defaults": {"compaction": {"timeoutSeconds": 90}}}}
"""On a busy machine a compaction must fail for the provider's reason, and not for its own slowness."""
every = pytest.mark.parametrize(
    "version", [pytest.param("2026.9.6", marks=pytest.mark.ci), "2026.7.1", "2026.4.15"]
)


@dataclass
class Talk:
    """What was said in the other sessions, and whether each message was answered."""

    answered: list[bool] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OTHERS, 0))
    failed: list[str] = field(default_factory=list)


@contextmanager
def talking(real: Gateway) -> Iterator[Talk]:
    """People go on writing to the other sessions while the block lasts."""
    talk, over = Talk(), threading.Event()

    def go_on() -> None:
        with connected(real) as client:
            while not over.is_set():
                for key in OTHERS:
                    talk.said[key] += 1
                    text = f"Steady message {talk.said[key]} of {key[-3:]}"
                    answer = client.agent(key, text, timeout=400.0)
                    talk.answered.append(answer.useful)
                    if not answer.useful:
                        talk.failed.append(f"{key}: {answer}")
                over.wait(3.0)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield talk
    finally:
        over.set()
        thread.join(400)


def connected(real: Gateway) -> Client:
    """A connection; on a busy machine the handshake may take longer than it waits for."""
    for _ in range(4):
        with suppress(TimeoutError, NoAnswerError):
            return real.client()
    return real.client()


@dataclass
class Watched:
    """A gateway, and how its guard is called."""

    real: Gateway
    home: Path

    @property
    def metrics(self) -> Path:
        return self.home / "clawmedic.prom"

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "PYTHONPATH": str(SOURCES),
            "LANG": "C.UTF-8",
        }
        return subprocess.run(
            [sys.executable, "-m", "clawmedic", *arguments, "--state-dir", str(self.real.state_dir)],
            env=environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def once(self) -> subprocess.CompletedProcess[str]:
        return self.call("guard", "--once", "--log", str(self.real.log))


def watched(real: Gateway, there: People) -> Watched:
    home = real.root / "operator"
    config = home / "config" / "clawmedic" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[guard]\npolicy = "revive"\ncooldown = "5s"\n[notify]\nurls = ["{there.url}"]\n'
        f'[signals]\nmetrics = "{home / "clawmedic.prom"}"\n'
    )
    return Watched(real, home)


def say(real: Gateway, text: str) -> bool:
    with connected(real) as client:
        on_chat = real.version != "2026.4.15"  # whose chat path throws the session away
        return (client.chat_send(KEY, text) if on_chat else client.agent(KEY, text)).useful


def kill(guard: Watched) -> None:
    """Fill the session until its compaction fails for good: on a busy machine a turn may fail for other reasons."""
    seen = ""
    for turn in range(30):
        if say(guard.real, f"Message {turn} about the lighthouse{turn}: {LONG}"):
            continue
        seen = guard.call("scan", "--json", "--verdict", "dead", "--log", str(guard.real.log)).stdout
        if any(one["cause"] == "reasoning-required" for one in json.loads(seen)["sessions"]):
            return
    pytest.fail(f"the session does not die: {seen}")


@every
def test_one_of_a_few_dies_and_is_brought_back(
    version: str, start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    gateway = start_gateway(version, overrides=PATIENT)
    provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    with people() as there:
        guard = watched(gateway, there)
        with talking(gateway) as talk:
            first = guard.once()
            assert (first.returncode, first.stdout) == (0, ""), first
            kill(guard)
            said = []
            for _ in range(PASSES):
                done = guard.once()
                said.append(f"{done.returncode}\n{done.stdout}{done.stderr}")
                if done.returncode == 0 and "event=rescued" in "".join(said):
                    break
                time.sleep(5)
            assert done.returncode == 0, "\n".join([*said, guard.call("guard", "status", "--json").stdout])
            assert say(gateway, f"And now? {LONG}"), "the fault lasts, and the session answers"
            quiet = guard.once()
        assert quiet.stdout == "", quiet
        assert talk.failed == [], "the others lost nothing"
        assert len(talk.answered) >= 2 * len(OTHERS)
    story = "\n".join(said)
    assert story.count("event=rescued") == 1, story
    rescued = [one for one in there.messages if "can be used again" in json.dumps(one)]
    assert len(rescued) == 1, there.messages
    metrics = guard.metrics.read_text()
    assert 'result="ok"' in metrics, metrics
    assert 'verdict="dead"} 0.0' in metrics, metrics
    history = json.loads(guard.call("history", "--json").stdout)["operations"]
    assert {key for one in history for key in one["keys"]} == {KEY}, "nobody else was touched"
