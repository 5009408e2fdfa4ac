"""A month of passes over a release's faults in one store: each session is rescued or escalated, within its policy."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from guard_stage import DAY, HOUR, MINUTE, Clock, Guarded
from msgspec.structs import replace

from clawmedic.configuration.sections import BUILT_IN_RULES, Configuration, GuardRule, GuardSection
from clawmedic.guard.memory import memory_file
from clawmedic.guard.record import Came
from clawmedic.guard.report import Did, PassReport
from clawmedic.guard.status import retry
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict
from clawmedic.notify.post import Post
from clawmedic.settings import Settings
from recovery.rescue_stage import CLOSED_PORT, Stage, world
from triage_cases import corpus_cases, merged

NEWEST = 1_795_426_107_634
ATTEMPTS, WINDOW = 2, 6 * HOUR
LOOKED_ON = "a00"
"""The agent whose sessions are only looked at."""
AGAIN = "a01"
"""The agent whose session dies again and again."""
SETTLED = frozenset({Did.PERSON, Did.OUTAGE, Did.OBSERVED})


@dataclass
class Month:
    """What is asked of every pass, and what it has come to so far."""

    on: Guarded
    dead: Path
    attempts: dict[tuple[str, str], set[tuple[int, str]]] = field(default_factory=lambda: defaultdict(set))
    told: Counter[str] = field(default_factory=Counter)
    reports: list[PassReport] = field(default_factory=list)

    def passes(self, *pauses_ms: int) -> PassReport:
        for pause in pauses_ms:
            report = self.on.later(pause)
            self.reports.append(report)
            self._check(report)
        return self.reports[-1]

    def _check(self, report: PassReport) -> None:
        now = self.on.clock.now
        for record in self.on.memory.records.values():
            own = self.attempts[record.agent, record.key]
            own |= {(one.at, one.group) for one in record.attempts}
            assert sum(now - WINDOW < at <= now for at, _ in own) <= ATTEMPTS, record
            assert record.agent != LOOKED_ON or not own, "only looked at"
        self.told.update(notice.identity for notice in report.notices)
        assert memory_file(self.on.on.settings).stat().st_size < 1_000_000
        assert not report.problems

    def dies_again(self, agent: str) -> None:
        """Its store becomes what it was when it was dead."""
        place = self.on.on.state / "agents" / agent
        shutil.rmtree(place)
        shutil.copytree(self.dead / "agents" / agent, place)


@pytest.fixture
def month(tmp_path: Path) -> Month:
    cases = [case for case in corpus_cases() if case.path.parent.name == "2026.7.1"]
    first = [case for case in cases if case.path.name in {"harddead-compact-400", "dead-compact-400-chat"}]
    ordered = [*first, *[case for case in cases if case not in first][::2]]
    (tmp_path / "root").mkdir()
    state, log = merged(ordered, tmp_path / "root")
    (state / "openclaw.json").write_text(
        (state / "openclaw.json").read_text().replace("18789", str(CLOSED_PORT))
    )
    shutil.copytree(state, tmp_path / "dead")
    clock = Clock(NEWEST + HOUR)
    settings = Settings(replace(world(tmp_path / "root"), clock=clock), state, logs=(str(log),))
    rules = (GuardRule(agent=LOOKED_ON, policy=Policy.OBSERVE), *BUILT_IN_RULES)
    guard = GuardSection(policy=Policy.REVIVE, attempts=ATTEMPTS, window_ms=WINDOW, rules=rules)
    on = Guarded(Stage(tmp_path / "root", {}, settings), clock, Configuration(guard))
    return Month(on, tmp_path / "dead")


def test_a_month_of_passes(month: Month):
    on = month.on
    month.passes(MINUTE, 15 * MINUTE, HOUR, 3 * HOUR)
    first = len(on.told)
    quiet = month.passes(*[16 * HOUR] * 4)
    assert quiet.results == ()
    assert len(on.told) == first, "nothing new, and nobody is told anything"

    for _ in range(2):  # it dies again within the window, and is rescued from the same size to the same size
        month.dies_again(AGAIN)
        month.passes(50 * MINUTE)
    month.dies_again(AGAIN)
    stopped = month.passes(50 * MINUTE, *[2 * DAY] * 2)
    (line,) = [one for one in stopped.sessions if one.agent == AGAIN]
    assert (line.did, "same size" in line.reason) == (Did.PERSON, True), (
        "no progress: given up, and left alone"
    )

    key = line.key
    retry(on.on.settings, key, Post.open(on.on.settings, on.configuration))
    again = month.passes(MINUTE)
    assert [one.key for one in again.results if one.ok] == [key]
    month.passes(*[4 * DAY] * 6)

    assert on.clock.now - NEWEST > 28 * DAY
    final = month.reports[-1]
    ill = {(sight.agent, sight.key) for sight in final.sessions}
    assert all(line.did in SETTLED for line in final.sessions), final.sessions
    assert final.totals[Verdict.DEAD] + final.totals[Verdict.STUCK] == len(ill)
    for record in on.memory.records.values():
        if record.attempts and record.attempts[-1].came is not Came.RESCUED:
            assert record.given_up or record.no_way, record
    escalated = {key for notice in on.told for key in notice.keys if notice.kind is not NoticeKind.RESCUED}
    assert {key for _, key in ill} <= escalated, "nobody stays dead in silence"
    assert max(month.told.values()) == 1, "no notice is sent twice"
