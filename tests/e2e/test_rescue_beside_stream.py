"""Sessions are rescued while others are used: no message is lost, no session disturbed."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from lab.client import Client
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway
from lab.operator import KEY, clawmedic, kill
from lab.provider import Provider

OTHER = KEY[:-1] + "9"
STREAMS = 3


@dataclass
class Stream:
    """Somebody who writes into one session, message after message, and waits for each answer."""

    gateway: Gateway
    number: int
    ends: threading.Event
    sent: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"agent:main:telegram:group:-1008008008{self.number}"

    def run(self) -> None:
        with self.gateway.client() as client:
            while not self.ends.is_set():
                text = f"Word {self.number}-{len(self.sent)}."
                self.sent.append(text)
                if not client.chat_send(self.key, text, timeout=300).useful and not self._stands(
                    client, text
                ):
                    self.unanswered.append(text)

    def _stands(self, client: Client, text: str) -> bool:
        """Whether it was answered all the same: 2026.4.15 may answer a queued message without an event of its own."""
        shown = client.call("chat.history", {"sessionKey": self.key, "limit": 50})["messages"]
        asked = [place for place, each in enumerate(shown) if text in json.dumps(each)]
        return bool(asked) and any(each.get("role") == "assistant" for each in shown[asked[-1] + 1 :])


@pytest.mark.parametrize("version", ["2026.9.6", "2026.7.1", "2026.4.15"])
def test_nobody_is_disturbed(gateway: Gateway, provider: Provider) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    for key in (KEY, OTHER):
        kill(gateway, key)
    ends = threading.Event()
    streams = [Stream(gateway, number, ends) for number in range(STREAMS)]
    with ExitStack() as running:
        for stream in streams:
            thread = threading.Thread(target=stream.run)
            thread.start()
            running.callback(thread.join, 300)
        running.callback(ends.set)  # the first to be called
        code, document, said = clawmedic(gateway, "rescue", "--all", "--yes")
        assert code == 0, said
        assert {one["key"] for one in document["results"]} == {KEY, OTHER}
        code, _, said = clawmedic(gateway, "compact", OTHER, "--distil", "--yes")
        assert code == 0, said
        code, _, said = clawmedic(gateway, "reset", KEY, "--yes")
        assert code == 0, said
    assert all(stream.sent and not stream.unanswered for stream in streams), streams
    for stream in streams:
        with gateway.client() as client:
            assert client.chat_send(stream.key, "And now?", timeout=300).useful
        prompt = provider.requests[-1].prompt
        places = [prompt.find(text) for text in stream.sent]
        assert -1 not in places, f"{stream.sent} in {prompt[-3000:]}"
        assert places == sorted(places), "every message, in its order"
    code, document, said = clawmedic(gateway, "scan", "--all")
    assert code == 0, said
