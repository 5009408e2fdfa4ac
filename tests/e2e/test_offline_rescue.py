"""Sessions of real gateways, killed by a summariser that keeps failing, answer again after an offline rescue.

The fault lasts all the time: what revives them is the rescue. What the provider was sent shows what the model sees.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.client import Client
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway, read_rows
from lab.isolation import Network
from lab.provider import Provider

from clawmedic.app import run as clawmedic

KEY = "agent:main:telegram:group:-100700700700"
PATIENCE = 400.0
FILLER = "please keep this in mind for later. " * 220
WORDS = ("aardvark", "basilisk", "cormorant", "dromedary", "echidna", "flamingo", "gazelle", "hedgehog")


@pytest.fixture
def alone(  # noqa: PLR0917 - fixtures come by name
    version: str,
    start_gateway: Callable[..., Gateway],
    isolated_network: Network,
    isolated_provider: Provider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Gateway:
    """A gateway that reaches nothing but the provider; clawmedic's own files go to the test's directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    return start_gateway(version, provider_url=isolated_provider.base_url, network=isolated_network)


@pytest.mark.parametrize("version", ["2026.4.15", "2026.7.1"])
def test_a_dead_session_answers_after_distilling(alone: Gateway, isolated_provider: Provider) -> None:
    isolated_provider.fail(REASONING_REQUIRED, kind="compaction")
    told = kill(alone, by_agent=alone.version == "2026.4.15")
    alone.stop()
    assert rescue(alone, "--policy", "revive") == 0
    prompt = asked(alone, isolated_provider, "Which word came last?", by_agent=alone.version == "2026.4.15")
    assert f"word {told[-1]}" in prompt, prompt[-2000:]
    assert "What the user asked" in prompt, "the digest of what was cut is in view"


@pytest.mark.parametrize("version", ["2026.4.15"])
def test_a_history_that_was_reset_by_itself_is_back(alone: Gateway, isolated_provider: Provider) -> None:
    isolated_provider.fail(REASONING_REQUIRED, kind="compaction")
    told = kill(alone, by_agent=False)
    alone.stop()
    assert rescue(alone) == 0
    prompt = asked(alone, isolated_provider, "Which word came last?")
    assert f"word {told[-1]}" in prompt, prompt[-2000:]


@pytest.mark.parametrize("version", ["2026.4.15", "2026.7.1"])
def test_a_new_session_knows_where_the_old_one_is(alone: Gateway, isolated_provider: Provider) -> None:
    with alone.client() as client:
        say(client, "Please remember the word aardvark.")
    alone.stop()
    options = ["--state-dir", str(alone.state_dir), "--log", "/dev/null"]
    assert clawmedic(["reset", KEY, *options, "--yes"]) == 0
    prompt = asked(alone, isolated_provider, "Which word was it?")
    assert "aardvark" not in prompt
    assert ".jsonl.reset." in prompt, prompt[-2000:]


def say(client: Client, message: str) -> None:
    """Send a message until it is answered: 2026.4.15 may need all of its run's time to load its plugins."""
    assert any(client.chat_send(KEY, message, timeout=PATIENCE).useful for _ in range(4))


def kill(gateway: Gateway, *, by_agent: bool) -> list[str]:
    """Fill the session until a turn is refused; the words that were told and answered."""
    told: list[str] = []
    session = ""
    with gateway.client() as client:
        send = client.agent if by_agent else client.chat_send
        say(client, "Good morning.")
        for turn in range(30):
            word = f"{WORDS[turn % len(WORDS)]}-{turn}"
            answer = send(KEY, f"Please remember the word {word}: {FILLER}", timeout=PATIENCE)
            now = read_rows(gateway)[KEY]["sessionId"]
            if not answer.useful or (session and now != session):
                return told
            session = now
            told.append(word)
    pytest.fail("the session did not die")


def rescue(gateway: Gateway, *more: str) -> int:
    options = ["--state-dir", str(gateway.state_dir), "--log", str(gateway.log)]
    return clawmedic(["rescue", KEY, *options, "--yes", *more])


def asked(gateway: Gateway, provider: Provider, question: str, *, by_agent: bool = False) -> str:
    """What the model was sent with a question that it answered."""
    gateway.start()
    before = len(provider.requests)
    with gateway.client() as client:
        if by_agent:
            assert any(client.agent(KEY, question, timeout=PATIENCE).useful for _ in range(3))
        else:
            say(client, question)
    gateway.stop()
    chats = [request for request in provider.requests[before:] if request.kind == "chat"]
    return json.dumps(chats[-1].prompt, ensure_ascii=False)
