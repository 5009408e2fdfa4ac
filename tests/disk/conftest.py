"""Trees as data, other users, and a writer process that keeps a database open."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534
Snapshot = Callable[[Path], dict[str, tuple[str, int, int]]]

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=wal")
connection.execute("CREATE TABLE IF NOT EXISTS t(a)")
print("ready", flush=True)
for line in sys.stdin:
    connection.execute(line)
    print("done", flush=True)
"""


@pytest.fixture
def snapshot() -> Snapshot:
    """Every file of a tree by content, size and time of change."""

    def take(root: Path) -> dict[str, tuple[str, int, int]]:
        return {
            str(path.relative_to(root)): (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
                path.lstat().st_size,
                path.lstat().st_mtime_ns,
            )
            for path in sorted(root.rglob("*"))
        }

    return take


class Writer:
    """A process with a database open in WAL mode."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait()

    def wait(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline()

    def run(self, statement: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(statement + "\n")
        self.process.stdin.flush()
        self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def writer() -> Iterator[Callable[[Path], Writer]]:
    """Start writers; they end with the test."""
    started: list[Writer] = []

    def start(path: Path) -> Writer:
        started.append(Writer(path))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory that every user may enter: pytest's own is closed to others."""
    with tempfile.TemporaryDirectory(prefix="clawmedic-test-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def unprivileged() -> Callable[[], contextmanager[None]]:
    """Permissions that count: root, who may do everything, becomes nobody for the length of a block."""

    @contextmanager
    def become() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return become
