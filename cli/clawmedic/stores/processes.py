"""The process table: whether an owner still runs, and whether it is the same process (openclaw-files.md 3)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.files import read_bounded
from clawmedic.model.session import Liveness

_STAT_BYTES = 16 * 1024
_ENDED = frozenset("ZXx")  # zombies and dead ones: their memory and files are gone
_SLACK_MS = 2_000
"""A boot is recorded after its process began; clock ticks and `btime` are rounded to 10 ms and 1 s."""


class ProcessTable(Struct, frozen=True, dict=True):
    """`/proc`, or a directory that looks like it. Without one, every answer is UNKNOWN."""

    root: Path

    @cached_property
    def available(self) -> bool:
        """Whether any process can be seen at all."""
        return next(self.pids(), None) is not None

    def pids(self) -> Iterator[int]:
        """Every process that can be seen."""
        try:
            with os.scandir(self.root) as entries:
                yield from (
                    int(entry.name) for entry in entries if entry.name.isdecimal() and entry.name.isascii()
                )
        except OSError:
            return

    @cached_property
    def host(self) -> str:
        """The host's name as the kernel says it; "" when it cannot be read."""
        found = self._read(self.root / "sys" / "kernel" / "hostname").strip()
        return found or (os.uname().nodename if self.root == Path("/proc") else "")

    @cached_property
    def _booted_ms(self) -> int | None:
        for line in self._read(self.root / "stat").splitlines():
            if line.startswith("btime ") and line[6:].strip().isdecimal():
                return int(line[6:]) * 1000
        return None

    def start_ticks(self, pid: int) -> int | None:
        """Field 22 of `/proc/<pid>/stat`; None when the process is gone, a zombie, or cannot be read.

        The second field is the command in parentheses and may itself hold spaces and parentheses.
        """
        fields = self._stat(pid)
        if fields is None or fields[0] in _ENDED:
            return None
        return int(fields[19]) if len(fields) > 19 and fields[19].isdecimal() else None

    def started_ms(self, pid: int) -> int | None:
        """When the process began, epoch milliseconds, good to about a second."""
        ticks = self.start_ticks(pid)
        if ticks is None or self._booted_ms is None:
            return None
        return self._booted_ms + ticks * 1000 // os.sysconf("SC_CLK_TCK")

    def judge(self, pid: int | None, start_ticks: int | None = None) -> tuple[Liveness, str]:
        """Whether the owner runs, and why we say so. `start_ticks` tells it from a later process of the same id."""
        if pid is None or pid <= 0:
            return Liveness.UNKNOWN, "names no process"
        if not self.available:
            return Liveness.UNKNOWN, "there is no process table to ask"
        fields = self._stat(pid)
        if fields is None or fields[0] in _ENDED:
            return Liveness.DEAD, f"pid {pid} {'has ended' if fields else 'does not run'}"
        now = self.start_ticks(pid)
        if start_ticks is not None and now is not None and now != start_ticks:
            return (
                Liveness.DEAD,
                f"pid {pid} is another process, started at {now} instead of {start_ticks} (recycled)",
            )
        return Liveness.ALIVE, f"pid {pid} runs"

    def judge_since(self, pid: int | None, recorded_ms: int | None) -> tuple[Liveness, str]:
        """As `judge`, where only the time of a record by the owner is known: a process that began later is another."""
        liveness, why = self.judge(pid)
        if liveness is Liveness.ALIVE and pid is not None and recorded_ms is not None:
            began = self.started_ms(pid)
            if began is not None and began > recorded_ms + _SLACK_MS:
                return Liveness.DEAD, f"pid {pid} is another process, started later (recycled)"
        return liveness, why

    def _stat(self, pid: int) -> list[str] | None:
        """The fields after the command, the state first; None when there is no such process."""
        text = self._read(self.root / str(pid) / "stat")
        fields = text[text.rfind(")") + 1 :].split()
        return fields or None

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return read_bounded(path, _STAT_BYTES).data.decode("utf-8", "replace")
        except OSError:
            return ""
