"""Work on many things by several processes: forked children and this process take parts from one queue.

Nothing waits without end and nothing is lost: where no fork is safe, or a child dies or fails, all is done here.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypeVar

One = TypeVar("One")
Answer = TypeVar("Answer")
Part = list[int]
"""Which things to work on, by their place."""

MOST_PROCESSES = 8
_PARTS = 200
"""Into about so many parts of equal weight the things are cut: the last to end is not far behind."""

_is_child = False


def cores() -> int:
    """How many processes may work at once: one for each core where a fork is safe (Linux, no other thread), else 1.

    A child of `share` has one: its siblings have the others.
    """
    if _is_child or sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


def share(
    things: Sequence[One],
    work: Callable[[Sequence[One]], list[Answer]],
    *,
    weigh: Callable[[One], int] = lambda _: 1,
    processes: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Answer]:
    """`work(things)`, one answer for each thing, in order. The answers must be fit for pickle.

    Args:
        things: what to work on.
        work: called with some of them at a time; it must change nothing outside, as most of it happens elsewhere.
        weigh: how much work a thing is, in any unit.
        processes: how many to use, this one included; None for as many as there are cores.
        advance: told now and then how many things are about done.
    """
    count = cores() if processes is None else min(processes, MOST_PROCESSES if cores() > 1 else 1)
    parts = _parts([max(weigh(thing), 1) for thing in things])
    count = min(count, len(parts))
    if count < 2:
        answers = work(things)
        advance(len(things))
        return answers

    def done(part: Part) -> list[Answer]:
        return work([things[place] for place in part])

    found = _shared(parts, done, count, advance)
    for number, part in enumerate(parts):
        if number not in found:
            found[number] = done(part)
    placed = {
        place: answer
        for number, part in enumerate(parts)
        for place, answer in zip(part, found[number], strict=True)
    }
    return [placed[place] for place in range(len(things))]


def _parts(weights: Sequence[int]) -> list[Part]:
    """The heaviest things first and alone, the light ones together; no more parts than fit in a byte."""
    enough = max(sum(weights) // _PARTS, 1)
    parts: list[Part] = []
    held = 0
    for place in sorted(range(len(weights)), key=weights.__getitem__, reverse=True):
        if not parts or held >= enough:
            parts.append([])
            held = 0
        parts[-1].append(place)
        held += weights[place]
    return parts


def _shared(
    parts: Sequence[Part], done: Callable[[Part], list[Answer]], count: int, advance: Callable[[int], None]
) -> dict[int, list[Answer]]:
    """The answers for each part, by its number; those of a child that failed are missing."""
    queue, numbers = os.pipe()
    os.write(numbers, bytes(range(len(parts))))
    os.close(numbers)
    children: dict[int, int] = {}  # process id -> where its answers come from
    found: dict[int, list[Answer]] = {}
    try:
        for _ in range(count - 1):
            incoming, outgoing = os.pipe()
            try:
                child = os.fork()
            except OSError:  # no process to be had
                os.close(incoming)
                os.close(outgoing)
                break
            if child == 0:
                _answer(outgoing, queue, parts, done)
            os.close(outgoing)
            children[child] = incoming
        while taken := os.read(queue, 1):
            part = parts[taken[0]]
            found[taken[0]] = done(part)
            advance(len(part) * (len(children) + 1))
        for incoming in children.values():
            found |= _taken(incoming)
    finally:
        os.close(queue)
        for child, incoming in children.items():
            os.close(incoming)
            os.kill(child, signal.SIGKILL)  # it has ended, or nobody waits for it any more
            os.waitpid(child, 0)
    return found


def _answer(
    outgoing: int, queue: int, parts: Sequence[Part], done: Callable[[Part], list[Answer]]
) -> NoReturn:
    """In a child: send the answers and end at once, without what a normal end would do a second time."""
    global _is_child  # noqa: PLW0603 - a process is a child for good
    _is_child = True
    try:
        found: dict[int, list[Answer]] = {}
        while taken := os.read(queue, 1):
            found[taken[0]] = done(parts[taken[0]])
        with os.fdopen(outgoing, "wb") as out:
            out.write(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
    finally:
        os._exit(0)


def _taken(incoming: int) -> Mapping[int, list[Answer]]:
    """A child's answers; none where they are not whole."""
    with os.fdopen(incoming, "rb", closefd=False) as answers:
        data = answers.read()
    try:
        found: dict[int, list[Answer]] = pickle.loads(data)  # noqa: S301 - from our own child by a private pipe
    except (EOFError, ValueError, TypeError, AttributeError, ImportError, pickle.UnpicklingError):
        return {}
    return found
