"""A soak by hand before a release: people write, faults come and go, the guard watches, nothing may be lost.

    .venv/bin/python tests/soak.py --minutes 60 --version 2026.9.6

A real gateway with a scripted provider on loopback, a few sessions whose people write all the time, and one
`clawmedic guard --every`. Now and then every compaction of one session fails, for good until it was rescued or for a
minute. At the end all faults are over, and each session is asked once more.

It prints a table and exits with 1 when something was lost or a session does not answer at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "e2e"))

from lab.faults import BY_NAME
from lab.gateway import Gateway
from lab.install import VERSIONS, install
from lab.isolation import Network, isolated_if_possible
from lab.operator import environment_of
from lab.provider import LoopbackServer, Provider, Rule
from matrix.command import clawmedic
from matrix.memory import everything

PATIENCE = 400.0
PASS_EVERY = "20s"
SUMMARISER_FAULTS = ("reasoning", "404", "empty", "shapeless")
"""Those of one session alone: after 402, 429 or 500 OpenClaw asks the provider for nobody for minutes or hours."""
LONGEST_BRIEF = 60.0
"""Seconds a fault lasts that passes by itself."""
_FILLER = "please keep this in mind for later. "


@dataclass
class Session:
    """One conversation: what people said, what was answered, and the fault it has just now."""

    number: int
    said: int = 0
    answered: list[str] = field(default_factory=list)
    refused: int = 0
    deaths: int = 0
    fault: Rule | None = None
    heals_at: float = 0.0

    @property
    def key(self) -> str:
        return f"agent:main:telegram:group:-1007{self.number:03}"

    @property
    def mark(self) -> str:
        return f"lighthouse{self.number:03}"


class Inbox:
    """Takes the guard's notices by HTTP, and counts them by title."""

    def __init__(self, network: Network) -> None:
        self.titles: list[str] = []
        self._server = LoopbackServer(self, _Posted, network.listen())
        self.port = int(self._server.server_address[1])

    def close(self) -> None:
        self._server.close()


