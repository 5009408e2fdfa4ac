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
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(elapsed, used.ru_utime + used.ru_stime, peak, code)
"""


@dataclass(frozen=True)
class Cost:
    """Wall seconds, and processor seconds: the second number says more on a busy machine."""

    seconds: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s (cpu {self.cpu:.2f})"


@dataclass(frozen=True)
class Call:
    """One call of the command line: its cost, peak resident bytes of its largest process, exit code."""

    cost: Cost
    peak_bytes: int
    code: int

    def __str__(self) -> str:
        return f"{self.cost}, {self.peak_bytes / 1_000_000:.0f} MB"


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
    wall, cpu, peak, code = shown.split()
    return Call(Cost(float(wall), float(cpu)), int(peak), int(code))


def alternately(floor: Callable[[], Cost], ours: Callable[[], Call], rounds: int) -> tuple[Cost, Call]:
    """The best of some rounds of each, taken in turn, so that both meet the same other work."""
    pairs = [(floor(), ours()) for _ in range(rounds)]
    fastest = min((pair[1] for pair in pairs), key=lambda call: call.cost.seconds)
    return min((pair[0] for pair in pairs), key=lambda cost: cost.seconds), fastest


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
    return cost(work).seconds


def cost(work: Callable[[], object]) -> Cost:
    """What one call costs this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


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
