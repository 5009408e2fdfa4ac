from __future__ import annotations

import pytest
from transcript_lines import Writer

from clawmedic.transcripts.envelope import bare_text, is_synthetic
from clawmedic.transcripts.turns import TurnOutcome
from clawmedic.transcripts.view import view_of_lines

REFUSED = "⚠️ Auto-compaction could not recover this turn. I kept this conversation"


def outcomes(writer: Writer, **more: bool) -> list[str]:
    return [turn.outcome.value for turn in view_of_lines(writer.raws(), **more).turns.all]


def test_what_comes_of_a_turn():
    writer = Writer()
    writer.user("a")
    writer.answer()
    writer.user("b")
    writer.error()
    writer.user("c")
    writer.note(REFUSED)
    writer.user("d")
    writer.message(
        "assistant", [], stopReason="aborted", errorMessage="Request was aborted.", provider="fake"
    )
    writer.user("e")
    writer.call("c1")
    writer.user("f")
    assert outcomes(writer) == ["answered", "failed", "refused", "aborted", "unanswered", "unanswered"]
    turns = view_of_lines(writer.raws()).turns
    assert (turns.failed_since_answer, turns.unanswered_since_answer) == (2, 2)
    assert turns.last_error_text == REFUSED
    assert turns.all[4].tools_open
    assert turns.newest is not None
    assert turns.newest.text == "f"
    assert outcomes(writer, running=True)[-1] == "running"


def test_an_answer_ends_what_failed_before():
    writer = Writer()
    writer.user("a")
    writer.error()
    writer.user("b")
    writer.answer()
    turns = view_of_lines(writer.raws()).turns
    assert (turns.failed_since_answer, turns.last_error_text, turns.errors_since_answer) == (0, "", 0)
    assert turns.newest_answer_line == 5


def test_notes_and_mirrors_are_no_answers():
    writer = Writer()
    writer.user("a")
    writer.note("Reply 1", model="delivery-mirror")
    writer.note("[clawmedic]\n\nnotice")
    assert outcomes(writer) == ["unanswered"]
    writer.error()
    writer.note("Reply 1", model="delivery-mirror")
    assert outcomes(writer) == ["failed"]


def test_a_failure_under_the_real_provider_is_no_answer():
    writer = Writer()
    writer.user("a")
    writer.answer("Context overflow: prompt too large for the model. Try /reset", usage={"totalTokens": 0})
    turns = view_of_lines(writer.raws()).turns
    assert (turns.newest_answer_at, turns.failed_since_answer) == (None, 1)


@pytest.mark.parametrize(("second", "counted"), [(1_000, 1), (2_000, 2)])
def test_openclaws_own_retry_is_not_another_turn(second, counted):
    writer = Writer()
    for at in (1_000, second):
        writer.message("user", "will fail", timestamp=at)
        writer.error()
    turns = view_of_lines(writer.raws()).turns
    assert turns.failed_since_answer == counted
    assert turns.all[-1].repeated is (counted == 1)
    assert len(turns.failed_since) == counted


def test_a_turn_that_openclaw_resumes_is_one_turn():
    for words in (
        "[System] Your previous turn was interrupted by a gateway restart",
        "[Queued user message that arrived while",
    ):
        writer = Writer()
        writer.user("slow")
        writer.call("c1")
        writer.user(words)
        assert outcomes(writer) == ["unanswered"]
        writer.answer()
        assert outcomes(writer) == ["answered"]


def test_what_nobody_asked_is_synthetic():
    writer = Writer()
    writer.user("Pre-compaction memory flush. Store durable memories")
    writer.error()
    turns = view_of_lines(writer.raws()).turns
    assert turns.all[0].synthetic
    assert (turns.failed_since_answer, turns.newest) == (0, None)


def test_a_reset_starts_afresh():
    writer = Writer()
    for word in "ab":
        writer.user(word)
        writer.error()
    writer.add("reset", reason="reset")
    assert view_of_lines(writer.raws()).turns.failed_since_answer == 0


def test_a_prompt_error_names_the_reason():
    writer = Writer()
    writer.user("slow")
    writer.add("custom", customType="openclaw:prompt-error", data={"error": "timed out"})
    turns = view_of_lines(writer.raws()).turns
    assert (turns.all[0].outcome, turns.all[0].error) == (TurnOutcome.UNANSWERED, "timed out")


ENVELOPE = (
    'Conversation info (untrusted metadata):\n```json\n{\n  "chat_id": "telegram:-100"\n}\n```\n\n'
    'Sender (untrusted metadata):\n```json\n{\n  "label": "x"\n}\n```\n\n[Mon 2026-11-23 08:01 UTC] where is it?'
)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        (ENVELOPE, "where is it?"),
        ("[Mon 2026-11-23 08:01 UTC] hello", "hello"),
        ("hello", "hello"),
        ("[x] (untrusted stuff) hello", "[x] (untrusted stuff) hello"),
        ("", ""),
    ],
)
def test_the_users_own_words(text, bare):
    assert bare_text(text) == bare


def test_words_of_users_are_not_synthetic():
    assert not any(map(is_synthetic, ("hello", "[1] list", "System design?", bare_text(ENVELOPE))))
