"""When what a gateway made of a history leaves room enough."""

import pytest

from clawmedic.recovery.live import roomy
from clawmedic.recovery.sizing import Room
from clawmedic.settings import Limits
from clawmedic.transcripts.context import Context


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
