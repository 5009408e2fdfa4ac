"""When what a gateway made of a history leaves room enough, and what shows that a session is used meanwhile."""

import pytest

from clawmedic.recovery.live import is_use, roomy
from clawmedic.recovery.sizing import Room
from clawmedic.settings import Limits
from clawmedic.transcripts.context import Context
from clawmedic.transcripts.entry import Entry, Usage


@pytest.mark.parametrize(
    ("tokens", "budget", "ok", "words"),
    [
        (600, 1000, True, "600 of 1000 tokens, 60%"),
        (601, 1000, True, "60.1%, more than the 60% aimed at"),
        (799, 1000, True, "79.9%, more than the 60% aimed at"),
        (800, 1000, False, "80.0%, more than the 60% aimed at"),
        (1200, 1000, False, "120.0%, more than the 60% aimed at"),
        (1200, None, True, "the model's window is not known"),
    ],
)
def test_nearly_used_up_again_is_a_failure_and_more_than_the_aim_is_said(tokens, budget, ok, words):
    context = Context(
        entries=(),
        compaction=None,
        reset=None,
        kept_missing=False,
        estimated_tokens=tokens,
        usage=None,
        usage_at=None,
        usage_stale=False,
    )
    check = roomy(context, Room(budget, 0, 600), Limits())
    assert check.ok is ok
    assert check.detail.endswith(words)


USAGE = Usage(10, 1, 0, 0, 11)


@pytest.mark.parametrize(
    ("entry", "used"),
    [
        (Entry(9, "message", 100, role="user", text="Hello?"), False),
        (Entry(9, "message", 100, role="assistant", stop_reason="error", provider="fake"), False),
        (
            Entry(9, "message", 100, role="assistant", stop_reason="stop", provider="openclaw", usage=USAGE),
            False,
        ),
        (Entry(9, "message", 100, role="assistant", stop_reason="stop", provider="fake", usage=USAGE), True),
        (Entry(9, "compaction", 100), True),
        (Entry(9, "reset", 100), True),
    ],
)
def test_who_gets_no_answer_writes_again_and_that_is_no_use(entry: Entry, used: bool):  # noqa: FBT001
    assert is_use(entry) is used
