from __future__ import annotations

import pytest
from guard_values import DAY, HOUR, KEY, MINUTE, NOW, attempt, record, section, sight, terms

from clawmedic.configuration.sections import BUILT_IN_RULES, GuardRule, QuietHours
from clawmedic.errors import ExitCode
from clawmedic.guard.policy import Hour, May, MayNot, back_off, permit, signature, terms_for
from clawmedic.guard.progress import going_in_circles
from clawmedic.guard.record import Came, GivenUp, KeyRecord
from clawmedic.guard.treating import came_of
from clawmedic.model.cause import Cause, CauseKind, Struck
from clawmedic.model.outcome import KeyResult, OperationState, RungResult
from clawmedic.model.policy import ChatKind, Policy
from clawmedic.model.verdict import Verdict


def test_nothing_configured_means_look_on():
    made = terms_for(sight(), section())
    assert (made.policy, made.notify, made.rule) == (Policy.OBSERVE, True, "[guard]")


@pytest.mark.parametrize("chat", [ChatKind.CRON, ChatKind.SUBAGENT, ChatKind.HOOK])
@pytest.mark.parametrize("override", [None, Policy.RESET])
def test_sessions_nobody_waits_in_are_ignored(chat, override):
    made = terms_for(sight(chat=chat), section(policy=Policy.REVIVE), override)
    assert (made.policy, made.notify) == (Policy.IGNORE, False)


def test_a_rule_of_ones_own_comes_before_the_built_in_one():
    rules = (GuardRule(chats=(ChatKind.CRON,), policy=Policy.REVIVE), *BUILT_IN_RULES)
    made = terms_for(sight(chat=ChatKind.CRON), section(rules=rules))
    assert (made.policy, made.rule) == (Policy.REVIVE, "rule 1")


def test_policy_of_the_call_stands_in_for_the_configured_one():
    rules = (GuardRule(channel="telegram", policy=Policy.PRESERVE, models=("a/b",), attempts=1),)
    made = terms_for(sight(), section(policy=Policy.REVIVE, rules=rules), Policy.OBSERVE)
    assert (made.policy, made.models, made.attempts) == (Policy.OBSERVE, ("a/b",), 1)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (GuardRule(key="agent:main:telegram:*"), True),
        (GuardRule(key="AGENT:MAIN:*-100700700800"), True),
        (GuardRule(key="agent:main:slack:*"), False),
        (GuardRule(agent="main"), True),
        (GuardRule(agent="other"), False),
        (GuardRule(channel="Telegram"), True),
        (GuardRule(channel="slack"), False),
        (GuardRule(chats=(ChatKind.DIRECT, ChatKind.GROUP)), True),
        (GuardRule(chats=(ChatKind.DIRECT,)), False),
        (GuardRule(verdicts=(Verdict.STUCK,)), False),
        (GuardRule(verdicts=(Verdict.DEAD,)), True),
        (GuardRule(kinds=(CauseKind.CONFIGURATION,)), True),
        (GuardRule(kinds=(CauseKind.SIZE,)), False),
        (GuardRule(key="agent:*", agent="main", channel="telegram", verdicts=(Verdict.DEAD,)), True),
        (GuardRule(key="agent:*", agent="main", channel="telegram", verdicts=(Verdict.STUCK,)), False),
    ],
)
def test_a_rule_fits_when_all_it_names_does(rule, fits):
    made = terms_for(sight(), section(policy=Policy.OBSERVE, rules=(GuardRule(key="nothing"), rule)))
    assert made.rule == ("rule 2" if fits else "[guard]")


GIVEN_UP = GivenUp(NOW, "all attempts failed", signature(sight(), terms()))
NIGHT = section(quiet_hours=QuietHours(23 * 60, 7 * 60), timezone="UTC")
AT_NIGHT = NOW - NOW % DAY + 2 * HOUR


@pytest.mark.parametrize(
    ("its", "had", "hour", "expected"),
    [
        (terms(), record(), Hour(NOW, section()), May(1, 3)),
        (terms(), record(HOUR), Hour(NOW, section()), May(2, 3)),
        (terms(), record(7 * HOUR, HOUR), Hour(NOW, section()), May(2, 3)),
        (terms(policy=Policy.OBSERVE), record(), Hour(NOW, section()), "policy"),
        (terms(), record(given_up=GIVEN_UP), Hour(NOW, section()), "all attempts failed"),
        (terms(models=("a/b",)), record(given_up=GIVEN_UP), Hour(NOW, section()), May(1, 3)),
        (terms(), record(), Hour(NOW, section(), NOW + 1), "paused"),
        (terms(), record(), Hour(NOW, section(), NOW), May(1, 3)),
        (terms(), record(), Hour(AT_NIGHT, NIGHT), "quiet"),
        (terms(), record(), Hour(AT_NIGHT + 12 * HOUR, NIGHT), May(1, 3)),
        (terms(), record(9 * MINUTE), Hour(NOW, section()), "short while"),
        (terms(), record(11 * MINUTE), Hour(NOW, section()), May(2, 3)),
        (terms(), record(30 * MINUTE, 19 * MINUTE), Hour(NOW, section()), "short while"),
        (terms(), record(40 * MINUTE, 21 * MINUTE), Hour(NOW, section()), May(3, 3)),
        (terms(), record(3 * HOUR, 2 * HOUR, HOUR), Hour(NOW, section()), "used up"),
        (terms(), record(look_again_at=NOW + MINUTE), Hour(NOW, section()), "short while"),
    ],
)
def test_what_may_be_done_now(its, had, hour, expected):
    found = permit(sight(), its, had, hour)
    if isinstance(expected, May):
        assert found == expected
    else:
        assert isinstance(found, MayNot)
        assert expected in found.reason


