"""Runs a real OpenClaw gateway of one release on free loopback ports, with a state directory of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from websockets.exceptions import WebSocketException

from lab.client import Client, NoAnswerError, RpcError, identity_for, wait_for_port
from lab.config import TOKEN, write_config
from lab.install import Installation
from lab.isolation import SHARED_LOGS, Network, private_logs

READY_TIMEOUT = 420.0
"""Seconds from start to the first answered handshake; 15 to 40 on two idle cores, 200 on very busy ones."""

STOP_TIMEOUT = 30.0


class GatewayError(Exception):
    """The gateway did not become ready; the message ends with the tail of its console."""


@dataclass
class Gateway:
    """One gateway process.

    `root` holds everything it writes; `overrides` is merged deeply into its config.
    """

    installation: Installation
    root: Path
    provider_url: str
    telegram_url: str | None = None
    network: Network = field(default_factory=Network)
    overrides: dict[str, Any] = field(default_factory=dict)
    verbose: bool = False
    port: int = 0
    _last_error: str = field(default="no connection", repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def version(self) -> str:
        return self.installation.version

    @property
    def state_dir(self) -> Path:
        return self.root / "state"

    @property
    def config_path(self) -> Path:
        return self.state_dir / "openclaw.json"

    @property
    def console(self) -> Path:
        """Standard output and standard error together, over all starts."""
        return self.root / "console.txt"

    @property
    def log(self) -> Path:
        """The newest file log; the shared one only where 2026.4.15 could not be given its own."""
        found = [*self.root.glob("logs/*.log"), *self.root.glob("tmp/openclaw/*.log")]
        if not found and self.version == "2026.4.15":
            found = list(SHARED_LOGS.glob("openclaw-*.log"))
        if not found:
            message = f"no gateway log below {self.root}"
            raise FileNotFoundError(message)
        return max(found, key=lambda path: path.stat().st_mtime_ns)

    @property
    def process_id(self) -> int | None:
        """The id of the running process, None when it is stopped."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and running else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Starts the gateway and returns the seconds until it answered; tries a second time on fresh ports.

        Raises `GatewayError` when it did not get ready twice.
        """
        begun = time.monotonic()
        with ExitStack() as unless_ready:
            unless_ready.callback(self.kill)
            if self._start_once() or self._start_once():
                unless_ready.pop_all()
                return time.monotonic() - begun
        tail = self.console.read_text(encoding="utf-8", errors="replace")[-3000:]
        message = (
            f"OpenClaw {self.version} was not ready after {READY_TIMEOUT:.0f} s ({self._last_error}):\n{tail}"
        )
        raise GatewayError(message)

    def stop(self) -> None:
        """Asks the gateway to end, and kills it after a while."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the gateway without warning (SIGKILL)."""
        self._end(signal.SIGKILL)

    def client(self) -> Client:
        """A new connection with all operator scopes."""
        identity = identity_for(self.version, self.root)
        return Client(self.version, self.port, TOKEN, identity, self.network)

    def cli(self, *arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Runs one `openclaw` command against this gateway's state directory and waits for it."""
        return subprocess.run(
            [*self._prefix(), *self.installation.command(*arguments)],
            env=self.environment(),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """A complete environment that points every path of OpenClaw below `root`."""
        values = {
            "PATH": os.pathsep.join((str(self.installation.node.parent), os.environ.get("PATH", os.defpath))),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "OPENCLAW_STATE_DIR": str(self.state_dir),
            "OPENCLAW_CONFIG_PATH": str(self.config_path),
            "NODE_COMPILE_CACHE": str(self.installation.compile_cache),
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_NO_RESPAWN": "1",
            "NO_COLOR": "1",
            "LANG": "C.UTF-8",
        }
        if self.telegram_url is None:
            values["OPENCLAW_SKIP_CHANNELS"] = "1"
        return values

    def _prefix(self) -> list[str]:
        logs = private_logs(self.root / "tmp" / "openclaw") if self.version == "2026.4.15" else []
        return [*self.network.prefix(), *logs]

    def _start_once(self) -> bool:
        self.kill()
        for name in ("home", "tmp", "logs", "state", "workspace"):
            (self.root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._share_transpiled_code()
        self.port = self.network.free_port()
        write_config(self)
        command = self.installation.command("gateway", "run", "--port", str(self.port))
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                [*self._prefix(), *command, *(["--verbose"] if self.verbose else [])],
                env=self.environment(),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._answers(time.monotonic() + READY_TIMEOUT)

    def _share_transpiled_code(self) -> None:
        # 2026.4.15 transpiles 650 files of its plugins into TMPDIR/jiti in the first turn, for half a minute.
        shared, link = self.installation.compile_cache / "jiti", self.root / "tmp" / "jiti"
        shared.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(shared)

    def _answers(self, deadline: float) -> bool:
        def alive() -> bool:
            return self.process_id is not None

        while wait_for_port(self.network, self.port, deadline, alive):
            try:
                with self.client() as client:
                    client.call("health", {}, 60)
            except (OSError, RpcError, NoAnswerError, TimeoutError, WebSocketException) as error:
                self._last_error = repr(error)
                time.sleep(0.3)
                continue
            return True
        return False

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        for each in (how, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, each)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                continue
            break
        self._process = None


def read_rows(gateway: Gateway) -> dict[str, Any]:
    """The rows of a file store by session key; an empty dict when there is none yet."""
    store = gateway.state_dir / "agents" / "main" / "sessions" / "sessions.json"
    if not store.exists():
        return {}
    rows: dict[str, Any] = json.loads(store.read_text(encoding="utf-8"))
    return rows
