"""Processes that stand for a gateway as an owner of locks: one that has ended, one that lives. Nobody listens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from clawmedic.disk import building

START_TIME_FIELD = 19
"""Field 22 of /proc/<pid>/stat, counted from the state that follows the command's closing bracket."""


class GatewayProcess(Struct, frozen=True):
    """A process of this machine (`host`) that ran, or runs.

    `start_time` is in clock ticks since boot as /proc says it; None where there is no /proc.
    `port` was free a moment ago.
    """

    host: str
    pid: int
    start_time: int | None
    port: int


def dead_gateway(proc: Path) -> GatewayProcess:
    """Start a process, note its start time, let it end."""
    with living_process(proc) as ended:
        pass
    return ended


@contextmanager
def living_process(proc: Path) -> Iterator[GatewayProcess]:
    """A process that does nothing and lives as long as the block."""
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # noqa: S603 - the interpreter itself, no input from outside
        try:
            started = _start_time(proc, child.pid)
            yield GatewayProcess(socket.gethostname(), child.pid, started, _closed_port())
        finally:
            child.communicate()


def drill_table(place: Path, proc: Path, gateway: GatewayProcess) -> Path:
    """A process table of the drill alone: this process, and the gateway's while it lives. Returns its root.

    What else runs on this machine is neither read nor mistaken for a part of the drill. (The owner of a lock that
    clawmedic itself holds for a moment is not listed either: nobody asks for it meanwhile.)

    Args:
        place: where it is made.
        proc: the real process table.
        gateway: listed there only while it lives.
    """
    for pid in (os.getpid(), gateway.pid):
        try:
            stat, words = ((proc / str(pid) / name).read_bytes() for name in ("stat", "cmdline"))
        except OSError:
            continue
        building.write_bytes(place / str(pid) / "stat", stat)
        building.write_bytes(place / str(pid) / "cmdline", words)
    return place


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
