"""The ratios clawmedic holds to, each measured in one run against a floor. At the small scale nothing is asserted."""

from __future__ import annotations

import pytest

from bench.generate import StoreSize, generate_log, generate_store
from bench.measure import alternately, call, cost, floor_of_deep_scan, floor_of_scan, python_seconds

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
    words = ("scan", "--state-dir", str(big_state), "--log", "/dev/null", "--json")
    floor, ours = alternately(
        lambda: cost(lambda: floor_of_scan(big_state)), lambda: call(tmp_path, *words), 3
    )
    assert ours.code in {0, 3}
    table.row("scan", str(ours), str(floor), "within 2 times")
    if scale == "full":
        assert ours.cost.seconds <= 2 * floor.seconds


def test_deep_scan_uses_both_cores(table, scale, big_state, tmp_path):
    words = ("scan", "--deep", "--state-dir", str(big_state), "--log", "/dev/null", "--json")
    floor, ours = alternately(
        lambda: cost(lambda: floor_of_deep_scan(big_state)), lambda: call(tmp_path, *words), 2
    )
    assert ours.code in {0, 3}
    faster = floor.seconds / ours.cost.seconds
    table.row(
        "scan --deep", f"{ours}: {faster:.2f} times faster", str(floor), "1.6 times faster, under 200 MB"
    )
    if scale == "full":
        assert faster >= 1.6
        assert ours.peak_bytes < 200 * MEGABYTE


def test_diagnose_reads_a_large_log_quickly(table, scale, big_log, tmp_path):
    state = generate_store(tmp_path / "state", StoreSize(8, 80_000))
    words = ("diagnose", "--state-dir", str(state), "--json", "--log")
    tenth = generate_log(tmp_path / "tenth.log", big_log.stat().st_size // 10)
    small = call(tmp_path, *words, str(tenth))
    large = min((call(tmp_path, *words, str(big_log)) for _ in range(2)), key=lambda one: one.cost.seconds)
    assert {small.code, large.code} <= {0, 3}
    speed = big_log.stat().st_size / MEGABYTE / large.cost.seconds
    grown = (large.peak_bytes - small.peak_bytes) / MEGABYTE
    floor = f"{grown:+.0f} MB for ten times the log"
    table.row("diagnose", f"{large}: {speed:.0f} MB/s", floor, "250 MB/s, does not grow")
    if scale == "full":
        assert speed >= 250
        assert grown < 10


def test_a_small_store_is_quick(benchmark, tmp_path):
    """The usual case: a few sessions. Only compared with earlier runs, by pytest-benchmark."""
    state = generate_store(tmp_path / "state", StoreSize(20, 2_000_000))
    words = ("scan", "--state-dir", str(state), "--log", "/dev/null", "--json")
    benchmark.pedantic(call, args=(tmp_path, *words), rounds=5)
