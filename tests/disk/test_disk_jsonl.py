from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawmedic.disk import jsonl
from clawmedic.disk.files import open_regular
from clawmedic.disk.jsonl import Line, file_size, first_line, iter_lines, newest_line_with, tail_lines

LARGE = 1 << 30


def lines_of(path: Path, limit: int = LARGE) -> list[Line]:
    with open_regular(path) as descriptor:
        return list(iter_lines(descriptor, line_limit=limit))


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file.jsonl"
    path.write_bytes(data)
    return path


def test_lines_have_numbers_offsets_and_ends(tmp_path: Path) -> None:
    found = lines_of(written(tmp_path, b"one\n\nthree\r\nlast"))
    assert found == [
        Line(1, 0, b"one", 3),
        Line(2, 4, b"", 0),
        Line(3, 5, b"three\r", 6),
        Line(4, 12, b"last", 4, terminated=False),
    ]
    assert lines_of(written(tmp_path, b"")) == []


def test_a_line_above_the_limit_is_reported_and_not_held(tmp_path: Path) -> None:
    path = written(tmp_path, b"short\n" + b"x" * 5_000_000 + b"\nafter\n" + b"y" * 3_000_000)
    found = lines_of(path, 1000)
    assert [(line.number, line.size, line.data, line.oversized) for line in found] == [
        (1, 5, b"short", False),
        (2, 5_000_000, b"", True),
        (3, 5, b"after", False),
        (4, 3_000_000, b"", True),
    ]
    assert [line.offset for line in found] == [0, 6, 5_000_007, 5_000_013]
    assert [line.terminated for line in found] == [True, True, True, False]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")), max_size=30),
    torn=st.binary(max_size=10).map(lambda data: data.replace(b"\n", b"")),
    block=st.integers(1, 17),
)
def test_blocks_never_change_the_lines(tmp_path: Path, lines: list[bytes], torn: bytes, block: int) -> None:
    data = b"".join(line + b"\n" for line in lines) + torn
    path = written(tmp_path, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "_BLOCK", block)
        found = lines_of(path)
    assert [line.data for line in found] == lines + ([torn] if torn else [])
    assert all(data[line.offset : line.offset + line.size] == line.data for line in found)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"")), max_size=40),
    torn=st.binary(max_size=10).map(lambda data: data.replace(b"\n", b"")),
    limit=st.integers(1, 200),
)
def test_a_tail_is_whole_lines_of_the_end(
    tmp_path: Path, lines: list[bytes], torn: bytes, limit: int
) -> None:
    every = lines + ([torn] if torn else [])
    data = b"".join(line + b"\n" for line in lines) + torn
    with open_regular(written(tmp_path, data)) as descriptor:
        tail = tail_lines(descriptor, len(data), limit=limit, line_limit=LARGE)
    assert list(tail.lines) == every[len(every) - len(tail.lines) :]
    assert tail.lines or not every
    assert tail.terminated == (not torn)
    assert data[tail.start :] == b"\n".join(tail.lines) + (b"\n" if every and not torn else b"")
    assert tail.complete == (tail.start == 0) or not tail.complete


def test_one_long_line_does_not_hide_the_others(tmp_path: Path) -> None:
    data = b"a\nb\nc\nd\n" + b"x" * 500 + b"\n"
    with open_regular(written(tmp_path, data)) as descriptor:
        tail = tail_lines(descriptor, len(data), limit=100, line_limit=LARGE)
    assert tail.complete
    assert len(tail.lines) == 5


def test_a_last_line_longer_than_every_window(tmp_path: Path) -> None:
    data = b"head\n" + b"x" * 100_000 + b"\n"
    with open_regular(written(tmp_path, data)) as descriptor:
        alone = tail_lines(descriptor, len(data), limit=100, line_limit=LARGE)
        over = tail_lines(descriptor, len(data), limit=100, line_limit=50_000)
    assert alone.lines == (b"x" * 100_000,)
    assert (alone.start, alone.complete) == (5, False)
    assert (over.lines, over.oversized, over.start) == ((), 100_000, 5)


def test_the_first_line_is_bounded(tmp_path: Path) -> None:
    with open_regular(written(tmp_path, b"x" * 9000 + b"\nrest")) as descriptor:
        assert first_line(descriptor, limit=10_000) == Line(1, 0, b"x" * 9000, 9000)
        assert first_line(descriptor, limit=8000) == Line(1, 0, b"", 8000, oversized=True)
    with open_regular(written(tmp_path, b"only")) as descriptor:
        assert first_line(descriptor, limit=100) == Line(1, 0, b"only", 4, terminated=False)
    with open_regular(written(tmp_path, b"")) as descriptor:
        assert first_line(descriptor, limit=100) is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(
        st.sampled_from([b"plain", b"has NEEDLE in it", b"NEEDLENEEDLE", b"NEEDL", b"", b"x" * 70]),
        max_size=25,
    ),
    block=st.integers(8, 40),
    refused=st.integers(0, 2),
)
def test_the_newest_line_with_a_literal(tmp_path: Path, lines: list[bytes], block: int, refused: int) -> None:
    data = b"".join(line + b"\n" for line in lines)
    wanted = [number for number, line in enumerate(lines) if b"NEEDLE" in line]
    seen: list[bytes] = []

    def accept(line: bytes) -> bool:
        seen.append(line)
        return len(seen) > refused

    with pytest.MonkeyPatch.context() as patch, open_regular(written(tmp_path, data)) as descriptor:
        patch.setattr(jsonl, "_BACK_BLOCK", block)
        found = newest_line_with(descriptor, b"NEEDLE", end=len(data), line_limit=LARGE, accept=accept)
    expected = wanted[-1 - refused] if len(wanted) > refused else None
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found.data == lines[expected]
        assert found.offset == sum(len(line) + 1 for line in lines[:expected])


def test_the_search_respects_its_end_and_the_line_limit(tmp_path: Path) -> None:
    data = b"NEEDLE 1\nNEEDLE 2\nNEEDLE " + b"x" * 100 + b"\n"
    with open_regular(written(tmp_path, data)) as descriptor:
        bounded = newest_line_with(descriptor, b"NEEDLE", end=len(data), line_limit=50)
        earlier = newest_line_with(descriptor, b"NEEDLE", end=9, line_limit=50)
        assert bounded is not None
        assert earlier is not None
        assert (bounded.data, earlier.data) == (b"NEEDLE 2", b"NEEDLE 1")
        assert newest_line_with(descriptor, b"NEEDLE", end=3, line_limit=50) is None


def test_a_file_that_shrinks_gives_fewer_lines_and_no_signal(tmp_path: Path) -> None:
    path = written(tmp_path, b"line with NEEDLE\n" * 200_000)
    largest = path.stat().st_size
    stop = threading.Event()

    def shrink() -> None:
        while not stop.is_set():
            os.truncate(path, 0)
            os.truncate(path, largest)

    worker = threading.Thread(target=shrink)
    worker.start()
    try:
        for _ in range(20):
            with open_regular(path) as descriptor:
                size = file_size(descriptor)
                assert sum(line.size for line in iter_lines(descriptor, line_limit=LARGE)) <= largest
                tail_lines(descriptor, size, limit=65536, line_limit=LARGE)
                newest_line_with(descriptor, b"NEEDLE", end=size, line_limit=LARGE)
    finally:
        stop.set()
        worker.join()
