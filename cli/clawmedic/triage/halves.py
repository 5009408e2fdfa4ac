"""Work on many things by two processes: a forked child does the second half while this process does the first.

Nothing waits without end and nothing is lost: where no fork is safe, or the child dies or fails, all is done here.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

One = TypeVar("One")
Answer = TypeVar("Answer")


def can_fork() -> bool:
    """Whether a fork is safe (Linux, no other thread runs) and a second core is there to be used."""
    return sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


def in_halves(things: Sequence[One], work: Callable[[Sequence[One]], list[Answer]]) -> list[Answer]:
    """`work(things)`, one answer for each thing, in order. The answers must be fit for pickle.

    Both halves are worked on at once. `work` must change nothing outside: one half of it happens elsewhere.
    """
    if len(things) < 2 or not can_fork():
        return work(things)
    middle = (len(things) + 1) // 2
    incoming, outgoing = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process to be had
        os.close(incoming)
        os.close(outgoing)
        return work(things)
    if child == 0:
        _answer(outgoing, work, things[middle:])
    os.close(outgoing)
    with os.fdopen(incoming, "rb") as answers:
        try:
            first = work(things[:middle])
            second: list[Answer] | None = _taken(answers.read(), len(things) - middle)
        finally:
            os.kill(child, signal.SIGKILL)  # it has ended, or nobody waits for it any more
            os.waitpid(child, 0)
    return first + (work(things[middle:]) if second is None else second)


def _answer(outgoing: int, work: Callable[[Sequence[One]], list[Answer]], things: Sequence[One]) -> NoReturn:
    """In the child: send the answers and end at once, without what a normal end would do a second time."""
    try:
        with os.fdopen(outgoing, "wb") as out:
            out.write(pickle.dumps(work(things), pickle.HIGHEST_PROTOCOL))
    finally:
        os._exit(0)


def _taken(data: bytes, count: int) -> list[Answer] | None:
    """The child's answers; None where they are not whole."""
    try:
        answers: list[Answer] = pickle.loads(data)  # noqa: S301 - from our own child by a private pipe
    except (EOFError, ValueError, TypeError, AttributeError, ImportError, pickle.UnpicklingError):
        return None
    return answers if len(answers) == count else None
