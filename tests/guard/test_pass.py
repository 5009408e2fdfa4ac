"""One pass after the other over real dead sessions: what is done, told and remembered."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from guard_stage import DAY, DEAD, HOUR, MINUTE, Guarded, files, ids_on_disk

from clawmedic.errors import BusyError, ExitCode
from clawmedic.guard.pausing import pause
from clawmedic.guard.report import Did
from clawmedic.guard.watch import watching
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict

Make = Callable[..., Guarded]


def test_a_dead_session_is_rescued_told_once_and_left_alone(guard: Make):
    on = guard()
    before = ids_on_disk(on.on)
    report = on.once()
    assert (report.exit_code, [line.did for line in report.sessions]) == (ExitCode.OK, [Did.RESCUED])
    assert report.totals[Verdict.DEAD] == 0, "it was looked at again afterwards"
    assert before <= ids_on_disk(on.on)
    assert on.kinds == [NoticeKind.RESCUED]
    for _ in range(3):
        report = on.later(5 * MINUTE)
        assert (report.exit_code, report.results, report.sessions) == (ExitCode.OK, (), ())
    assert on.kinds == [NoticeKind.RESCUED]
    assert on.memory.rescues == {("distil", "ok"): 1}


def test_without_a_policy_it_looks_on_tells_and_says_so(guard: Make):
    on = guard(policy=None)
    before = files(on.on)
    report = on.once()
    assert (report.exit_code, report.configured) == (ExitCode.FINDINGS, False)
    assert [line.did for line in report.sessions] == [Did.OBSERVED]
    assert on.kinds == [NoticeKind.DEAD]
    assert any("no policy is configured" in line for line in on.told[0].lines)
    on.later(HOUR)
    on.later(DAY)
    assert on.kinds == [NoticeKind.DEAD], "nobody is told twice"
    assert files(on.on) == before
    assert on.once(policy=Policy.REVIVE).exit_code == ExitCode.OK, "`--policy` is enough"


def test_what_nothing_helps_is_given_up_after_its_attempts(guard: Make):
    """Nothing that `preserve` allows helps a compaction that fails, without a gateway."""
    on = guard(policy=Policy.PRESERVE)
    before = files(on.on)
    report = on.once()
    assert report.exit_code == ExitCode.EXHAUSTED
    assert [line.did for line in report.sessions] == [Did.PERSON]
    assert on.kinds == [NoticeKind.ESCALATION]
    for _ in range(10):
        assert on.later(7 * HOUR).exit_code == ExitCode.EXHAUSTED
    assert on.kinds == [NoticeKind.ESCALATION]
    assert files(on.on) == before
    on.configure(policy=Policy.REVIVE)
    assert on.later(7 * HOUR).exit_code == ExitCode.OK
    assert on.kinds == [NoticeKind.ESCALATION, NoticeKind.RESCUED]


def test_a_session_that_answers_by_itself_is_told_and_dead_again_is_told_again(guard: Make):
    on = guard(policy=None)
    store = on.on.sessions / "sessions.json"
    dead = store.read_bytes(), on.on.transcript.read_bytes()
    on.once()
    answer = {
        "type": "message",
        "id": "feedbeef",
        "parentId": json.loads(dead[1].splitlines()[-1])["id"],
        "timestamp": datetime.fromtimestamp(on.clock.now / 1000, UTC).isoformat(),
        "message": {
            "role": "assistant",
            "content": [{"type": "text", "text": "Here I am."}],
            "provider": "fake",
            "model": "big",
            "stopReason": "stop",
            "usage": {"input": 900, "output": 9, "totalTokens": 909},
        },
    }
    on.on.transcript.write_bytes(dead[1] + json.dumps(answer).encode() + b"\n")
    now = on.clock.now
    rows = json.loads(dead[0])
    rows[on.on.key] |= {
        "status": "done",
        "startedAt": now,
        "endedAt": now,
        "updatedAt": now,
        "totalTokens": 900,
    }
    store.write_text(json.dumps(rows))
    report = on.later(HOUR)
    assert report.totals[Verdict.HEALTHY] == 1, report.totals
    assert on.kinds == [NoticeKind.DEAD, NoticeKind.RECOVERED]
    store.write_bytes(dead[0])
    on.on.transcript.write_bytes(dead[1])
    on.later(HOUR)
    assert on.kinds == [NoticeKind.DEAD, NoticeKind.RECOVERED, NoticeKind.DEAD]


def test_a_pause_holds_and_ends(guard: Make):
    on = guard()
    before = files(on.on)
    pause(on.on.settings, 2 * HOUR)
    report = on.once()
    assert (report.exit_code, [line.did for line in report.sessions]) == (ExitCode.FINDINGS, [Did.HELD])
    assert files(on.on) == before
    assert on.kinds == [NoticeKind.PAUSED]
    on.later(HOUR)
    assert on.kinds == [NoticeKind.PAUSED]
    pause(on.on.settings, 0)
    assert on.later(MINUTE).exit_code == ExitCode.OK
    assert on.kinds == [NoticeKind.PAUSED, NoticeKind.RESCUED]


def test_dry_run_says_what_would_be_done_and_leaves_nothing(guard: Make):
    on = guard()
    before = files(on.on)
    report = on.once(dry_run=True)
    assert "distil" in report.sessions[0].reason
    assert report.exit_code == ExitCode.FINDINGS
    assert files(on.on) == before
    assert not list((on.on.root / "own").rglob("*")), "nothing of our own either"


def test_one_guard_at_a_time(guard: Make):
    on = guard()
    with watching(on.on.settings), pytest.raises(BusyError, match="another guard"):
        on.once()


@pytest.mark.parametrize("name", ["2026.4.15/healthy-chat", DEAD])
def test_a_quiet_pass_opens_nothing(guard: Make, name: str):
    on = guard(name)
    for _ in range(3):
        on.later(30 * MINUTE)
    report = on.later(MINUTE)
    assert (report.exit_code, report.read) == (ExitCode.OK, 0)
    with on.on.transcript.open("ab") as file:
        file.write(b"\n")
    assert on.later(MINUTE).read == 1
