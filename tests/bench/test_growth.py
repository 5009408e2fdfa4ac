"""A store ten or a hundred times as large costs no more for each session, and hardly more memory."""

from __future__ import annotations

import pytest

from bench.generate import StoreSize, generate_store
from bench.measure import MEGABYTE, Call, call

pytestmark = pytest.mark.bench
EACH = 12_000
"""Bytes of a transcript: small, so that what is counted is sessions."""


def best(home, *words: str) -> Call:
    return min((call(home, *words) for _ in range(3)), key=lambda one: one.cost.cpu)


@pytest.mark.parametrize("deep", [False, True])
def test_sessions(table, scale, tmp_path, deep):
    counts = (200, 2_000, 20_000) if scale == "full" else (100, 1_000)
    found = {}
    for count in counts:
        state = generate_store(tmp_path / f"state{count}", StoreSize(count, EACH * count))
        words = ("scan", "--state-dir", str(state), "--log", "/dev/null", "--json", *(["--deep"] * deep))
        found[count] = best(tmp_path, *words)
    before = None
    for count, ran in found.items():
        grown = "" if before is None else f"{ran.cost.cpu / before.cost.cpu:.1f} times the cpu"
        peak = f"{ran.peak_bytes / MEGABYTE:.0f} MB"
        name = f"scan{' --deep' * deep}, {count:,} sessions"
        met = (
            None
            if before is None
            else ran.cost.cpu / before.cost.cpu <= 11 and ran.peak_bytes < 200 * MEGABYTE
        )
        agreed = (
            f"ten times the sessions, at most ten times the work, under 200 MB: {grown}" if grown else "-"
        )
        table.line((name, str(ran.cost), peak, "-", "-", "-", agreed), met=met)
        before = ran


def test_bytes(table, scale, tmp_path):
    sizes = (40_000_000, 400_000_000) if scale == "full" else (10_000_000, 60_000_000)
    small, large = (
        best(
            tmp_path,
            *("scan", "--deep", "--log", "/dev/null", "--json", "--state-dir"),
            str(generate_store(tmp_path / f"state{size}", StoreSize(20, size))),
        )
        for size in sizes
    )
    grown = (large.peak_bytes - small.peak_bytes) / MEGABYTE
    agreed = f"memory does not grow with the transcripts: {grown:+.0f} MB for ten times the bytes"
    peak = f"{large.peak_bytes / MEGABYTE:.0f} MB"
    table.line(("scan --deep, 20 sessions", str(large.cost), peak, "-", "-", "-", agreed), met=grown < 10)
