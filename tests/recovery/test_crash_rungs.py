"""A rung killed anywhere (write, fsync, rename, message to the gateway): the next run finds it whole or undoes it.

By default at a few points of each rung; `-m crash` goes through all of them, which takes long.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_cases import CASES, FOREIGN_LOCK, Bed, CrashCase, bed
from rescue_stage import report

from clawmedic.model.outcome import OperationState
from clawmedic.model.verdict import Verdict
from clawmedic.operations.history import list_operations
from crash_stand import Fell, Stand

DEFAULT_POINTS = 2
ENDED = {OperationState.DONE, OperationState.ROLLED_BACK, OperationState.UNDONE}


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with Stand() as made:
        yield made


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A temporary directory in memory where there is one."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="clawmedic-crash-", dir=memory))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rung_killed_at_some_points(stand: Stand, quick: Path, case: CrashCase) -> None:
    points = whole(stand, quick, case)
    step = points // (DEFAULT_POINTS + 1)
    for number in range(step, points, step):
        killed(stand, quick, case, number)


@pytest.mark.crash
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rung_killed_at_every_point(stand: Stand, quick: Path, case: CrashCase) -> None:
    number = 1
    while killed(stand, quick, case, number):
        number += 1
    assert number > 10, "hardly a point was met"


def whole(stand: Stand, base: Path, case: CrashCase) -> int:
    """Run it without killing it; how many injection points it has."""
    with bed(base, case) as here:
        before, history = here.contents(), here.history()
        fell = stand.run(here.argv(), here.env)
        here.settled()
        assert fell.code == 0, fell.words
        as_planned(stand, here, before, history, fell)
        shutil.rmtree(here.on.root)
    return fell.points


def killed(stand: Stand, base: Path, case: CrashCase, number: int) -> bool:
    """Kill it at one point, let the next run find it, and look; False when it ended before."""
    with bed(base, case) as here:
        before, history = here.contents(), here.history()
        fell = stand.run(here.argv(), here.env, number)
        here.settled()
        if not fell.killed:
            shutil.rmtree(here.on.root)
            return False
        after = stand.run(here.next_run(), here.env)
        here.settled()
        told = f"{case.name} killed at {number}\n{after.words}"
        assert "cannot be put back" not in after.words, told
        states = {one.state for one in list_operations(here.on.settings)}
        assert states <= ENDED, told
        if OperationState.DONE in states:
            as_planned(stand, here, before, history, after)
        else:
            as_before(here, before, history, told)
        shutil.rmtree(here.on.root)
    return True


def as_before(here: Bed, before: dict[str, object], history: set[str], told: str) -> None:
    assert history <= here.history(), told
    nothing_is_left_over(here, before, told)
    now = here.contents()
    if here.fake is None:
        assert now == before, told
    else:  # what the gateway itself did stands, and the journal says so; what can be put back is
        assert now["put back"] == before["put back"], told


def as_planned(stand: Stand, here: Bed, before: dict[str, object], history: set[str], fell: Fell) -> None:
    assert history <= here.history(), fell.words
    nothing_is_left_over(here, before, fell.words)
    assert report(here.on).verdict not in (Verdict.DEAD, Verdict.STUCK), fell.words
    if here.fake is not None:
        now = here.contents()
        assert now["override"] == before["override"], fell.words
    elif not here.case.under_locks:  # beside a gateway files are not put back
        newest = next(one for one in list_operations(here.on.settings) if one.state is OperationState.DONE)
        undo = ["undo", newest.operation_id, "--yes", *here.reach, *here.on.options[:2]]
        back = stand.run(undo, here.env)
        assert back.code == 0, back.words
        assert here.contents() == before, back.words


def nothing_is_left_over(here: Bed, before: dict[str, object], told: str) -> None:
    """No temporary file, no lock of ours; every lock of somebody else."""
    sessions = here.on.state / "agents/main/sessions"
    names = [path.name for path in sessions.iterdir()] if sessions.is_dir() else []
    assert not [name for name in names if name.endswith(".tmp")], told
    for name in (name for name in names if name.endswith(".lock")):
        assert before.get(f"agents/main/sessions/{name}") == (sessions / name).read_bytes(), told
    if here.fake is None and not here.case.under_locks:
        assert (sessions / "foreign.jsonl.lock").read_bytes() == FOREIGN_LOCK, told
