"""The ratios clawmedic holds to, each measured in one run against a floor. At the small scale nothing is asserted.

Run it alone on a quiet machine: `pytest -n 0 -m bench tests/bench`.
"""

from __future__ import annotations

import sys

import pytest

from bench.floors import floor_of_deep_scan, floor_of_log, floor_of_scan
from bench.generate import StoreSize, generate_backups, generate_log, generate_store
from bench.measure import MEGABYTE, Call, against, call, cost, cost_of_command

pytestmark = pytest.mark.bench


def test_version_adds_little_to_typer(benchmark, table, tmp_path):
    found = against(
        benchmark,
        lambda: cost_of_command([sys.executable, "-c", "import typer"], tmp_path),
        lambda: call(tmp_path, "--version"),
        rounds=15,
    )
    more = found.ours.seconds - found.floor.seconds
    agreed = f"at most 40 ms more than import typer: {more * 1000:+.0f} ms"
    table.row("--version", found, agreed, met=more <= 0.040)


def test_scan_is_near_the_bare_cost(benchmark, table, big_state, tmp_path):
    words = ("scan", "--state-dir", str(big_state), "--log", "/dev/null", "--json")
    found = against(
        benchmark, lambda: cost(lambda: floor_of_scan(big_state)), lambda: call(tmp_path, *words), rounds=7
    )
    table.row("scan", found, "within 2 floors", met=found.wall <= 2)


def test_deep_scan_uses_both_cores(benchmark, table, big_state, tmp_path):
    words = ("scan", "--deep", "--state-dir", str(big_state), "--log", "/dev/null", "--json")
    found = against(
        benchmark,
        lambda: cost(lambda: floor_of_deep_scan(big_state)),
        lambda: call(tmp_path, *words),
        rounds=7,
    )
    agreed = f"1.6 times faster, under 200 MB: {1 / found.wall:.2f} times"
    table.row("scan --deep", found, agreed, met=1 / found.wall >= 1.6 and found.peak_bytes < 200 * MEGABYTE)


def test_one_huge_transcript_is_read_by_all_cores(benchmark, table, scale, tmp_path):
    size = 400_000_000 if scale == "full" else 60_000_000
    state = generate_store(tmp_path / "state", StoreSize(1, size))
    words = ("scan", "--deep", "--state-dir", str(state), "--log", "/dev/null", "--json")
    found = against(
        benchmark, lambda: cost(lambda: floor_of_deep_scan(state)), lambda: call(tmp_path, *words), rounds=7
    )
    agreed = f"1.6 times faster, under 200 MB: {1 / found.wall:.2f} times"
    table.row(
        "scan --deep, one transcript",
        found,
        agreed,
        met=1 / found.wall >= 1.6 and found.peak_bytes < 200 * MEGABYTE,
    )


def test_diagnose_reads_a_large_log_quickly(benchmark, table, big_log, tmp_path):
    state = generate_store(tmp_path / "state", StoreSize(8, 80_000))
    words = ("diagnose", "--state-dir", str(state), "--json", "--log")
    tenth = generate_log(tmp_path / "tenth.log", big_log.stat().st_size // 10)
    small = call(tmp_path, *words, str(tenth))
    found = against(
        benchmark,
        lambda: cost(lambda: floor_of_log(big_log)),
        lambda: call(tmp_path, *words, str(big_log)),
        rounds=4,
    )
    speed = big_log.stat().st_size / MEGABYTE / found.ours.seconds
    grown = (found.peak_bytes - small.peak_bytes) / MEGABYTE
    agreed = f"250 MB/s, memory does not grow: {speed:.0f} MB/s, {grown:+.0f} MB for ten times the log"
    table.row("diagnose", found, agreed, met=speed >= 250 and grown < 10)


def test_backups_are_listed_quickly_again(benchmark, table, scale, tmp_path):
    """The first listing reads every copy; later ones only what changed."""
    state = generate_backups(tmp_path / "state", 1_000 if scale == "full" else 100)
    words = ("backups", "list", "--state-dir", str(state), "--json")
    homes = iter(range(100))

    def first() -> Call:
        home = tmp_path / f"home{next(homes)}"
        home.mkdir()
        return call(home, *words)

    found = against(benchmark, lambda: cost(lambda: floor_of_deep_scan(state)), first, rounds=3)
    table.row("backups list, the first", found)
    again = min((call(tmp_path / "home0", *words) for _ in range(3)), key=lambda one: one.cost.seconds)
    table.line(
        (
            "backups list, again",
            str(again.cost),
            f"{again.peak_bytes / MEGABYTE:.0f} MB",
            "-",
            "-",
            "-",
            "sooner than the first",
        ),
        met=again.cost.seconds < found.ours.seconds,
    )


def test_a_guard_pass_with_nothing_wrong_is_small(benchmark, table, big_state, big_log, tmp_path):
    """Stores and logs were read by the passes before: this one reads what changed since, which is nothing."""
    words = (
        "guard",
        "--once",
        "--policy",
        "observe",
        "--state-dir",
        str(big_state),
        "--log",
        str(big_log),
        "--json",
    )
    for _ in range(2):
        call(tmp_path, *words)
    found = against(
        benchmark, lambda: cost(lambda: floor_of_scan(big_state)), lambda: call(tmp_path, *words), rounds=5
    )
    met = found.peak_bytes < 80 * MEGABYTE and found.ours.seconds < 1
    table.row("guard --once, 2,000 quiet sessions", found, "under 80 MB and 1 s", met=met)


def test_a_small_store_is_quick(benchmark, table, tmp_path):
    """The usual case: a few sessions."""
    state = generate_store(tmp_path / "state", StoreSize(20, 2_000_000))
    words = ("scan", "--state-dir", str(state), "--log", "/dev/null", "--json")
    found = against(
        benchmark,
        lambda: cost_of_command([sys.executable, "-c", "import typer"], tmp_path),
        lambda: call(tmp_path, *words),
        rounds=9,
    )
    table.row("scan, 20 sessions; floor: import typer", found)
