"""How long, how much memory: of this process and of a call of the command line."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "cli"
MEGABYTE = 1_000_000

WATCHED = """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode
elapsed = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(elapsed, used.ru_utime + used.ru_stime, peak, code)
"""


@dataclass(frozen=True)
class Cost:
    """Wall seconds, and processor seconds of all processes: the second number says more on a busy machine."""

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


@dataclass(frozen=True)
class Comparison:
    """The best of several rounds of a floor and of ours; both in turn, so that both meet the same other work."""

    floor: Cost
    ours: Cost
    peak_bytes: int

    @property
    def wall(self) -> float:
        """Our wall time in floors."""
        return self.ours.seconds / self.floor.seconds

    @property
    def cpu(self) -> float:
        """Our processor time in floors."""
        return self.ours.cpu / self.floor.cpu

    def cells(self) -> tuple[str, str, str, str, str]:
        """Ours, peak, floor, both ratios: the middle of a table's row."""
        peak = f"{self.peak_bytes / MEGABYTE:.0f} MB"
        return str(self.ours), peak, str(self.floor), f"{self.wall:.2f}", f"{self.cpu:.2f}"


def environment(home: Path) -> dict[str, str]:
    """A home of its own, and the sources of this tree."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(SOURCES),
        "LANG": "C.UTF-8",
    }


def call(home: Path, *words: str) -> Call:
    """Run `python -m clawmedic ...` with a home of its own, watched by a process of its own."""
    command = [sys.executable, "-c", WATCHED, sys.executable, "-m", "clawmedic", *words]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=True)
    wall, cpu, peak, code = done.stdout.split()
    assert code in {"0", "3"}, done.stderr
    return Call(Cost(float(wall), float(cpu)), int(peak), int(code))


def against(benchmark, floor: Callable[[], Cost], ours: Callable[[], Call], *, rounds: int) -> Comparison:
    """Ours as the benchmark, a floor before each of its rounds."""
    floors: list[Cost] = []
    calls: list[Call] = []
    benchmark.pedantic(
        lambda: calls.append(ours()), setup=lambda: floors.append(floor()), rounds=rounds, iterations=1
    )
    found = Comparison(
        _best(floors), _best([one.cost for one in calls]), max(one.peak_bytes for one in calls)
    )
    benchmark.extra_info.update(
        floor_seconds=found.floor.seconds,
        wall_ratio=found.wall,
        cpu_ratio=found.cpu,
        peak_bytes=found.peak_bytes,
    )
    return found


def _best(costs: Sequence[Cost]) -> Cost:
    return Cost(min(cost.seconds for cost in costs), min(cost.cpu for cost in costs))


def cost(work: Callable[[], object]) -> Cost:
    """What one call costs this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def cost_of_command(command: Sequence[str], home: Path) -> Cost:
    """What a command costs, its output thrown away; it may fail."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment(home), capture_output=True, check=False)
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(elapsed, cpu)
