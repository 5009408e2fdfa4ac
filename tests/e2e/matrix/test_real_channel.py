"""A group chat of a real channel dies, is found, and is answered again: one session of each release."""

from __future__ import annotations

import time

from lab.config import WINDOWS
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway
from lab.provider import Provider
from lab.telegram import Telegram

from matrix.command import clawmedic

CHAT = -1_001_000_000_021
KEY = f"agent:main:telegram:group:{CHAT}"
PATIENCE = 400.0
_FILLER = "please keep this in mind for later. "
_WRITTEN = 3_600
"""Characters of a message in the chat: Telegram takes 4,096."""
_RESERVE = {"2026.4.15": 16_384, "2026.7.1": 8_000, "2026.9.6": 8_000}


def test_a_group_dies_and_is_answered_again(
    version: str, telegram_gateway: Gateway, telegram: Telegram, isolated_provider: Provider
) -> None:
    assert any(written(telegram, "Good morning, this is the lighthouse.") for _ in range(4))
    isolated_provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    fill(telegram_gateway, isolated_provider)
    died = refused(telegram)
    assert died.startswith("⚠️"), died

    scan = clawmedic(telegram_gateway, "scan", KEY)
    (session,) = scan.document["sessions"]
    assert session["verdict"] == ("damaged" if version == "2026.4.15" else "dead"), scan.said
    diagnosis = clawmedic(telegram_gateway, "diagnose", KEY)
    assert diagnosis.document["incidents"][-1]["cause"] == "reasoning-required", diagnosis.said

    begun = time.time()
    rescue = clawmedic(telegram_gateway, "rescue", KEY, "--yes")
    assert rescue.code == 0, rescue.said
    told = telegram.wait_answer(CHAT, begun, PATIENCE, quiet=1.0)
    assert told.startswith("This chat can be used again."), rescue.said

    for number in range(2):
        answer = written(telegram, f"And now? {number} " + _FILLER * (_WRITTEN // len(_FILLER)))
        assert answer.startswith("Understood"), answer
    prompt = isolated_provider.requests[-1].prompt
    assert "lighthouse" in prompt, "it knows what was said before"


def written(telegram: Telegram, text: str) -> str:
    """What stands in the chat after a person wrote; "" when nothing came."""
    begun = time.time()
    telegram.write(CHAT, text)
    return telegram.wait_answer(CHAT, begun, PATIENCE, quiet=1.5)


def fill(gateway: Gateway, provider: Provider) -> None:
    """Nearly fills the session by large messages of the operator: people in the chat can write only small ones."""
    budget = WINDOWS[gateway.version] - _RESERVE[gateway.version]
    with gateway.client() as client:
        for turn in range(30):
            room = budget - provider.requests[-1].tokens - 2 * _WRITTEN // 4
            size = min(room * 4, 16_000)
            if size < _WRITTEN:
                return
            text = f"Message {turn} about the lighthouse{turn}: " + _FILLER * (size // len(_FILLER))
            assert client.agent(KEY, text, timeout=PATIENCE).useful


def refused(telegram: Telegram) -> str:
    """Write until OpenClaw refuses; its own words in the chat."""
    answer = ""
    for turn in range(12):
        answer = written(telegram, f"Written {turn}: " + _FILLER * (_WRITTEN // len(_FILLER)))
        if not answer.startswith("Understood"):
            break
    return answer
