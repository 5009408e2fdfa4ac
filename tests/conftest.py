"""What every test stands on: a home nobody may touch, a way to run the command line, and real broken stores."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clawmedic.app import run as run_clawmedic

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
RADIOACTIVE = "/dev/null/radioactive-home"
"""Nothing can exist below a device: looking finds nothing, making anything fails."""


@pytest.fixture(autouse=True)
def radioactive_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the home of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(("OPENCLAW", "CLAWDBOT", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", RADIOACTIVE)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, f"{RADIOACTIVE}/{name.lower()}")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Ran:
    """What one call left behind."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    own: Path

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as one JSON document."""
        parsed = json.loads(self.stdout)
        assert isinstance(parsed, dict), self.story()
        return parsed

    @property
    def lines(self) -> list[str]:
        """Standard output by lines."""
        return self.stdout.splitlines()

    def story(self) -> str:
        """Everything a person needs to see why a test failed."""
        files = "\n".join(
            f"  {path.relative_to(self.own)} ({path.stat().st_size} B, {path.stat().st_mode & 0o777:o})"
            for path in sorted(self.own.rglob("*"))
            if path.is_file()
        )
        return (
            f"\n$ clawmedic {' '.join(self.argv)}\nexit code {self.code}\n"
            f"--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}\n--- own files\n{files or '  none'}\n"
        )

    def expect(self, code: int) -> Ran:
        """Fail with the whole story unless it left with this code."""
        assert self.code == code, f"expected exit code {code}{self.story()}"
        return self


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in this process: `run("scan", "--json", env=..., stdin=..., width=80)`."""

    def call(
        *args: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", width: int = 120
    ) -> Ran:
        argv = tuple(str(arg) for arg in args)
        own = tmp_path / "own"
        with monkeypatch.context() as patch:
            for name, value in environment(own, width, env).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
            with captured(patch) as (out, err):
                code = run_clawmedic(argv)
                sys.stdout.flush()
                sys.stderr.flush()
            return Ran(argv, int(code), out.getvalue().decode(), err.getvalue().decode(), own)

    return call


@contextmanager
def captured(patch: pytest.MonkeyPatch) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Standard output and error as bytes."""
    out, err = io.BytesIO(), io.BytesIO()
    patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", write_through=True))
    patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", write_through=True))
    yield out, err


def environment(own: Path, width: int, extra: Mapping[str, str] | None) -> dict[str, str]:
    """The variables of one call: clawmedic's own files go below `own`."""
    return {
        "HOME": RADIOACTIVE,
        "XDG_STATE_HOME": str(own / "state"),
        "XDG_CONFIG_HOME": str(own / "config"),
        "COLUMNS": str(width),
        "TZ": "UTC",
        "TERM": "xterm-256color",
        **(extra or {}),
    }


@pytest.fixture
def run_process(tmp_path: Path) -> Run:
    """Run the command line as a process of its own."""

    def call(
        *args: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", width: int = 120
    ) -> Ran:
        argv = tuple(str(arg) for arg in args)
        own = tmp_path / "own"
        done = subprocess.run(
            [sys.executable, "-m", "clawmedic", *argv],
            input=stdin,
            capture_output=True,
            text=True,
            env=process_environment(own, width, env),
            timeout=60,
            check=False,
        )
        return Ran(argv, done.returncode, done.stdout, done.stderr, own)

    return call


def process_environment(own: Path, width: int, extra: Mapping[str, str] | None) -> dict[str, str]:
    """As `environment`, for a new process."""
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "cli"), "LANG": "C.UTF-8"}
    return {**path, **environment(own, width, extra)}


@pytest.fixture
def run_terminal(tmp_path: Path) -> Run:
    """Run the command line on a terminal of its own; standard output and error come together in `stdout`."""

    def call(*args: str | Path, env: Mapping[str, str] | None = None, width: int = 80) -> Ran:
        argv = tuple(str(arg) for arg in args)
        own = tmp_path / "own"
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        variables = process_environment(own, width, env)
        del variables["COLUMNS"]  # the terminal itself says how wide it is
        process = subprocess.Popen(
            [sys.executable, "-m", "clawmedic", *argv],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=variables,
        )
        os.close(theirs)
        seen = read_all(ours)
        os.close(ours)
        return Ran(
            argv, process.wait(timeout=60), seen.decode(errors="replace").replace("\r\n", "\n"), "", own
        )

    return call


def read_all(descriptor: int) -> bytes:
    """Everything until the other side closes; Linux says EIO then."""
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


@dataclass(frozen=True)
class CorpusCase:
    """A copy of one real broken store."""

    root: Path
    truth: dict[str, Any]

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.root / "state"

    @property
    def options(self) -> tuple[str, ...]:
        """The options that name this case and its logs."""
        logs = sorted((self.root / "logs").glob("*.log")) if (self.root / "logs").is_dir() else []
        console = self.root / "console.txt"
        given = [*logs, *([console] if console.is_file() else [])] or [Path("/dev/null")]
        return ("--state-dir", str(self.state), *(word for log in given for word in ("--log", str(log))))


@pytest.fixture
def corpus_case(tmp_path: Path) -> Callable[[str], CorpusCase]:
    """Copy a case, such as "2026.7.1/dead-compact-400-chat", where it may be harmed."""

    def copy(name: str) -> CorpusCase:
        target = tmp_path / "corpus" / name
        shutil.copytree(CORPUS / name, target, symlinks=True)
        return CorpusCase(target, json.loads((target / "truth.json").read_text()))

    return copy
