"""People in a real chat are told of a rescue: once, in their own thread, without any model call."""

from __future__ import annotations

import time

import pytest
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway
from lab.operator import LONG, clawmedic
from lab.provider import Provider
from lab.telegram import Sent, Telegram

CHAT, TOPIC = -1_001_000_000_021, 42
KEY = f"agent:main:telegram:group:{CHAT}:topic:{TOPIC}"
PATIENCE = 240.0
WORDS = "This chat can be used again."


def write(telegram: Telegram, text: str) -> str:
    """A person writes into the topic; what stands there at last."""
    since = time.time()
    telegram.write(CHAT, text, TOPIC)
    return telegram.wait_answer(CHAT, since, PATIENCE)


def notices(telegram: Telegram) -> list[Sent]:
    return [each for each in telegram.sent if each.method == "sendMessage" and WORDS in each.text]


@pytest.mark.parametrize("version", ["2026.9.6", "2026.7.1", "2026.4.15"])
def test_the_topic_is_told_once(
    telegram_gateway: Gateway, isolated_provider: Provider, telegram: Telegram
) -> None:
    isolated_provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    for turn in range(30):
        answer = write(telegram, f"Message {turn}: {LONG}")
        if not answer or answer.startswith("⚠️"):
            break
    else:
        pytest.fail("the session does not die")
    asked = isolated_provider.count("chat")
    code, document, said = clawmedic(telegram_gateway, "rescue", KEY, "--yes", "--policy", "revive")
    assert code == 0, said
    assert any("was told by telegram" in note for note in document["notes"]), document["notes"]
    (notice,) = notices(telegram)
    assert (notice.chat, int(notice.params["message_thread_id"])) == (CHAT, TOPIC)
    if telegram_gateway.version != "2026.4.15":
        assert isolated_provider.count("chat") == asked, "no model was asked for it"

    code, _, said = clawmedic(telegram_gateway, "rescue", KEY, "--yes")
    assert code == 0, said
    assert len(notices(telegram)) == 1, "nothing was done, and nobody is told"
    operation = document["results"][0]["rungs"][-1]["operation_id"]
    with telegram_gateway.client() as client:
        from clawmedic.recovery.telling import once

        client.call(
            "send",
            {
                "channel": "telegram",
                "to": f"telegram:{CHAT}",
                "threadId": str(TOPIC),
                "message": notice.text,
                "idempotencyKey": once(operation, KEY),
            },
        )
    assert len(notices(telegram)) == 1, "not a second time for one operation"
