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
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from clawmedic.app import run as run_clawmedic
from harness import (
    CORPUS,
    RADIOACTIVE,
    CorpusCase,
    Ran,
    Run,
    captured,
    environment,
    process_environment,
    read_all,
)


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


@pytest.fixture
def corpus_case(tmp_path: Path) -> Callable[[str], CorpusCase]:
    """Copy a case, such as "2026.7.1/dead-compact-400-chat", where it may be harmed."""

    def copy(name: str) -> CorpusCase:
        target = tmp_path / "corpus" / name
        shutil.copytree(CORPUS / name, target, symlinks=True)
        return CorpusCase(target, json.loads((target / "truth.json").read_text()))

    return copy


def pytest_xdist_auto_num_workers() -> int:
    """One more worker than cores (`-n auto`): many tests wait for a process, a lock or a screen."""
    return (os.cpu_count() or 1) + 1
