from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawmedic.logs.signals import SignalKind
from clawmedic.model.cause import Cause
from logs_reading import scan

CORPUS = Path(__file__).parent.parent / "corpus"
CASES = sorted(path.parent for path in CORPUS.glob("*/*/truth.json"))
LOGGED = [case for case in CASES if list(case.glob("logs/*.log")) or (case / "console.txt").exists()]
FAILURES = {
    SignalKind.COMPACTION_FAILED,
    SignalKind.COMPACTION_CAUSE,
    SignalKind.TURN_REFUSED,
    SignalKind.RUN_FAILED,
    SignalKind.RUN_TIMEOUT,
    SignalKind.RESUME_FAILED,
    SignalKind.AUTO_RESET,
}
SILENT = {"empty-summary"}
"""Causes that 4.15 and 7.1 do not log: the summary was taken for a success (openclaw.md 1.2)."""


def truth(case):
    return json.loads((case / "truth.json").read_text())


def logs(case):
    return sorted(case.glob("logs/*.log"))


def name(case):
    return f"{case.parent.name}/{case.name}"


def read(case, tmp_path, *, console=False):
    files = [case / "console.txt"] if console else logs(case)
    return list(scan(tmp_path, *files)) if files and all(file.exists() for file in files) else []


@pytest.mark.parametrize("case", [case for case in LOGGED if truth(case)["cause"]], ids=name)
def test_the_cause_of_a_death_is_named_where_the_log_tells_of_it(case, tmp_path):
    found = [*read(case, tmp_path), *read(case, tmp_path, console=True)]
    failed = [signal for signal in found if signal.kind in FAILURES | {SignalKind.QUALITY_REJECTED}]
    if truth(case)["cause"] in SILENT and not failed:
        assert any(signal.kind is SignalKind.COMPACTION_DONE for signal in found)
        return
    assert failed
    assert Cause(truth(case)["cause"]) in {signal.cause for signal in failed}


@pytest.mark.parametrize("case", [case for case in LOGGED if truth(case)["cause"] and logs(case)], ids=name)
def test_no_other_cause_is_named(case, tmp_path):
    """The fault of each case was one and the same all the time."""
    others = {signal.cause for signal in read(case, tmp_path)} - {None, Cause(truth(case)["cause"])}
    assert not others


@pytest.mark.parametrize(
    "case", [case for case in LOGGED if truth(case)["verdict_any_of"] == ["healthy"] and logs(case)], ids=name
)
def test_the_last_word_on_a_healthy_session_is_no_failure(case, tmp_path):
    failed = [signal.record.line for signal in read(case, tmp_path) if signal.kind in FAILURES]
    ended = [signal.record.line for signal in read(case, tmp_path) if signal.kind is SignalKind.RUN_OK]
    assert not failed or max(ended) > max(failed)


@pytest.mark.parametrize(
    "case", [case for case in LOGGED if truth(case)["verdict_any_of"] == ["dead"] and logs(case)], ids=name
)
def test_nothing_proves_a_good_end_after_the_last_failure_of_a_dead_session(case, tmp_path):
    found = read(case, tmp_path)
    failed = [signal.record.line for signal in found if signal.kind in FAILURES]
    good = {SignalKind.RUN_OK, SignalKind.COMPACTION_DONE, SignalKind.RESUMED}
    assert failed
    assert not [signal for signal in found if signal.kind in good and signal.record.line > max(failed)]


@pytest.mark.parametrize("case", LOGGED, ids=name)
def test_every_signal_says_when_and_where(case, tmp_path):
    for signal in [*read(case, tmp_path), *read(case, tmp_path, console=True)]:
        assert signal.at is not None
        assert signal.record.line > 0
        assert signal.record.text


@pytest.mark.parametrize("case", LOGGED, ids=name)
def test_keys_ids_and_numbers_are_filled_where_the_line_has_them(case, tmp_path):
    for signal in [*read(case, tmp_path), *read(case, tmp_path, console=True)]:
        text = signal.record.text
        if "sessionKey=agent:" in text:
            assert signal.key == text.split("sessionKey=")[1].split()[0]
        if "lane=session:" in text:
            assert signal.key == text.split("lane=session:")[1].split()[0]
        if "sessionFile=" in text:
            named = text.split("sessionFile=")[1].split()[0]
            assert signal.session_file == (named if named.endswith(".jsonl") else "")
            assert signal.session_file.rpartition("/")[2].startswith(signal.session_id)
            assert bool(signal.session_id) == bool(signal.session_file)
        if " sessionId=" in text and "sessionId=unknown" not in text:
            assert signal.session_id in text
        if " runId=" in text:
            assert f"runId={signal.run_id}" in text
        if (
            signal.kind in {SignalKind.COMPACTION_FAILED, SignalKind.COMPACTION_DONE}
            and "compaction-diag" in text
        ):
            assert signal.key
            assert signal.run_id
            assert signal.trigger in {"overflow", "budget", "manual", "cli_budget", "timeout_recovery"}
            assert signal.model.count("/") == 1
        if signal.kind is SignalKind.PRECHECK:
            assert signal.key
            assert signal.estimated_tokens >= 0
            assert signal.budget_tokens > 0
        if signal.kind is SignalKind.AUTO_RESET:
            assert f"-> {signal.detail} and retrying" in text


@pytest.mark.parametrize(
    "case", [case for case in LOGGED if logs(case) and (case / "console.txt").exists()], ids=name
)
def test_console_and_file_tell_the_same_failures(case, tmp_path):
    """Where both cover the moment: each WARN or ERROR of the file that names a cause stands in the console too."""
    console = read(case, tmp_path, console=True)
    if not console:
        pytest.skip("the capture holds nothing of meaning")
    first, last = min(signal.at for signal in console), max(signal.at for signal in console)
    told = {(signal.kind, signal.cause, signal.key) for signal in console}
    for signal in read(case, tmp_path):
        inside = first < signal.at < last
        if inside and signal.cause is not None and signal.record.level >= 4 and signal.kind in FAILURES:
            assert (signal.kind, signal.cause, signal.key) in told
