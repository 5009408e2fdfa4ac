"""What the guard tells machines: the textfile, and a line for each action."""

from __future__ import annotations

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clawmedic.errors import RefusedError
from clawmedic.model.cause import Cause
from clawmedic.model.signals import Action, GuardSignals
from clawmedic.model.verdict import Verdict
from clawmedic.output.actions import action_line
from clawmedic.output.guard_metrics import guard_exposition, write_metrics

SIGNALS = GuardSignals(
    state_dir="/srv/op/.openclaw",
    at=1_790_000_000_500,
    duration_ms=1_250,
    exit_code=9,
    sessions=(("main", Verdict.DEAD, 2), ("main", Verdict.HEALTHY, 40), ("ops", Verdict.HEALTHY, 1)),
    causes=((Cause.QUOTA, 2),),
    rescues=(("compact", "ok", 7), ("distil", "failed", 1)),
    attempts_left=(('agent:main:"x"\n', 0),),
    unanswered=5,
    notices_waiting=1,
)


def numbers(text: str) -> dict[tuple[str, ...], float]:
    return {
        (
            sample.name,
            *(value for name, value in sorted(sample.labels.items()) if name != "state"),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_number_of_a_pass():
    text = guard_exposition(SIGNALS)
    seen = numbers(text)
    assert seen == {
        ("clawmedic_guard_up",): 1,
        ("clawmedic_guard_paused",): 0,
        ("clawmedic_guard_last_run_timestamp_seconds",): 1_790_000_000.5,
        ("clawmedic_guard_last_run_duration_seconds",): 1.25,
        ("clawmedic_guard_last_run_exit_code",): 9,
        ("clawmedic_guard_unanswered_messages",): 5,
        ("clawmedic_guard_notices_waiting",): 1,
        ("clawmedic_guard_sessions", "main", "dead"): 2,
        ("clawmedic_guard_sessions", "main", "healthy"): 40,
        ("clawmedic_guard_sessions", "ops", "healthy"): 1,
        ("clawmedic_guard_causes", "quota"): 2,
        ("clawmedic_guard_rescues_total", "ok", "compact"): 7,
        ("clawmedic_guard_rescues_total", "failed", "distil"): 1,
        ("clawmedic_guard_attempts_left", 'agent:main:"x"\\n'): 0,
    }
    assert text.count('state="/srv/op/.openclaw"') == len(seen)


def test_the_file_is_replaced_whole_and_readable_by_others(tmp_path):
    path = tmp_path / "clawmedic.prom"
    path.write_text("old")
    write_metrics(path, SIGNALS)
    assert path.read_text() == guard_exposition(SIGNALS)
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(RefusedError, match="no such directory"):
        write_metrics(tmp_path / "none" / "x.prom", SIGNALS)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (
            Action(
                1_790_000_000_001, "rescue", "agent:main:x", (("rung", "compact"), ("ok", True), ("ms", 1250))
            ),
            "time=2026-09-21T14:13:20.001Z event=rescue key=agent:main:x rung=compact ok=true ms=1250",
        ),
        (
            Action(
                1_790_000_000_000, "dead", 'a b="c"\\', (("why", "line\nend"), ("cause", None), ("n", "é"))
            ),
            'time=2026-09-21T14:13:20.000Z event=dead key="a b=\\"c\\"\\\\" why="line\\\\nend" n=é',
        ),
        (Action(0, "pass", fields=(("empty", ""),)), 'time=1970-01-01T00:00:00.000Z event=pass empty=""'),
    ],
)
def test_a_line_for_each_action(action, line):
    assert action_line(action, as_json=False) == line
    document = json.loads(action_line(action, as_json=True))
    assert list(document)[:2] == ["time", "event"]
    assert document.get("key", "") == action.key
    assert "cause" not in document
