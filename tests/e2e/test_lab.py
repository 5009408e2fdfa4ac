"""The laboratory itself: each release comes up, answers, logs, and dies of the fault it is given."""

import time

import pytest
from lab.faults import RATE_LIMIT
from lab.gateway import Gateway
from lab.install import VERSIONS
from lab.provider import Provider
from lab.telegram import Telegram

FIRST_TURN = 400.0
"""Seconds; 2026.4.15 loads its plugins in the first turn: 25 s on an idle machine, 150 s on a busy one."""

KEY = "agent:main:telegram:group:-100700700700"


def test_a_message_is_answered_and_logged(gateway: Gateway, provider: Provider) -> None:
    with gateway.client() as client:
        answer = client.chat_send(KEY, "Good morning, are you there?", timeout=FIRST_TURN)
    assert answer.useful, answer
    assert provider.count("chat") >= 1
    assert gateway.log.stat().st_size > 0


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_broken_summariser_kills_and_a_healthy_one_revives(gateway: Gateway, provider: Provider) -> None:
    broken = provider.fail(RATE_LIMIT, kind="compaction")
    with gateway.client() as client:
        answers = []
        for turn in range(20):
            answers.append(client.chat_send(KEY, f"Message {turn}: " + "please keep this in mind. " * 320))
            if not answers[-1].useful:
                break
        assert not answers[-1].useful
        assert provider.count("compaction") > 0
        provider.heal(broken)
        assert client.chat_send(KEY, "And now? " + "please keep this in mind. " * 320).useful


@pytest.mark.ci
def test_a_telegram_message_is_answered(telegram_gateway: Gateway, telegram: Telegram) -> None:
    assert telegram_gateway.process_id is not None
    begun = time.time()
    telegram.write(-1_001_000_000_021, "Good morning, are you there?")
    assert telegram.wait_answer(-1_001_000_000_021, begun, FIRST_TURN).startswith("Understood")
