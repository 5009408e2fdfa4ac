"""Version by fault by path by gateway: every session that a rung can bring back ends alive, with nothing lost."""

from __future__ import annotations

import pytest

from matrix.cells import ALL, NEWEST, Cell
from matrix.conftest import Wards
from matrix.ward import Bed

IN_CI = {
    ("400 reasoning required", "chat", "no model"),
    ("400 reasoning required", "chat", "stopped"),
    ("429 rate limit", "agent", "another model"),
    ("402 quota", "agent", "stopped"),
    ("quality guard", "chat", "no model"),
}
"""Of every release that has such a cell: by both paths, with the gateway running and stopped."""


def in_ci(cell: Cell) -> bool:
    return (cell.ill.name, cell.path, cell.column) in IN_CI


@pytest.mark.parametrize(
    "cell",
    [pytest.param(cell, id=cell.name, marks=[pytest.mark.ci] if in_ci(cell) else []) for cell in ALL],
)
def test_it_is_found_and_comes_back(cell: Cell, wards: Wards, record_property: pytest.RecordProperty) -> None:
    bed = wards.seen_of(cell)
    record_property("cell", bed.as_json())
    assert bed.trouble == "", str(bed)
    assert bed.verdict in verdicts(cell), str(bed)
    assert bed.cause == cell.ill.cause, str(bed)
    assert bed.waited is not False, f"a cause that passes by itself is waited for first: {bed}"
    came_back(cell, bed)
    assert bed.answered, str(bed)
    assert bed.lost == 0, str(bed)
    assert bed.afterwards in ("healthy", "at_risk"), str(bed)


def verdicts(cell: Cell) -> tuple[str, ...]:
    """Of a dead provider two refusals may stand in one trace of the log, and then count as one."""
    if cell.ill.everything:
        return ("dead", "suspect")
    return ("damaged",) if cell.reset_by_itself else ("dead",)


def came_back(cell: Cell, bed: Bed) -> None:
    """By the rung it should; or it was left as it is, and a person told what helps."""
    if cell.ill.everything:
        assert (bed.code, bed.notices, bed.unchanged) == (9, ("outage",), True), str(bed)
        return
    assert bed.code == 0, str(bed)
    if cell.column == "stopped" and cell.version == NEWEST:
        assert (bed.first_code, bed.advised, bed.unchanged) == (9, True, True), str(bed)
    else:
        assert bed.rungs[-1:] == (cell.rung,), str(bed)
    assert bed.undone is not False, str(bed)
    assert bed.model == "big", str(bed)
