"""One provider that fails is one outage."""

from __future__ import annotations

from pathlib import Path

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Incident, IncidentOutcome
from clawmedic.triage.outages import TOGETHER_MS, _bursts, outages
from triage_cases import Examiner, corpus_cases, merged


def incident(key: str, at: int) -> Incident:
    return Incident(
        key=key, session_id=None, started_at=at, ended_at=None, cause=Cause.QUOTA, struck=Struck.COMPACTION,
        confidence=1.0, outcome=IncidentOutcome.DEAD, attempts=(), count=1, evidence=(), remedies=(), upstream=(),
        provider="p",
    )  # fmt: skip


def test_what_fails_together_is_one_burst_and_what_fails_later_another():
    bursts = _bursts([incident("c", 2 * TOGETHER_MS + 2), incident("a", 1), incident("b", 1 + TOGETHER_MS)])
    assert [[item.key for item in burst] for burst in bursts] == [["a", "b"], ["c"]]


def test_sessions_of_one_provider_and_cause_are_one_outage(tmp_path: Path, examiner: Examiner):
    cases = [case for case in corpus_cases() if case.path.parent.name == "2026.9.6"]
    state, log = merged(cases, tmp_path)
    report = examiner(state, str(log))
    found = {outage.cause: outage for outage in outages(report.sessions)}
    dead = [one for one in report.sessions if one.verdict == "dead" and one.cause is Cause.REASONING_REQUIRED]
    assert len(found[Cause.REASONING_REQUIRED].keys) >= 2
    assert set(found[Cause.REASONING_REQUIRED].keys) <= {one.session.key for one in dead}
    assert Cause.QUALITY_GUARD not in found


def test_a_single_session_is_no_outage(examiner: Examiner):
    for case in corpus_cases():
        if case.truth["cause"] == "quota":
            report = examiner(case.path / "state", *case.logs)
            assert outages(report.sessions) == ()
