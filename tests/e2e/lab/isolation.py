"""Keeps a gateway to itself: a network that holds only a loopback device, and a log directory of its own.

In such a namespace nothing a gateway tries leaves the machine. A socket belongs to the namespace of the
thread that made it. `listen` and `connect` therefore enter the namespace only while they make one; the rest
of the process stays where it is.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_LOGS = Path("/tmp/openclaw")
"""Where OpenClaw logs when it has no (or ignores its) `logging.file`."""

_CLONE_NEWNET = 0x40000000


class Network:
    """The machine's own network: gateways listen on its loopback device."""

    def prefix(self) -> list[str]:
        """What to put before a command line so that it runs in this network."""
        return []

    def listen(self, port: int = 0) -> socket.socket:
        """A bound, not yet listening, loopback socket on this port, or on a free one."""
        with self._entered():
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
        return sock

    def connect(self, port: int, timeout: float = 10.0) -> socket.socket:
        """A connection to a loopback port; raises OSError when nobody listens."""
        with self._entered():
            return socket.create_connection(("127.0.0.1", port), timeout)

    def free_port(self) -> int:
        """A port that is free together with the one two above it, which a gateway binds as well."""
        with self._entered():
            while True:
                with socket.socket() as first, socket.socket() as second:
                    first.bind(("127.0.0.1", 0))
                    port = int(first.getsockname()[1])
                    try:
                        second.bind(("127.0.0.1", port + 2))
                    except (OSError, OverflowError):
                        continue
                    return port

    def close(self) -> None:
        """Gives back what the network holds."""

    @contextmanager
    def _entered(self) -> Iterator[None]:
        yield


class Isolated(Network):
    """A namespace of its own; needs root and `ip`."""

    def __init__(self) -> None:
        self.name = f"clawmedic-{uuid.uuid4().hex[:8]}"
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")

    def prefix(self) -> list[str]:
        return ["ip", "netns", "exec", self.name]

    def close(self) -> None:
        _ip("netns", "delete", self.name)

    @contextmanager
    def _entered(self) -> Iterator[None]:
        with (
            Path("/proc/thread-self/ns/net").open() as outside,
            Path("/run/netns", self.name).open() as inside,
        ):
            _setns(inside.fileno())
            try:
                yield
            finally:
                _setns(outside.fileno())


def isolated_if_possible() -> Network:
    """A namespace of its own where the machine allows one, else the machine's network."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return Network()
    try:
        return Isolated()
    except subprocess.CalledProcessError:
        return Network()


def private_logs(directory: Path) -> list[str]:
    """What to put before a command line so that it finds `directory` at /tmp/openclaw, if that is possible.

    OpenClaw 2026.4.15 ignores `logging.file`: all gateways of a user write into the same file there.
    """
    if shutil.which("unshare") is None or os.geteuid() != 0:
        return []
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    SHARED_LOGS.mkdir(exist_ok=True, mode=0o700)
    script = f'mount --bind "$0" {SHARED_LOGS} && exec "$@"'
    prefix = ["unshare", "--mount", "sh", "-c", script, str(directory)]
    tried = subprocess.run([*prefix, "true"], check=False, capture_output=True)
    return prefix if tried.returncode == 0 else []


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _setns(descriptor: int) -> None:
    # os.setns came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
