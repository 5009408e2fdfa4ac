"""Every dead session of the file generation comes back, nothing is lost, and undo gives back every byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rescue_stage import (
    PATIENT,
    RESET,
    REVIVE,
    Stage,
    file_cases,
    files,
    ids_in,
    ids_on_disk,
    report,
    rescue,
    undo_all,
)

from clawmedic.errors import ExitCode
from clawmedic.model.notice import NoticeKind
from clawmedic.model.plan import Reversible
from clawmedic.model.verdict import Verdict

DEAD = file_cases("dead")
COMPACTION = [
    name
    for name in DEAD
    if name.partition("/")[2].startswith(
        ("dead-", "harddead-", "tg-group-compact", "failed-provider-overflow")
    )
]
OUTAGES = [
    "2026.4.15/failed-error-bloat-402",
    "2026.4.15/failed-provider-429",
    "2026.4.15/provider-connection-refused",
    "2026.7.1/failed-error-bloat-402",
    "2026.7.1/timeout-connection-refused",
]
AUTORESET = [
    "2026.4.15/autoreset-compact-400",
    "2026.4.15/autoreset-compact-timeout",
    "2026.4.15/tg-group-compact-400",
]
Make = Callable[..., Stage]


def test_the_lists_cover_what_they_say():
    assert len(DEAD) >= 14
    assert len(COMPACTION) >= 9
    assert set(OUTAGES) <= set(DEAD)


@pytest.mark.parametrize("name", DEAD)
def test_to_the_end_nothing_stays_dead_and_undo_gives_back_every_byte(stage: Make, name: str):
    on = stage(name)
    assert report(on).verdict is Verdict.DEAD
    before, history = files(on), ids_on_disk(on)
    outcome = rescue(on, RESET)
    assert outcome.exit_code == ExitCode.OK, outcome
    assert report(on).verdict not in (Verdict.DEAD, Verdict.STUCK)
    assert history <= ids_on_disk(on)
    assert files(on) != before
    undone = undo_all(on, outcome.operation_id)
    assert undone.exit_code == ExitCode.OK, undone
    assert files(on) == before


@pytest.mark.parametrize("name", COMPACTION)
def test_a_failed_compaction_is_answered_by_distilling(stage: Make, name: str):
    on = stage(name)
    old = on.row
    history = ids_in(on.transcript)
    outcome = rescue(on, REVIVE)
    result = outcome.results[0]
    assert (result.action, result.ok, result.reversible) == ("distil", True, Reversible.BYTES), result
    assert result.backup is not None
    assert ids_in(result.backup) == history
    row = on.row
    assert row["sessionId"] == old["sessionId"]
    assert {"totalTokens", "totalTokensFresh", "inputTokens", "contextBudgetStatus"}.isdisjoint(row)
    assert row.get("deliveryContext") == old.get("deliveryContext")
    assert result.proof is not None
    assert result.proof.tokens_after is not None
    assert result.proof.budget_tokens is not None
    assert result.proof.tokens_after <= 0.6 * result.proof.budget_tokens
    kept = ids_in(on.transcript) & history
    assert kept, "recent turns stay whole"
    assert result.backup.name in on.transcript.read_text(), "the digest says where the history is"
    assert report(on).verdict not in (Verdict.DEAD, Verdict.STUCK, Verdict.SUSPECT)


@pytest.mark.parametrize("name", OUTAGES)
def test_a_dead_provider_is_escalated_and_nothing_is_changed(stage: Make, name: str):
    on = stage(name)
    before = files(on)
    outcome = rescue(on, REVIVE)
    assert outcome.exit_code == ExitCode.EXHAUSTED, outcome
    assert files(on) == before
    assert [notice.kind for notice in outcome.notices] == [NoticeKind.OUTAGE]
    assert on.key in outcome.notices[0].keys


@pytest.mark.parametrize("name", AUTORESET)
def test_a_history_taken_by_an_automatic_reset_comes_back(stage: Make, name: str):
    on = stage(name)
    present = ids_in(on.transcript)
    lost = max(
        (
            path
            for path in on.sessions.glob("*.jsonl")
            if path != on.transcript and "checkpoint" not in path.name
        ),
        key=lambda path: path.stat().st_size,
    )
    old = ids_in(lost)
    before = files(on)
    outcome = rescue(on, PATIENT)
    assert outcome.results[0].action == "relink", outcome
    assert outcome.exit_code == ExitCode.OK
    assert ids_in(on.transcript) & old, "the old turns are in the transcript again"
    assert (old | present) <= ids_on_disk(on)
    assert lost.read_bytes() == before[str(lost.relative_to(on.state))], "the orphan itself is not touched"
    after = report(on)
    assert "history-orphaned" not in {finding.code for finding in after.findings}
    assert after.verdict not in (Verdict.DEAD, Verdict.STUCK, Verdict.SUSPECT)
    undo_all(on, outcome.operation_id)
    assert files(on) == before


@pytest.mark.parametrize("name", file_cases("healthy"))
def test_a_healthy_session_is_left_alone(stage: Make, name: str):
    on = stage(name)
    before = files(on)
    outcome = rescue(on, RESET)
    assert outcome.exit_code == ExitCode.OK
    assert outcome.results[0].rungs == ()
    assert files(on) == before
