"""Worlds of our own, process tables made of files, and state directories built or copied from the corpus."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings, World
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.state import StateReader

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
NOW = 1_795_430_000_000
SID = "11111111-2222-4333-8444-555555555555"
KEY = "agent:main:telegram:group:-1001"
BOOTED = 1_795_000_000


class Proc:
    """A process table: `/proc` as far as it is read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sys" / "kernel").mkdir(parents=True)
        (root / "sys" / "kernel" / "hostname").write_text("vm\n")
        (root / "stat").write_text(f"cpu 1 2 3\nbtime {BOOTED}\n")
        self.add(1, 1)

    def add(
        self,
        pid: int,
        ticks: int,
        *,
        comm: str = "node",
        state: str = "S",
        argv: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        place = self.root / str(pid)
        place.mkdir()
        fields = [state, *("0" for _ in range(18)), str(ticks), "0", "0"]
        (place / "stat").write_text(f"{pid} ({comm}) {' '.join(fields)}\n")
        (place / "cmdline").write_bytes(b"\0".join(word.encode() for word in argv) + b"\0")
        pairs = [f"{name}={value}" for name, value in (env or {}).items()]
        (place / "environ").write_bytes(b"\0".join(pair.encode() for pair in pairs))


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path / "proc")


@pytest.fixture
def world(tmp_path: Path, proc: Proc) -> World:
    """A world in which only the test's own directories exist."""
    for name in ("tmp", "home"):
        (tmp_path / name).mkdir()
    return World(
        env={},
        home=tmp_path / "home",
        cwd=tmp_path,
        tmp=tmp_path / "tmp",
        uid=54321,
        clock=lambda: NOW,
        proc=proc.root,
    )


@pytest.fixture
def opened(world: World) -> Callable[[Path], contextmanager[StateReader]]:
    """Open a state directory for the length of a block."""

    @contextmanager
    def open_state(root: Path) -> Iterator[StateReader]:
        with open_for_reading(Settings(world=world, state_dir=root), SilentReporter()) as reader:
            yield reader

    return open_state


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An empty state directory with one agent."""
    root = tmp_path / "state"
    (root / "agents" / "main" / "sessions").mkdir(parents=True)
    (root / "openclaw.json").write_text("{}")
    return root


@pytest.fixture
def sessions_dir(state: Path) -> Path:
    return state / "agents" / "main" / "sessions"


@pytest.fixture
def put_rows(sessions_dir: Path) -> Callable[[Mapping[str, object]], Path]:
    """Write sessions.json."""

    def put(rows: Mapping[str, object]) -> Path:
        path = sessions_dir / "sessions.json"
        path.write_text(json.dumps(rows))
        return path

    return put


@pytest.fixture
def copy_case(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a corpus case's state directory."""

    def copy(name: str) -> Path:
        target = tmp_path / "case"
        shutil.copytree(CORPUS / name / "state", target, symlinks=True)
        return target

    return copy


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, tuple[str, int, int]]]:
    """Every file of a tree by content, size and time of change."""

    def take(root: Path) -> dict[str, tuple[str, int, int]]:
        found = {}
        for directory, _, names in os.walk(root):
            for name in names:
                path = Path(directory, name)
                digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
                seen = path.lstat()
                found[str(path.relative_to(root))] = (digest, seen.st_size, seen.st_mtime_ns)
        return found

    return take