class _Posted(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        owner: Inbox = self.server.owner  # type: ignore[attr-defined]
        owner.titles.append(str(document.get("title", "")))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Says nothing: what came is in the inbox."""


class Soak:
    """The people, the faults, and what came of them."""

    def __init__(self, gateway: Gateway, provider: Provider, sessions: int, seed: int) -> None:
        self.gateway, self.provider = gateway, provider
        self.sessions = [Session(number) for number in range(sessions)]
        self.chance = random.Random(seed)
        self.over = threading.Event()

    def people(self, session: Session) -> None:
        """One person writes until it is over; a refused message is written again."""
        again = False
        while not self.over.is_set():
            session.said += 0 if again else 1
            text = f"Message {session.said} about {session.mark}. {_FILLER * self.chance.randint(100, 500)}".strip()
            again = not self.write(session, text)
            self.over.wait(2.0 if again else 0.2)

    def write(self, session: Session, text: str) -> bool:
        """Whether a model answered; what it answered must never be lost."""
        with self.gateway.client() as client:
            answer = client.chat_send(session.key, text, timeout=PATIENCE)
        if answer.useful:
            session.answered.append(text)
        else:
            session.refused += 1
        return answer.useful

    def weather(self) -> None:
        """Faults come to one session after another, and some pass by themselves."""
        while not self.over.wait(5.0):
            for session in self.sessions:
                if session.fault is not None and time.monotonic() > session.heals_at:
                    self.provider.heal(session.fault)
                    session.fault = None
            well = [session for session in self.sessions if session.fault is None]
            if well and self.chance.random() < 0.3:  # one begins about every 15 s
                self._strike(self.chance.choice(well))

    def _strike(self, session: Session) -> None:
        name = self.chance.choice(SUMMARISER_FAULTS)
        brief = self.chance.random() < 0.5
        session.fault = self.provider.fail(
            BY_NAME[name], kind="compaction", model="big", contains=session.mark
        )
        session.heals_at = time.monotonic() + (LONGEST_BRIEF if brief else 10 * LONGEST_BRIEF)
        session.deaths += 1

    def lost(self) -> list[str]:
        """Answered messages that stand nowhere on disk any more."""
        kept = "\n".join(text for texts in everything(self.gateway).values() for text in texts)
        return [
            text
            for session in self.sessions
            for text in session.answered
            if json.dumps(text)[1:-1] not in kept
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one release for so many minutes; 0 when nothing was lost and everyone is answered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--version", choices=VERSIONS, default=VERSIONS[-1])
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with ExitStack() as stack:
        network = isolated_if_possible()
        stack.callback(network.close)
        provider = stack.enter_context(Provider(listener=network.listen()))
        inbox = Inbox(network)
        stack.callback(inbox.close)
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clawmedic-soak-")))
        gateway = stack.enter_context(
            Gateway(install(given.version), root, provider.base_url, network=network)
        )
        soak = Soak(gateway, provider, given.sessions, given.seed)
        with guarded(gateway, inbox) as guard:
            stirred(soak, given.minutes)
            alive = guard.poll() is None
        return reported(soak, inbox, guard_alive=alive)


@contextmanager
def guarded(gateway: Gateway, inbox: Inbox) -> Iterator[subprocess.Popen[bytes]]:
    """The guard as a service beside the gateway; its notices go to the inbox."""
    environment = environment_of(gateway)
    home = Path(environment["HOME"])
    config = home / "config.toml"
    config.write_text(
        '[guard]\npolicy = "revive"\nattempts = 50\ncooldown = "20s"\ncooldown_max = "1m"\n'
        f'[notify]\nurls = ["json://127.0.0.1:{inbox.port}/"]\nper_hour = 1000\n',
        encoding="utf-8",
    )
    config.chmod(0o600)
    command = [*gateway.network.prefix(), sys.executable, "-m", "clawmedic", "guard", "--every", PASS_EVERY]
    command += ["--config", str(config), "--state-dir", str(gateway.state_dir), "--log", str(gateway.log)]
    with (home / "guard.txt").open("wb") as console:
        process = subprocess.Popen(
            command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=console, stderr=console
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def stirred(soak: Soak, minutes: float) -> None:
    """Let people write and faults come for so long, then end the faults and have everyone answered once more."""
    for session in soak.sessions:
        while not soak.write(session, f"Good morning, this is about {session.mark}."):
            pass
    end = time.monotonic() + minutes * 60
    with ThreadPoolExecutor(len(soak.sessions) + 1) as pool:
        running = [pool.submit(soak.people, session) for session in soak.sessions]
        running.append(pool.submit(soak.weather))
        while time.monotonic() < end and not any(each.done() for each in running):
            time.sleep(5)
            told = sum(len(session.answered) for session in soak.sessions)
            print(
                f"\r{max(end - time.monotonic(), 0):5.0f} s left, {told} answered ", end="", file=sys.stderr
            )
        soak.over.set()
    print(file=sys.stderr)
    for each in running:
        each.result()
    soak.provider.heal()


def reported(soak: Soak, inbox: Inbox, *, guard_alive: bool) -> int:
    """Print the table; the exit code."""
    silent = [
        session.key
        for session in soak.sessions
        if not any(soak.write(session, f"And at the end, {session.mark}? {turn}") for turn in range(3))
    ]
    history = clawmedic(soak.gateway, "history").document.get("operations", [])
    scan = clawmedic(soak.gateway, "scan", "--all").document["sessions"]
    states = Counter(operation["state"] for operation in history)
    lost = soak.lost()
    rows = [
        ("messages sent", sum(session.said for session in soak.sessions)),
        ("answered", sum(len(session.answered) for session in soak.sessions)),
        ("refused, and written again", sum(session.refused for session in soak.sessions)),
        ("lost", len(lost)),
        ("faults", sum(session.deaths for session in soak.sessions)),
        ("rescued", states["done"]),
        ("rescues rolled back", states["rolled-back"]),
        ("notices", len(inbox.titles)),
        ("sessions that do not answer at the end", len(silent)),
        ("verdicts at the end", dict(Counter(session["verdict"] for session in scan))),
        ("the guard was still running", guard_alive),
    ]
    width = max(len(name) for name, _ in rows)
    print(f"OpenClaw {soak.gateway.version}, {len(soak.sessions)} sessions")
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    for session in scan:
        if session["verdict"] not in ("healthy", "at_risk"):
            print(f"{session['key']}: {session['verdict']}: {session['why']}")
    for text in lost[:5]:
        print(f"lost: {text[:80]}")
    return int(bool(lost or silent or not guard_alive))


if __name__ == "__main__":
    sys.exit(main())
