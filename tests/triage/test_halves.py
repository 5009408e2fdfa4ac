"""Two processes give the answers of one, whatever happens to the second."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from clawmedic.triage import halves
from clawmedic.triage.halves import can_fork, in_halves

needs_fork = pytest.mark.skipif(not can_fork(), reason="no fork here, or other threads run")


def squares(numbers: Sequence[int]) -> list[int]:
    return [number * number for number in numbers]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 1001])
def test_the_answers_come_in_order(count):
    assert in_halves(range(count), squares) == squares(range(count))


@needs_fork
def test_the_second_half_is_done_elsewhere():
    found = in_halves(range(10), lambda part: [os.getpid() for _ in part])
    assert found[:5] == [os.getpid()] * 5
    assert len(set(found)) == 2


@needs_fork
def test_a_child_that_dies_costs_no_answer():
    parent = os.getpid()

    def work(part: Sequence[int]) -> list[int]:
        if os.getpid() != parent:
            os.kill(os.getpid(), 9)
        return squares(part)

    assert in_halves(range(9), work) == squares(range(9))


@needs_fork
def test_an_error_is_raised_here_and_leaves_no_child():
    def work(part: Sequence[int]) -> list[int]:
        if 8 in part:
            raise RuntimeError("eight")
        return squares(part)

    with pytest.raises(RuntimeError, match="eight"):
        in_halves(range(9), work)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@needs_fork
def test_an_interrupt_ends_the_child_at_once():
    code = (
        "import os, time; from clawmedic.triage.halves import in_halves; me = os.getpid()\n"
        "def work(part):\n"
        "    if os.getpid() != me: time.sleep(60)\n"
        "    raise KeyboardInterrupt\n"
        "in_halves([1, 2], work)"
    )
    sources = Path(halves.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(sources)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert b"KeyboardInterrupt" in done.stderr


def test_beside_another_thread_all_is_done_here():
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        assert {*in_halves(range(8), lambda part: [os.getpid() for _ in part])} == {os.getpid()}
    finally:
        release.set()
        other.join()


def test_answers_that_are_not_whole_are_not_taken():
    assert halves._taken(b"", 3) is None
    assert halves._taken(b"\x80\x05]", 3) is None
