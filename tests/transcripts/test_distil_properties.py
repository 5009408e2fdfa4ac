"""Whatever a transcript holds, a distilled one is sound, within its target, and always the same."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transcript_damage import damaged
from transcript_lines import raw_lines

from clawmedic.transcripts.digest_text import entry_tokens, one_line, tokens_of
from clawmedic.transcripts.distil import DISTILLED, LEAST_TARGET, Distilled, distil, hand_over
from clawmedic.transcripts.mend import as_read
from clawmedic.transcripts.mend_result import TREATED_FLAWS
from clawmedic.transcripts.view import view_of_lines

moderate = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
targets = st.integers(LEAST_TARGET, 9000)


def distilled(data: bytes, target: int) -> Distilled:
    return distil(
        raw_lines(data), session_id="s1", target_tokens=target, now=1_795_430_000_000, backup="/b/x"
    )


@moderate
@given(damaged(), targets)
def test_a_distilled_transcript_is_sound_and_small(data: bytes, target: int) -> None:
    result = distilled(data, target)
    view = view_of_lines(as_read(result.lines))
    assert not [
        flaw for flaw in view.flaws if flaw.code in TREATED_FLAWS and flaw.code.value != "error-bloat"
    ]
    assert result.tokens_after <= target
    values = [json.loads(line.decode("utf-8", "replace")) for line in result.lines]
    assert sum(map(entry_tokens, values)) <= target
    assert [value["type"] for value in values[:3]] == ["session", "compaction", "custom"]
    assert values[2]["customType"] == DISTILLED
    kept = view.context.entries
    assert not kept or kept[0].role == "user"
    assert (result.kept_turns == 0) == (not kept)
    assert 0 <= result.cut_entries <= len(raw_lines(data))


@moderate
@given(damaged(), targets)
def test_the_same_transcript_gives_the_same_bytes(data: bytes, target: int) -> None:
    assert distilled(data, target) == distilled(data, target)


@moderate
@given(damaged(), targets)
def test_what_is_kept_is_what_was_there(data: bytes, target: int) -> None:
    said = {}
    for raw in raw_lines(data):
        try:
            value = json.loads(raw.data)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and value.get("type") == "message":
            said.setdefault(json.dumps((value.get("message") or {}).get("content")), value)
    for line in distilled(data, target).lines[3:]:
        value = json.loads(line.decode("utf-8", "replace"))
        unreadable = (
            "\ufffd" in str(value) or "plain ?" in str(value) or "\\ud83d" in ascii(value)
        )  # a lone surrogate becomes "?"
        if value["type"] != "message" or unreadable or b"SyntheticMissing" in line:
            continue
        assert json.dumps(value["message"]["content"]) in said


@moderate
@given(damaged(), st.integers(0, 20_000))
def test_a_hand_over_is_bounded(data: bytes, limit: int) -> None:
    assert len(hand_over(raw_lines(data), now=0, backup="/b/x", limit_chars=limit)) <= max(limit, 2400)


@given(st.text(), st.integers(10, 80))
def test_one_line_is_one_line_and_bounded(text: str, limit: int) -> None:
    line = one_line(text * 20, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert tokens_of(line) <= limit
