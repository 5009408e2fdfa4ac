"""Several processes give the answers of one, whatever happens to the others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from clawmedic.transcripts import crew
from clawmedic.transcripts.crew import cores, share

needs_fork = pytest.mark.skipif(cores() < 2, reason="no fork here, one core, or other threads run")


def squares(numbers: Sequence[int]) -> list[int]:
    return [number * number for number in numbers]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 1001])
@pytest.mark.parametrize("processes", [None, 1, 3])
def test_the_answers_come_in_order(count, processes):
    told: list[int] = []
    found = share(range(count), squares, weigh=lambda n: n % 7, processes=processes, advance=told.append)
    assert found == squares(range(count))
    assert processes != 1 or sum(told) == count


@needs_fork
def test_a_part_is_done_elsewhere():
    def work(part: Sequence[int]) -> list[int]:
        time.sleep(0.02)
        return [os.getpid() for _ in part]

    found = share(range(10), work)
    assert os.getpid() in found
    assert 1 < len(set(found)) <= cores()


def test_the_heaviest_come_first_and_the_light_ones_together():
    weights = [1] * 1000 + [500, 900]
    parts = crew._parts(weights)
    assert parts[:2] == [[1001], [1000]]
    assert sorted(place for part in parts for place in part) == list(range(1002))
    assert len(parts) < 256
    assert len(crew._parts([1] * 60_000)) < 256


@needs_fork
def test_a_child_that_dies_costs_no_answer():
    parent = os.getpid()

    def work(part: Sequence[int]) -> list[int]:
        if os.getpid() != parent:
            os.kill(os.getpid(), 9)
        return squares(part)

    assert share(range(9), work) == squares(range(9))


@needs_fork
def test_an_error_is_raised_here_and_leaves_no_child():
    def work(part: Sequence[int]) -> list[int]:
        if 8 in part:
            raise RuntimeError("eight")
        return squares(part)

    with pytest.raises(RuntimeError, match="eight"):
        share(range(9), work)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@needs_fork
def test_an_interrupt_ends_the_child_at_once():
    code = (
        "import os, time; from clawmedic.transcripts.crew import share; me = os.getpid()\n"
        "def work(part):\n"
        "    if os.getpid() != me: time.sleep(60)\n"
        "    raise KeyboardInterrupt\n"
        "share([1, 2], work)"
    )
    sources = Path(crew.__file__).parents[2]
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
        assert {*share(range(8), lambda part: [os.getpid() for _ in part])} == {os.getpid()}
    finally:
        release.set()
        other.join()


@pytest.mark.parametrize("data", [b"", b"\x80\x05]"])
def test_answers_that_are_not_whole_are_not_taken(data):
    incoming, outgoing = os.pipe()
    os.write(outgoing, data)
    os.close(outgoing)
    assert crew._taken(incoming) == {}
    os.close(incoming)
