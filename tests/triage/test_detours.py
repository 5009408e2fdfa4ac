"""Rewound and switched back: the branch that is in use decides, not what was said or refused on another one."""

from __future__ import annotations

from pathlib import Path

import pytest

import branch_stage
from clawmedic.model.report import SessionReport
from clawmedic.model.verdict import Verdict
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
