"""The ratios clawmedic holds to, each measured in one run against a floor. At the small scale nothing is asserted."""

from __future__ import annotations

import pytest

from bench.generate import StoreSize, generate_log, generate_store
from bench.measure import call, floor_of_deep_scan, floor_of_scan, python_seconds, seconds

pytestmark = pytest.mark.bench
MEGABYTE = 1_000_000


def test_version_adds_little_to_typer(table, scale):
    typer = python_seconds("import typer")
    ours = python_seconds("import sys; sys.argv[1:] = ['--version']; from clawmedic.app import main; main()")
    table.row(
        "--version", f"{ours * 1000:.0f} ms", f"import typer {typer * 1000:.0f} ms", "at most 40 ms more"
    )
    if scale == "full":
        assert ours - typer <= 0.040


def test_scan_is_near_the_bare_cost(table, scale, big_state, tmp_path):
    floor = min(seconds(lambda: floor_of_scan(big_state)) for _ in range(3))
    words = ("scan", "--state-dir", str(big_state), "--log", "/dev/null", "--json")
    calls = [call(tmp_path, *words) for _ in range(3)]
    ours = min(one.seconds for one in calls)
    assert {one.code for one in calls} <= {0, 3}
    table.row(
        "scan", f"{ours:.2f} s, {calls[0].peak_bytes / MEGABYTE:.0f} MB", f"{floor:.2f} s", "within 2 times"
    )
    if scale == "full":
        assert ours <= 2 * floor


def test_deep_scan_uses_both_cores(table, scale, big_state, tmp_path):
    floor = seconds(lambda: floor_of_deep_scan(big_state))
    ours = call(tmp_path, "scan", "--deep", "--state-dir", str(big_state), "--log", "/dev/null", "--json")
    assert ours.code in {0, 3}
    measured = f"{ours.seconds:.2f} s ({floor / ours.seconds:.2f} times), {ours.peak_bytes / MEGABYTE:.0f} MB"
    table.row("scan --deep", measured, f"{floor:.2f} s", "1.6 times faster, 200 MB")
    if scale == "full":
        assert floor / ours.seconds >= 1.6
        assert ours.peak_bytes < 200 * MEGABYTE


def test_diagnose_reads_a_large_log_quickly(table, scale, big_log, tmp_path):
    state = generate_store(tmp_path / "state", StoreSize(8, 80_000))
    words = ("diagnose", "--state-dir", str(state), "--json", "--log")
    tenth = generate_log(tmp_path / "tenth.log", big_log.stat().st_size // 10)
    small, large = call(tmp_path, *words, str(tenth)), call(tmp_path, *words, str(big_log))
    assert {small.code, large.code} <= {0, 3}
    speed = big_log.stat().st_size / MEGABYTE / large.seconds
    grown = (large.peak_bytes - small.peak_bytes) / MEGABYTE
    measured = f"{speed:.0f} MB/s, {large.peak_bytes / MEGABYTE:.0f} MB"
    table.row("diagnose", measured, f"{grown:+.0f} MB for ten times the log", "250 MB/s, does not grow")
    if scale == "full":
        assert speed >= 250
        assert grown < 10


def test_a_small_store_is_quick(benchmark, tmp_path):
    """The usual case: a few sessions. Only compared with earlier runs, by pytest-benchmark."""
    state = generate_store(tmp_path / "state", StoreSize(20, 2_000_000))
    words = ("scan", "--state-dir", str(state), "--log", "/dev/null", "--json")
    benchmark.pedantic(call, args=(tmp_path, *words), rounds=5)
