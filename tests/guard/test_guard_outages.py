"""Several sessions that fail for one provider's cause: one notice, no resets, one tried first."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest
from guard_stage import DEAD, HOUR, MINUTE, Guarded, files
from guard_values import NOW, sight

from clawmedic.errors import ExitCode
from clawmedic.guard.outages import outages_among
from clawmedic.guard.report import Did
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict

Make = Callable[..., Guarded]


def twin(on: Guarded, number: int = 1) -> None:
    """Another session of the same store that died in the same way at the same time."""
    store = on.on.sessions / "sessions.json"
    rows = json.loads(store.read_text())
    (key, row), other = next(iter(rows.items())), f"1111111{number}-2222-4333-8444-555555555555"
    text = on.on.transcript.read_text().replace(row["sessionId"], other)
    (on.on.sessions / f"{other}.jsonl").write_text(text)
    rows[f"{key.rpartition(':')[0]}:-10099{number}"] = json.loads(
        json.dumps(row).replace(row["sessionId"], other)
    )
    store.write_text(json.dumps(rows, indent=2))
    for name in on.on.settings.logs:
        with open(name) as log:  # noqa: PTH123 - a name as it was given
            lines = [
                line.replace(row["sessionId"], other).replace(key, f"{key.rpartition(':')[0]}:-10099{number}")
                for line in log
            ]
        with open(name, "a") as log:  # noqa: PTH123
            log.writelines(lines)


@pytest.fixture
def two(guard: Make) -> Callable[..., Guarded]:
    def make(name: str, **more: object) -> Guarded:
        on = guard(name, **more)
        truth = json.loads((on.on.sessions / "sessions.json").read_text())
        on.on = dataclasses.replace(on.on, truth={**on.on.truth, "session_key": next(iter(truth))})
        twin(on)
        return on

    return make


@pytest.mark.parametrize("policy", [Policy.OBSERVE, Policy.RESET])
def test_a_dead_provider_is_one_notice_and_nothing_is_touched(two: Callable[..., Guarded], policy: Policy):
    on = two("2026.7.1/failed-error-bloat-402", policy=policy)
    before = files(on.on)
    for pause in (0, HOUR, 9 * HOUR):
        report = on.later(pause)
    assert {line.did for line in report.sessions} <= {Did.OUTAGE, Did.OBSERVED}
    assert [(one.cause, len(one.keys)) for one in report.outages] == [(Cause.QUOTA, 2)]
    assert report.exit_code == ExitCode.EXHAUSTED, "an account has to be paid by a person"
    assert on.kinds == [NoticeKind.OUTAGE]
    assert files(on.on) == before


def test_of_failing_compactions_one_is_tried_first_and_the_others_follow(two: Callable[..., Guarded]):
    on = two(DEAD, policy=Policy.RESET)
    report = on.once()
    assert [line.did for line in report.sessions] == [Did.RESCUED, Did.RESCUED]
    assert {result.action for result in report.results} == {"distil"}, "and nobody is reset"
    assert report.exit_code == ExitCode.OK


def test_when_the_first_cannot_be_rescued_the_others_wait(two: Callable[..., Guarded]):
    on = two(DEAD, policy=Policy.PRESERVE)
    before = files(on.on)
    report = on.once()
    assert sorted(line.did for line in report.sessions) == [Did.HELD, Did.PERSON]
    held = next(line for line in report.sessions if line.did is Did.HELD)
    assert held.until == on.clock.now + 10 * MINUTE
    assert [line.did for line in on.later(5 * MINUTE).sessions].count(Did.HELD) == 1
    for _ in range(3):
        report = on.later(7 * HOUR)
    assert {line.did for line in report.sessions} == {Did.PERSON}, "each had its turn"
    assert report.exit_code == ExitCode.EXHAUSTED
    assert on.kinds == [NoticeKind.OUTAGE, NoticeKind.ESCALATION], "one of each, for both"
    assert files(on.on) == before


def failing(key: str, **changes: object):
    base = {"cause": Cause.OVERLOADED, "struck": Struck.MODEL_CALL, "failed_at": NOW}
    return sight(key=key, **{**base, **changes})


@pytest.mark.parametrize(
    ("sights", "known", "sizes"),
    [
        ([failing("a"), failing("b")], (), [2]),
        ([failing("a"), failing("b", verdict=Verdict.SUSPECT)], (), [2]),
        ([failing("a", verdict=Verdict.SUSPECT), failing("b", verdict=Verdict.SUSPECT)], (), []),
        ([failing("a")], (), []),
        ([failing("a")], ("outage fake overloaded",), [1]),
        ([failing("a"), failing("b", provider="other")], (), []),
        ([failing("a"), failing("b", cause=Cause.QUOTA)], (), []),
        ([failing("a"), failing("b", struck=Struck.COMPACTION)], (), []),
        ([failing("a"), failing("b", failed_at=NOW - 5 * HOUR)], (), [2]),
        (
            [
                failing("a", struck=Struck.COMPACTION),
                failing("b", struck=Struck.COMPACTION, failed_at=NOW - 5 * HOUR),
            ],
            (),
            [],
        ),
        ([failing("a", cause=Cause.QUALITY_GUARD), failing("b", cause=Cause.QUALITY_GUARD)], (), []),
    ],
)
def test_what_is_an_outage(sights, known, sizes):
    assert [len(outage.sights) for outage in outages_among(sights, known)] == sizes


def test_what_passes_is_spared_for_an_hour():
    (outage,) = outages_among(
        [failing("a", struck=Struck.COMPACTION), failing("b", struck=Struck.COMPACTION)]
    )
    assert outage.most(NOW + 10 * MINUTE) is Policy.PRESERVE
    assert outage.most(NOW + 2 * HOUR) is Policy.REVIVE
