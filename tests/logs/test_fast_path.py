from __future__ import annotations

import gzip
import itertools
import random
from pathlib import Path

import pytest
import zstandard

from clawmedic.logs import parallel
from clawmedic.logs.candidates import candidate_lines
from clawmedic.logs.parallel import file_pieces
from clawmedic.logs.records import Level
from clawmedic.logs.shapes import LineParser
from clawmedic.logs.signatures import CATALOGUE
from clawmedic.logs.window import TimeWindow
from logs_reading import line_by_line, scan

CORPUS = Path(__file__).parent.parent / "corpus"
FILES = sorted([*CORPUS.glob("*/*/logs/*.log"), *CORPUS.glob("*/*/console.txt")])
ALL_LOGS = [path for path in FILES if path.suffix == ".log"]


def told(signals):
    """What a signal says, without the doubled verbose lines of 7.1 (DEBUG and, captured, INFO)."""
    kept = []
    for signal in signals:
        before = kept[-1] if kept else None
        twin = before is not None and (before.record.text, before.kind) == (signal.record.text, signal.kind)
        if twin and (before.record.level, signal.record.level) == (Level.DEBUG, Level.INFO):
            continue
        kept.append(signal)
    return [
        (signal.record.line, signal.kind, signal.key, signal.at, signal.cause, signal.detail)
        for signal in kept
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-4:]))
def test_the_search_finds_what_reading_every_line_finds(path, tmp_path):
    assert told(scan(tmp_path, path)) == told(line_by_line(path))


@pytest.mark.parametrize("files", [ALL_LOGS, FILES], ids=["tslog only", "mixed with console"])
def test_all_in_one_file(files, tmp_path):
    whole = tmp_path / "whole.log"
    whole.write_bytes(b"".join(path.read_bytes().rstrip(b"\n") + b"\n" for path in files))
    assert told(scan(tmp_path, whole)) == told(line_by_line(whole))


def test_several_processes_tell_the_same_in_the_same_order(tmp_path, monkeypatch):
    whole = tmp_path / "whole.log"
    whole.write_bytes(b"".join(path.read_bytes() for path in ALL_LOGS) + b'{"torn":')
    monkeypatch.setattr(parallel, "RANGE_BYTES", 100_000)
    parser = LineParser(str(whole), 0, timestamped=True)
    pieces = list(file_pieces(whole, parser, whole.stat().st_size, 2))
    assert len(pieces) > 10
    assert told(itertools.chain.from_iterable(piece.signals for piece in pieces)) == told(
        scan(tmp_path, whole)
    )
    assert sum(piece.bytes_read for piece in pieces) == whole.stat().st_size
    assert sum(piece.lines for piece in pieces) == whole.read_bytes().count(b"\n") + 1


def test_ranges_end_with_lines_even_where_a_line_is_longer_than_a_range(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "RANGE_BYTES", 1_000)
    path = tmp_path / "x.log"
    path.write_bytes(b"a\n" * 400 + b"b" * 5_000 + b"\nc\n" + b"d" * 3_000)
    pieces = list(file_pieces(path, LineParser("x", 0), path.stat().st_size, 2))
    assert sum(piece.lines for piece in pieces) == 403


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".two.zst"])
def test_compressed_logs(suffix, tmp_path):
    data = ALL_LOGS[0].read_bytes() + ALL_LOGS[-1].read_bytes()
    plain, packed = tmp_path / "a.log", tmp_path / f"a.log{suffix}"
    plain.write_bytes(data)
    half = data.index(b"\n", len(data) // 2) + 1
    compress = zstandard.ZstdCompressor().compress
    packed.write_bytes(
        {
            ".gz": gzip.compress(data[:half]) + gzip.compress(data[half:]),
            ".zst": compress(data),
            ".two.zst": compress(data[:half]) + compress(data[half:]),
        }[suffix]
    )
    expected = told(scan(tmp_path, plain))
    assert len(expected) > 5
    assert told(scan(tmp_path, packed)) == expected


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_cut_off_archive_gives_what_it_has_and_says_so(suffix, tmp_path):
    rng = random.Random(1)
    filler = b"".join(b'{"x":"%030x"}\n' % rng.getrandbits(120) for _ in range(60_000))
    data = ALL_LOGS[0].read_bytes() + filler
    whole = gzip.compress(data) if suffix == ".gz" else zstandard.ZstdCompressor().compress(data)
    packed = tmp_path / f"a.log{suffix}"
    packed.write_bytes(whole[: len(whole) // 2])
    reading = scan(tmp_path, packed)
    found = list(reading)
    assert told(found) == told(line_by_line(ALL_LOGS[0]))
    if suffix == ".gz":
        assert "broken off" in reading.coverage.problems[0]


def test_a_thirty_megabyte_line_is_passed_over_in_flat_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "x.log"
    log = ALL_LOGS[0].read_bytes()
    with path.open("wb") as file:
        file.write(log)
        for _ in range(30):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + log)
    tracemalloc.start()
    reading = scan(tmp_path, path)
    found = list(reading)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    lines = log.count(b"\n")
    assert len(found) == 2 * len(told(line_by_line(ALL_LOGS[0])))
    assert found[-1].record.line > lines + 1
    assert reading.coverage.long_lines == 1
    assert reading.coverage.lines == 2 * lines + 1
    assert peak < 20_000_000


def test_memory_does_not_grow_with_the_log(tmp_path):
    import tracemalloc

    def peak(times):
        path = tmp_path / f"{times}.log"
        path.write_bytes(b"".join(path.read_bytes() for path in ALL_LOGS[:6]) * times)
        tracemalloc.start()
        count = sum(1 for _ in scan(tmp_path, path))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return count, used

    peak(1)
    (small, used), (large, used_more) = peak(10), peak(60)
    assert large == 6 * small
    assert used_more < used * 1.5


def test_every_literal_is_in_every_line_that_matches():
    """What the search leaves out matches no signature: tested on every corpus line, one by one."""
    for path in FILES:
        for raw in path.read_bytes().split(b"\n"):
            _, found = candidate_lines(raw + b"\n" + b"noise\n")
            if not found:
                record = LineParser("x", 0).parse(raw, 1)
                assert record is None or all(
                    signature.pattern.match(record.text) is None or not _fits(signature, record)
                    for signature in CATALOGUE
                )


def _fits(signature, record):
    from clawmedic.logs.signatures import _allowed

    return _allowed(signature, record)


def test_coverage_counts_and_the_window_cuts(tmp_path):
    path = ALL_LOGS[0]
    reading = scan(tmp_path, path)
    found = list(reading)
    coverage = reading.coverage
    assert coverage.bytes_read == path.stat().st_size
    assert coverage.lines == path.read_bytes().count(b"\n")
    assert coverage.first_at <= found[0].at <= found[-1].at <= coverage.last_at
    assert coverage.sources == [str(path)]
    middle = found[len(found) // 2].at
    late = list(scan(tmp_path, path, window=TimeWindow(since=middle)))
    early = list(scan(tmp_path, path, window=TimeWindow(until=middle)))
    assert len(late) + len(early) == len(found)
    assert all(signal.at >= middle for signal in late)
    assert all(signal.at < middle for signal in early)
