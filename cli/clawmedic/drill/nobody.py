"""A process that has ended and a port where nobody listens: what is left of a killed gateway."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

START_TIME_FIELD = 19
"""Field 22 of /proc/<pid>/stat, counted from the state that follows the command's closing bracket."""


@dataclass(frozen=True, slots=True)
class DeadGateway:
    """A process that ran on this machine (`host`) and does not run any more.

    `start_time` is in clock ticks since boot as /proc says it; None where there is no /proc.
    `port` was free a moment ago.
    """

    host: str
    pid: int
    start_time: int | None
    port: int


def dead_gateway(proc: Path) -> DeadGateway:
    """Start a process, note its start time, let it end."""
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # noqa: S603 - the interpreter itself, no input from outside
        started = _start_time(proc, child.pid)
        child.communicate()
    return DeadGateway(socket.gethostname(), child.pid, started, _closed_port())


def _start_time(proc: Path, pid: int) -> int | None:
    try:
        after_name = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return int(after_name[START_TIME_FIELD])
    except (OSError, ValueError, IndexError):
        return None


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
