from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.generate import StoreSize, generate_log, generate_store

SCALES = {
    "full": (StoreSize(2_000, 900_000_000), 300_000_000),
    "small": (StoreSize(200, 60_000_000), 30_000_000),
}
ROWS = pytest.StashKey[list[tuple[str, str, str, str]]]()


class Table:
    """The rows of the one table that is printed at the end."""

    def __init__(self, rows: list[tuple[str, str, str, str]]) -> None:
        self._rows = rows

    def row(self, what: str, measured: str, floor: str, agreed: str) -> None:
        self._rows.append((what, measured, floor, agreed))


@pytest.fixture(scope="session")
def scale() -> str:
    """`CLAWMEDIC_BENCH=small` for a quick look; everything else is the agreed size."""
    return "small" if os.environ.get("CLAWMEDIC_BENCH") == "small" else "full"


@pytest.fixture(scope="session")
def big_state(tmp_path_factory, scale) -> Path:
    return generate_store(tmp_path_factory.mktemp("bench") / "state", SCALES[scale][0])


@pytest.fixture(scope="session")
def big_log(tmp_path_factory, scale) -> Path:
    return generate_log(tmp_path_factory.mktemp("bench") / "openclaw.log", SCALES[scale][1])


@pytest.fixture
def table(request) -> Iterator[Table]:
    rows = request.config.stash.setdefault(ROWS, [])
    return Table(rows)


def pytest_terminal_summary(terminalreporter) -> None:
    rows = terminalreporter.config.stash.get(ROWS, [])
    if not rows:
        return
    head = ("what", "measured", "floor", "agreed")
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(4)]
    terminalreporter.section("speed and memory")
    for row in (head, *rows):
        terminalreporter.write_line(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        )
