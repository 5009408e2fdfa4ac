"""One gateway for all cells of a release, and the table of what was seen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.install import Installation
from lab.isolation import isolated_if_possible

from matrix.cells import Cell
from matrix.scenes import campaign
from matrix.table import write_table
from matrix.ward import Bed, Ward

TABLE = "CLAWMEDIC_MATRIX_TABLE"
_SEEN: list[dict[str, object]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A release's cells go to one process: they share a gateway."""
    for item in items:
        cell = cell_of(item)
        if cell is not None:
            item.add_marker(pytest.mark.xdist_group(cell.version))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        _SEEN.extend(json.loads(str(value)) for name, value in report.user_properties if name == "cell")


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = os.environ.get(TABLE)
    if target and _SEEN and not hasattr(session.config, "workerinput"):
        write_table(Path(target), _SEEN)


def cell_of(item: pytest.Item) -> Cell | None:
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("cell") if callspec is not None else None
    return found if isinstance(found, Cell) else None


class Wards:
    """What was seen of the cells of a release; all of them that are selected are done when the first is asked for."""

    def __init__(self, installed: Callable[[str], Installation], root: Path, selected: list[Cell]) -> None:
        self._installed, self._root, self._selected = installed, root, selected
        self._seen: dict[str, Bed] = {}

    def seen_of(self, cell: Cell) -> Bed:
        """Everything that was seen of one cell."""
        if cell.name not in self._seen:
            alike = [each for each in self._selected if each.version == cell.version]
            self._seen |= {bed.cell.name: bed for bed in self._run(cell.version, alike)}
        return self._seen[cell.name]

    def _run(self, version: str, cells: list[Cell]) -> list[Bed]:
        network = isolated_if_possible()
        try:
            with Ward(self._installed(version), self._root / version, network) as ward:
                return campaign(ward, cells)
        finally:
            network.close()


@pytest.fixture(scope="session")
def wards(
    installed: Callable[[str], Installation],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Wards:
    selected = [cell for item in request.session.items if (cell := cell_of(item)) is not None]
    return Wards(installed, tmp_path_factory.mktemp("wards"), selected)
