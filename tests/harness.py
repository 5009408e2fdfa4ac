"""What the command line is run with in tests, and what a run leaves behind."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
RADIOACTIVE = "/dev/null/radioactive-home"
"""Nothing can exist below a device: looking finds nothing, making anything fails."""


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


def process_environment(own: Path, width: int, extra: Mapping[str, str] | None) -> dict[str, str]:
    """As `environment`, for a new process."""
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "cli"), "LANG": "C.UTF-8"}
    return {**path, **environment(own, width, extra)}


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
