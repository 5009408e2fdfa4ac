from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.generate import StoreSize, generate_log, generate_store
from bench.measure import Comparison

SCALES = {
    "full": (StoreSize(2_000, 900_000_000), 300_000_000),
    "small": (StoreSize(200, 60_000_000), 30_000_000),
}
HEAD = ("what", "ours", "peak", "floor", "wall", "cpu", "agreed", "met")
ROWS = pytest.StashKey[list[tuple[str, ...]]]()


class Table:
    """The rows of the one table that is printed at the end."""

    def __init__(self, rows: list[tuple[str, ...]], *, strict: bool) -> None:
        self._rows = rows
        self._strict = strict

    def row(self, what: str, found: Comparison, agreed: str = "-", *, met: bool | None = None) -> None:
        """One comparison; `met` says whether what was agreed is kept, None where nothing is."""
        self.line((what, *found.cells(), agreed), met=met)

    def line(self, cells: tuple[str, ...], *, met: bool | None) -> None:
        """Cells up to the last but one column. At the full scale what is not met fails the test."""
        said = "-" if met is None else "yes" if met else "NO"
        self._rows.append((*cells, said))
        if self._strict:
            assert met is not False, f"{cells[0]}: {cells[-1]} is not met"


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
def table(request, scale) -> Iterator[Table]:
    rows = request.config.stash.setdefault(ROWS, [])
    return Table(rows, strict=scale == "full")


def pytest_terminal_summary(terminalreporter) -> None:
    rows = terminalreporter.config.stash.get(ROWS, [])
    if not rows:
        return
    widths = [max(len(row[place]) for row in (HEAD, *rows)) for place in range(len(HEAD))]
    terminalreporter.section("speed and memory: ours in floors (wall, cpu), the best of each")
    for row in (HEAD, *rows):
        terminalreporter.write_line(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
