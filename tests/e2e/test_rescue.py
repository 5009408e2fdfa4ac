"""`clawmedic rescue` beside real gateways: dead sessions answer again while the fault lasts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from lab.faults import REASONING_REQUIRED, SHAPELESS_SUMMARY, UNAUTHORIZED
from lab.gateway import Gateway
from lab.operator import KEY, LONG, clawmedic, kill, say
from lab.provider import Provider

LIVE = ("2026.9.6", "2026.7.1")
LONGEST_COOLDOWN = 420.0
"""Seconds: 9.6 takes no call of a key for 5 minutes after its third refusal, whatever the provider does."""
every_live = pytest.mark.parametrize("version", LIVE)
every = pytest.mark.parametrize("version", [*LIVE, "2026.4.15"])
newest = pytest.mark.parametrize("version", ["2026.9.6"])


def answers(real: Gateway, text: str = f"And now? {LONG}") -> bool:
    return say(real, text)


@every
def test_another_model_compacts(gateway: Gateway, provider: Provider) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    kill(gateway)
    assert not answers(gateway), "it is not dead"
    code, document, said = clawmedic(gateway, "rescue", KEY, "--yes", "--probe")
    assert code == 0, said
    (result,) = document["results"]
    assert (result["action"], result["ok"], result["proof"]["answered"]) == ("compact", True, True)
    assert answers(gateway), "the fault lasts, and the session answers"
    assert provider.requests[-1].model == "big", "by its own model"
    assert "lighthouse" in provider.requests[-1].prompt, "with its memory"
    code, document, said = clawmedic(gateway, "scan", "--all")
    assert code == 0, said


@every
def test_without_a_model_that_compacts(gateway: Gateway, provider: Provider) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction")
    kill(gateway)
    code, document, said = clawmedic(gateway, "compact", KEY, "--distil", "--yes")
    assert code == 0, said
    (result,) = document["results"]
    assert result["action"] == "distil"
    assert "lighthouse3" in Path(result["backup"]).read_text()
    assert answers(gateway), "the fault lasts, and the session answers"
    prompt = provider.requests[-1].prompt
    assert "taken from it by clawmedic" in prompt, "the model sees the digest"
    assert "lighthouse3" in prompt, "and the facts in it"

    code, document, said = clawmedic(gateway, "reset", KEY, "--yes")
    assert code == 0, said
    kept = Path(document["results"][0]["backup"]).read_text()
    assert "taken from it by clawmedic" in kept
    assert answers(gateway)
    assert "lighthouse3" not in provider.requests[-1].prompt


@newest
def test_the_quality_guard_steps_aside_for_one_compaction(gateway: Gateway, provider: Provider) -> None:
    provider.fail(SHAPELESS_SUMMARY, kind="compaction")
    before = json.loads(gateway.config_path.read_text())
    kill(gateway)
    code, document, said = clawmedic(gateway, "rescue", KEY, "--yes")
    assert code == 0, said
    assert document["results"][0]["action"] == "relax"
    assert json.loads(gateway.config_path.read_text())["agents"] == before["agents"], "the guard is back"
    assert answers(gateway)


@newest
def test_a_rewind_and_its_undo(gateway: Gateway, provider: Provider) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction")
    kill(gateway)
    code, document, said = clawmedic(gateway, "rescue", KEY, "--policy", "preserve", "--yes")
    assert code == 0, said
    assert (document["results"][0]["action"], document["results"][0]["reversible"]) == ("rewind", "state")
    assert answers(gateway, "Short.")
    prompt = provider.requests[-1].prompt
    assert "lighthouse1" in prompt
    assert "lighthouse7" not in prompt, "the newest part is out of sight"
    code, document, said = clawmedic(gateway, "undo", document["operation_id"], "--yes")
    assert code == 0, said
    with gateway.client() as client:
        messages = client.call("chat.history", {"sessionKey": KEY, "limit": 200})["messages"]
    assert any("lighthouse7" in json.dumps(each) for each in messages), "and back again"


@every_live
def test_a_dead_provider_is_no_reason_for_a_reset(gateway: Gateway, provider: Provider) -> None:
    with gateway.client() as client:
        assert client.chat_send(KEY, "Good morning").useful
        provider.fail(UNAUTHORIZED)
        for turn in range(3):
            client.chat_send(KEY, f"Still there? {turn}")
        before = client.call("sessions.list")["sessions"][0]["sessionId"]
        code, document, said = clawmedic(gateway, "rescue", KEY, "--yes", "--policy", "revive")
        assert code == 9, said
        assert [notice["kind"] for notice in document["notices"]] == ["outage"]
        assert client.call("sessions.list")["sessions"][0]["sessionId"] == before
        provider.heal()
        deadline = time.monotonic() + LONGEST_COOLDOWN
        while not client.chat_send(KEY, "And now?").useful:
            assert time.monotonic() < deadline, "it stays dead"
            time.sleep(5)
    assert "Good morning" in provider.requests[-1].prompt, "nothing was lost"
