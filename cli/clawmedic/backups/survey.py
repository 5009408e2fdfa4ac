"""Reading many copies: from the cache where they did not change, with both cores where it pays."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from msgspec import Struct

from clawmedic.backups.cache import Stamp, SummaryCache
from clawmedic.backups.reading import CopyStream, look
from clawmedic.backups.summary import Summary
from clawmedic.model.backup import Place
from clawmedic.model.reporter import Reporter
from clawmedic.settings import Limits

WORTH_BYTES = 32 * 1024 * 1024
"""Less than this is read faster by one process."""
_MOST_WORKERS = 4
_BATCH_BYTES = 8 * 1024 * 1024
_BATCH_FILES = 64


class Task(Struct, frozen=True):
    """A file to be looked at."""

    place: Place
    stamp: Stamp
    root: Path
    limits: Limits


def survey(tasks: Sequence[Task], cache: SummaryCache, reporter: Reporter) -> dict[Path, Summary]:
    """The summary of each task's file, by path."""
    found: dict[Path, Summary] = {}
    waiting: list[Task] = []
    for task in tasks:
        known = cache.get(task.place.path, task.stamp)
        if known is None:
            waiting.append(task)
        else:
            found[task.place.path] = known
    reporter.begin("reading copies", sum(task.stamp[0] for task in waiting) or None)
    try:
        for task, summary in _looked(waiting):
            found[task.place.path] = summary
            cache.put(task.place.path, task.stamp, summary)
            reporter.advance(task.stamp[0])
    finally:
        reporter.end()
    return found


def _looked(tasks: Sequence[Task]) -> Iterator[tuple[Task, Summary]]:
    count = _workers() if sum(task.stamp[0] for task in tasks) >= WORTH_BYTES else 1
    if count == 1:
        for task in tasks:
            yield task, _look(task)
        return
    context = multiprocessing.get_context("fork")
    waiting = deque(_batches(tasks))
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupts)
    with contextlib.suppress(BrokenProcessPool), pool:
        for summaries in pool.map(_look_at_all, tuple(waiting)):
            yield from zip(waiting.popleft(), summaries, strict=True)
    for batch in waiting:  # a worker died: the rest is read here
        yield from ((task, _look(task)) for task in batch)


def _workers() -> int:
    """How many processes may read; 1 where a fork is not safe."""
    can_fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, _MOST_WORKERS) if can_fork else 1


def _batches(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    batch: list[Task] = []
    size = 0
    for task in sorted(tasks, key=lambda task: -task.stamp[0]):
        batch.append(task)
        size += task.stamp[0]
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _look_at_all(tasks: Sequence[Task]) -> list[Summary]:
    return [_look(task) for task in tasks]


def _look(task: Task) -> Summary:
    return look(CopyStream(task.place, task.limits, task.root))


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
