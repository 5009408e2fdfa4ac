"""The catalogue behind `explain`: complete, consistent, and honest about what does not help."""

from __future__ import annotations

import re

import pytest

from clawmedic.errors import NotFoundError
from clawmedic.model.cause import Cause, CauseKind, Struck
from clawmedic.model.finding import FindingCode
from clawmedic.model.session import Generation
from clawmedic.triage.knowledge import everything, find, remedies_for, upstream_for

COMMANDS = {
    "scan",
    "show",
    "diagnose",
    "explain",
    "backups",
    "mend",
    "compact",
    "reset",
    "rescue",
    "guard",
    "history",
    "undo",
    "ack",
    "notify",
    "drill",
    "setup",
    "info",
}
CODES = {code.value for code in FindingCode} | {cause.value for cause in Cause}


def test_every_code_is_explained_exactly_once():
    codes = [explanation.code for explanation in everything()]
    assert sorted(codes) == sorted(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_an_explanation_says_everything(code):
    explanation = find(code)
    assert explanation.title
    assert not explanation.title.endswith(".")
    assert explanation.meaning.endswith((".", ")."))
    assert explanation.detected.endswith((".", "`"))
    assert explanation.helps
    assert explanation.does_not_help
    assert all(re.fullmatch(r"openclaw#\d+", issue) for issue in explanation.upstream)
    assert len(set(explanation.upstream)) == len(explanation.upstream)


def test_only_existing_commands_are_named():
    for explanation in everything():
        text = " ".join((*explanation.helps, *explanation.does_not_help, explanation.meaning))
        named = set(re.findall(r"clawmedic ([a-z]+)", text))
        assert named <= COMMANDS, (explanation.code, named - COMMANDS)


def test_text_has_no_accidental_joins():
    for explanation in everything():
        for text in (
            explanation.meaning,
            explanation.detected,
            *explanation.helps,
            *explanation.does_not_help,
        ):
            assert "  " not in text, (explanation.code, text)
            assert text == text.strip()


@pytest.mark.parametrize("written", ["Quality-Guard", " quality_guard ", "quality guard"])
def test_a_code_may_be_written_loosely(written):
    assert find(written).code == "quality-guard"


def test_an_unknown_code_suggests_the_nearest():
    with pytest.raises(NotFoundError) as caught:
        find("qualty-gard")
    assert "quality-guard" in caught.value.hint


def test_nonsense_points_to_the_list():
    with pytest.raises(NotFoundError) as caught:
        find("zzzzzzzz")
    assert "clawmedic explain" in caught.value.hint


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("struck", list(Struck))
@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("dialect", ["4.15", "7.1", "9.6", ""])
def test_every_cause_has_a_remedy(cause, struck, generation, dialect):
    remedies = remedies_for(cause, generation, dialect, struck=struck)
    assert remedies
    assert len(set(remedies)) == len(remedies)


def test_the_guard_can_be_switched_off_where_it_exists():
    assert any("qualityGuard" in line for line in remedies_for(Cause.QUALITY_GUARD, Generation.SQLITE, "9.6"))
    assert not any(
        "qualityGuard" in line for line in remedies_for(Cause.QUALITY_GUARD, Generation.FILES, "7.1")
    )


@pytest.mark.parametrize(
    "cause", [cause for cause in Cause if cause.kind is CauseKind.TRANSIENT and cause is not Cause.UNKNOWN]
)
def test_an_outage_of_the_model_is_never_answered_by_a_reset_or_compaction(cause):
    remedies = remedies_for(cause, Generation.SQLITE, "9.6", struck=Struck.MODEL_CALL)
    assert remedies[0].startswith("wait")
    assert not any("reset" in line or "compact" in line for line in remedies)


def test_waiting_on_4_15_does_not_bring_the_memory_back():
    assert any("backups" in line for line in remedies_for(Cause.RATE_LIMIT, Generation.FILES, "4.15"))
    assert not any("backups" in line for line in remedies_for(Cause.RATE_LIMIT, Generation.FILES, "7.1"))


def test_the_removed_setting_is_never_a_remedy():
    for cause in Cause:
        for line in remedies_for(cause, Generation.SQLITE, "9.6"):
            assert "reserveTokens" not in line


def test_the_best_known_issue_comes_first():
    assert upstream_for(Cause.REASONING_REQUIRED)[0] == "openclaw#69202"
