"""How long, how much memory: of this process and of a call of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

SOURCES = Path(__file__).parents[2] / "cli"
TAIL_BYTES = 64 * 1024

WATCHED = """
import os, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode
elapsed = time.perf_counter() - began
print(elapsed, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024), code)
"""


@dataclass(frozen=True)
class Call:
    """One call of the command line: seconds, peak resident bytes of its largest process, exit code."""

    seconds: float
    peak_bytes: int
    code: int


def call(home: Path, *words: str) -> Call:
    """Run `python -m clawmedic ...` with a home of its own, watched by a process of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(SOURCES),
        "LANG": "C.UTF-8",
    }
    command = [sys.executable, "-c", WATCHED, sys.executable, "-m", "clawmedic", *words]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    seconds, peak, code = shown.split()
    return Call(float(seconds), int(peak), int(code))


def python_seconds(code: str, *, runs: int = 15) -> float:
    """The shortest wall time of `python -c code`."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES)}
    return min(
        seconds(
            lambda: subprocess.run(
                [sys.executable, "-c", code], env=environment, check=True, capture_output=True
            )
        )
        for _ in range(runs)
    )


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def floor_of_scan(state: Path) -> None:
    """What no scan can do without: every sessions.json, a stat of each transcript, its last 64 KB parsed."""
    for store in sorted(state.glob("agents/*/sessions/sessions.json")):
        for row in orjson.loads(store.read_bytes()).values():
            path = row["sessionFile"]
            size = os.stat(path).st_size  # noqa: PTH116 - the barest cost
            with open(path, "rb") as transcript:  # noqa: PTH123
                transcript.seek(max(0, size - TAIL_BYTES))
                lines = transcript.read().split(b"\n")
            for line in lines[1 if size > TAIL_BYTES else 0 :]:
                if line:
                    orjson.loads(line)


def floor_of_deep_scan(state: Path) -> None:
    """One process that parses every line of every transcript."""
    for transcript in sorted(state.glob("agents/*/sessions/*.jsonl")):
        with transcript.open("rb") as lines:
            for line in lines:
                orjson.loads(line)
