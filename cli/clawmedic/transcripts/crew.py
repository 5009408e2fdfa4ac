"""Worker processes that count transcripts, and this process beside them.

Nothing waits without end: a worker that dies gives its files back, and without workers everything is done here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

import orjson

from clawmedic.transcripts.tally import Tally, tally_file

MOST_WORKERS = 7
_HANDFUL = 16
_HANDFUL_BYTES = 8 * 1024 * 1024
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from clawmedic.transcripts.worker import main; main()"

Job = tuple[str, int]
"""A file's path and its size in bytes."""


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class _Worker:
    """One process, the files it was given and has not answered yet, and what it has answered."""

    def __init__(self, line_limit: int) -> None:
        self.line_limit = line_limit
        self.given: deque[Job] = deque()
        self.process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
            [sys.executable, "-S", "-E", "-c", _CODE, *_import_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def listen(self, answers: SimpleQueue[tuple[_Worker, bytes]]) -> None:
        """Pass on its answers, and an empty one when it is gone."""

        def pump() -> None:
            assert self.process.stdout is not None  # noqa: S101 - it was opened as a pipe
            for line in self.process.stdout:
                answers.put((self, line))
            answers.put((self, b""))

        threading.Thread(target=pump, daemon=True).start()

    def hand(self, jobs: Sequence[Job]) -> bool:
        """Give it files; False when it is gone."""
        lines = [orjson.dumps([os.fsencode(path).hex(), self.line_limit]) for path, _ in jobs]
        self.given.extend(jobs)
        try:
            assert self.process.stdin is not None  # noqa: S101
            self.process.stdin.write(b"\n".join(lines) + b"\n")
            self.process.stdin.flush()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream:
                    stream.close()
            except OSError:
                pass


def _import_path() -> list[str]:
    here = str(Path(__file__).resolve().parents[2])
    return [here, *(entry for entry in sys.path if entry and entry != here)]


class Crew:
    """Counts files in several processes. Use it in a `with`: its end ends the workers, after an interrupt too."""

    def __init__(self, workers: int, *, line_limit: int) -> None:
        self._line_limit = line_limit
        self._wanted = min(max(workers, 0), MOST_WORKERS) if sys.executable else 0
        self._workers: list[_Worker] = []
        self._jobs: deque[Job] = deque()
        self._answers: SimpleQueue[tuple[_Worker, bytes]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers = []

    def give(self, jobs: Sequence[Job]) -> None:
        """Start on these files; each path once. Workers begin with the largest, this process with the smallest."""
        self._jobs = deque(sorted(dict(jobs).items(), key=lambda job: -job[1]))
        for _ in range(min(self._wanted, len(self._jobs) - 1)):
            try:
                worker = _Worker(self._line_limit)
            except OSError:
                return  # no process to be had: the work is done here
            worker.listen(self._answers)
            self._workers.append(worker)
            self._feed(worker)

    def results(self) -> Iterator[tuple[str, Tally]]:
        """(path, tally) of every file given, in the order in which they are ready."""
        while True:
            busy = any(worker.given for worker in self._workers)
            if not self._jobs and not busy:
                return
            answer = self._answer(wait=not self._jobs)
            if answer:
                yield answer
            elif self._jobs:
                path, _ = self._jobs.pop()
                yield path, tally_file(path, line_limit=self._line_limit)

    def _answer(self, *, wait: bool) -> tuple[str, Tally] | None:
        """The next answer of a worker; None when there is none (yet), or when one died."""
        if not self._workers:
            return None
        try:
            worker, line = self._answers.get(block=wait)
        except Empty:
            return None
        try:
            tally = Tally.from_wire(line) if line else None
        except (ValueError, TypeError, AttributeError):
            tally = None
        if tally is None or not worker.given:
            self._dismiss(worker)
            return None
        path, _ = worker.given.popleft()
        if len(worker.given) <= _HANDFUL // 4:
            self._feed(worker)
        return path, tally

    def _feed(self, worker: _Worker) -> None:
        """A handful of the largest files, no more than a part of what is left."""
        jobs: list[Job] = []
        size = 0
        fair = len(self._jobs) // (len(self._workers) + 1) + 1
        while self._jobs and len(jobs) < min(_HANDFUL, fair) and size < _HANDFUL_BYTES:
            jobs.append(self._jobs.popleft())
            size += jobs[-1][1]
        if jobs and not worker.hand(jobs):
            self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        """A worker that died or speaks nonsense: its files are done by others."""
        if worker in self._workers:
            self._workers.remove(worker)
            self._jobs.extend(worker.given)
            worker.given.clear()
            worker.stop()