@pytest.mark.parametrize(("times", "minutes"), [(1, 10), (2, 20), (3, 40), (6, 320), (7, 360), (10_000, 360)])
def test_the_pause_doubles_up_to_its_greatest(times, minutes):
    assert back_off(times, terms()) == minutes * MINUTE


@pytest.mark.parametrize(
    "changed",
    [
        {"cause": Cause.AUTH},
        {"session_id": "s2"},
        {"struck": Struck.MODEL_CALL},
        {"verdict": Verdict.STUCK},
    ],
)
def test_a_key_is_tried_again_when_its_cause_changes(changed):
    found = permit(sight(**changed), terms(), record(given_up=GIVEN_UP), Hour(NOW, section()))
    assert found == May(1, 3)


def circles(*attempts, cause=Cause.QUALITY_GUARD) -> str:
    made = KeyRecord("main", KEY)
    for one in attempts:
        made.add_attempt(one)
    return going_in_circles(made, sight(cause=cause), NOW - 6 * HOUR)


RESCUED = Came.RESCUED


@pytest.mark.parametrize(
    ("attempts", "cause", "words"),
    [
        ([attempt(NOW - 9, "a", RESCUED), attempt(NOW - 5, "b", RESCUED)], Cause.QUALITY_GUARD, "twice"),
        ([attempt(NOW - 9, "a", RESCUED), attempt(NOW - 5, "b", RESCUED)], Cause.OVERLOADED, "twice"),
        ([attempt(NOW - 9, "a", RESCUED), attempt(NOW - 5, "b", RESCUED, after=4000)], Cause.AUTH, ""),
        ([attempt(NOW - 9, "a"), attempt(NOW - 5, "b")], Cause.QUALITY_GUARD, "same way"),
        ([attempt(NOW - 9, "a"), attempt(NOW - 5, "b")], Cause.OVERLOADED, ""),
        ([attempt(NOW - 9, "a"), attempt(NOW - 5, "b", error="other")], Cause.QUALITY_GUARD, ""),
        ([attempt(NOW - 9, "a"), attempt(NOW - 5, "b", RESCUED)], Cause.QUALITY_GUARD, ""),
        ([attempt(NOW - 5, "b")], Cause.QUALITY_GUARD, ""),
        ([attempt(NOW - 7 * HOUR, "a"), attempt(NOW - 5, "b")], Cause.QUALITY_GUARD, ""),
    ],
)
def test_the_same_rung_with_the_same_numbers_is_no_progress(attempts, cause, words):
    found = circles(*attempts, cause=cause)
    assert words in found
    assert bool(found) == bool(words)


def rung(state: OperationState | None, *, ok: bool = False) -> RungResult:
    return RungResult("compact", ok, state=state)


@pytest.mark.parametrize(
    ("code", "rungs", "came"),
    [
        (ExitCode.OK, (rung(OperationState.DONE, ok=True),), Came.RESCUED),
        (ExitCode.EXHAUSTED, (), Came.FAILED),
        (ExitCode.PROOF_FAILED, (rung(OperationState.ROLLED_BACK),), Came.FAILED),
        (ExitCode.BUSY, (rung(None),), Came.REFUSED),
        (ExitCode.REFUSED, (rung(None),), Came.REFUSED),
        (ExitCode.REFUSED, (), Came.REFUSED),
        (ExitCode.BUSY, (rung(OperationState.ROLLED_BACK), rung(None)), Came.FAILED),
        (ExitCode.PARTIAL, (rung(OperationState.ROLLED_BACK),), Came.FAILED),
    ],
)
def test_what_was_kept_from_beginning_was_not_tried(
    code: ExitCode, rungs: tuple[RungResult, ...], came: Came
) -> None:
    result = KeyResult("k", "compact", ok=code is ExitCode.OK, rungs=rungs, exit_code=code)
    assert came_of(result) is came
