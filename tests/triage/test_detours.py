"""Rewound and switched back: the branch that is in use decides, not what was said or refused on another one."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import branch_stage
from clawmedic.model.report import SessionReport
from clawmedic.model.verdict import Verdict
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.view import view_of_lines
from clawmedic.triage.detours import of_this_branch
from clawmedic.triage.events import Event, EventKind
from triage_cases import Examiner, corpus_cases, report_for

CASE = next(case for case in corpus_cases() if case.name == "2026.9.6/compact-400-via-chat")
KEY = str(CASE.truth["session_key"])
EARLIER = 13
"""`seq` of the answer that is gone back to."""
AT, AT_MS = "2026-11-23T08:20:02.000Z", 1_795_422_002_000


@pytest.fixture
def state(corpus_case) -> Path:
    return corpus_case(CASE.name).state


def examined(examiner: Examiner, state: Path, *, deep: bool) -> SessionReport:
    return report_for(examiner(state, *CASE.logs, deep=deep), KEY)


def at(state: Path, seq: int) -> str:
    with branch_stage.opened(state) as connection:
        window = branch_stage.window_of(connection, KEY)
        return str(
            next(each["id"] for each in branch_stage.events_of(connection, window) if each["_seq"] == seq)
        )


@pytest.mark.parametrize("deep", [False, True])
def test_a_rewound_window_is_judged_by_its_own_branch(
    state: Path,
    examiner: Examiner,
    deep: bool,  # noqa: FBT001
) -> None:
    before = examined(examiner, state, deep=deep)
    assert before.verdict is Verdict.DEAD
    branch_stage.go_to(state, KEY, at(state, EARLIER), at=AT, updated=AT_MS)
    after = examined(examiner, state, deep=deep)
    assert after.verdict is Verdict.HEALTHY, after.why
    assert after.budget.used_tokens == 16_987
    assert after.unanswered == ()


@pytest.mark.parametrize("deep", [False, True])
def test_switched_back_it_is_dead_again_before_anything_is_refused(
    state: Path,
    examiner: Examiner,
    deep: bool,  # noqa: FBT001
) -> None:
    newest = at(state, 23)
    branch_stage.go_to(state, KEY, at(state, EARLIER), at=AT, updated=AT_MS)
    branch_stage.go_to(state, KEY, newest, at="2026-11-23T08:25:02.000Z", updated=AT_MS + 300_000)
    after = examined(examiner, state, deep=deep)
    assert after.verdict is Verdict.DEAD, after.why
    assert after.budget.used_tokens == 24_361


def test_a_left_branch_larger_than_the_tail_hides_nothing(state: Path, examiner: Examiner) -> None:
    """The tail is 64 KB of the newest events: of a long left branch, without the present one."""
    branch_stage.go_to(state, KEY, at(state, 5), at=AT, updated=AT_MS)
    after = examined(examiner, state, deep=False)
    assert (after.verdict, after.budget.used_tokens) == (Verdict.HEALTHY, 7736)


def line_of(line: int, at: int, *, active: bool, **fields: object) -> RawEntry:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))
    entry = {"type": "message", "id": f"e{line}", "parentId": f"e{line - 1}", "timestamp": stamp, **fields}
    if entry["type"] == "message":
        entry["message"] = {"role": "user", "content": "ask"}
    data = json.dumps(entry).encode()
    return RawEntry(line, 0, data, len(data), active=active)


def test_what_happened_on_a_part_of_a_left_branch_that_is_out_of_sight_is_not_of_this_one() -> None:
    """Of a left branch only the newest 64 KB are read: its earlier entries stand between those of the present one."""
    here = [line_of(line, 100 * line, active=True) for line in range(2, 6)]
    away = [line_of(line, 100 * line, active=False) for line in range(20, 23)]
    back = line_of(23, 2_300, active=False, type="leaf", targetId="e5")
    view = view_of_lines([line_of(1, 0, active=True, type="session", version=3), *here, *away, back])
    times = (450, 500, 501, 1_900, 2_050, 2_299, 2_300, 2_400)
    events = [Event(EventKind.REFUSED, 1_000 * at, "log") for at in times]
    assert [event.at for event in of_this_branch(events, view)] == [450_000, 500_000, 2_300_000, 2_400_000]
    told_by_itself = Event(EventKind.FAILED, 1_900_000, "transcript")
    assert of_this_branch([told_by_itself], view) == [told_by_itself]
    whole = view_of_lines([line_of(1, 0, active=True, type="session", version=3), *here])
    assert of_this_branch(events, whole) == events
