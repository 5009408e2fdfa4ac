"""Whose a transcript without a row was: the rules on times, chats and log lines."""

from __future__ import annotations

import pytest

from clawmedic.stores.lineage import NEAR_MS, Heir, Life, chat_in, follows, heirs, names_chat

END = 1_795_400_000_000


def orphan(name="lost", last=END, **more):
    return Life(name, last - 60_000, last, **more)


@pytest.mark.parametrize(
    ("first", "notice", "expected"),
    [
        (END + 1_000, False, True),
        (END - 1_000, False, True),
        (END - 5_000, False, False),
        (END + NEAR_MS, False, True),
        (END + NEAR_MS + 1, False, False),
        (END + 30 * NEAR_MS, True, True),
        (None, True, False),
    ],
)
def test_who_can_have_taken_over(first, notice, expected):
    assert follows(orphan(), Life("heir", first, None, opens_with_reset=notice)) is expected


def test_of_several_that_can_have_followed_none_is_guessed():
    present = {"a": [Life("a", END + 300_000, None)], "b": [Life("b", END + 2_000, None)]}
    assert heirs([orphan()], present, {}) == {}
    found = heirs([orphan()], {"b": present["b"]}, {})
    assert found["lost"].key == "b"
    assert "b begins 2 s after" in found["lost"].why


def test_the_notice_of_a_reset_outweighs_a_beginning_at_the_right_time():
    present = {
        "a": [Life("a", END + 60_000, None, opens_with_reset=True)],
        "b": [Life("b", END + 2_000, None)],
    }
    assert heirs([orphan()], present, {})["lost"].key == "a"


def test_a_transcript_follows_one_other_only():
    """Two chats reset one after the other; then two at once, whose histories must not change places."""
    apart = [orphan("first"), orphan("second", END + 100_000)]
    present = {
        "a": [Life("a", END + 10_000, None, opens_with_reset=True)],
        "b": [Life("b", END + 110_000, None, opens_with_reset=True)],
    }
    assert {name: heir.key for name, heir in heirs(apart, present, {}).items()} == {
        "first": "a",
        "second": "b",
    }
    at_once = [orphan("first"), orphan("second", END + 1_000)]
    assert heirs(at_once, present, {}) == {}
    assert heirs(at_once, present, {"first": Heir("b", "log")})["second"].key == "a"


def test_a_chain_of_resets_leads_to_one_key():
    chain = [orphan("oldest"), Life("middle", END + 5_000, END + 50_000, opens_with_reset=True)]
    found = heirs(chain, {"a": [Life("a", END + 60_000, None, opens_with_reset=True)]}, {})
    assert {name: heir.key for name, heir in found.items()} == {"oldest": "a", "middle": "a"}


def test_the_log_outweighs_everything():
    present = {"a": [], "b": [Life("b", END + 1_000, None, opens_with_reset=True)]}
    assert heirs([orphan()], present, {"lost": Heir("a", "log")})["lost"] == Heir("a", "log")


def test_another_chat_is_never_an_heir_by_time():
    lost = orphan(chat="telegram:-1001")
    assert heirs([lost], {"agent:main:x": [Life("x", END + 1_000, None, chat="telegram:-1002")]}, {}) == {}
    assert heirs([lost], {"agent:main:x": [Life("x", END + 1_000, None)]}, {})["lost"].key == "agent:main:x"


def test_a_chat_names_its_key():
    assert names_chat("agent:main:telegram:group:-1001", "telegram:-1001")
    assert not names_chat("agent:main:telegram:group:-1001:topic:7", "telegram:-1001")
    assert not names_chat("agent:main:telegram:group:-10012", "telegram:-1001")
    assert not names_chat("agent:main:main", "telegram:")
    assert chat_in('x\n```json\n{\n  "chat_id": "telegram:-1001",\n') == "telegram:-1001"
    assert chat_in("nothing") == ""


def test_nobody_knows_what_has_no_successor():
    assert (
        heirs([orphan(), Life("timeless", None, None)], {"a": [Life("a", END - 10 * NEAR_MS, None)]}, {})
        == {}
    )
