"""`clawmedic drill --against-gateway` on real gateways: the throw-away session comes and goes, nothing else moves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from lab.client import NoAnswerError
from lab.config import TOKEN
from lab.faults import UNAUTHORIZED
from lab.gateway import Gateway
from lab.operator import KEY, clawmedic, say
from lab.provider import Provider

PATIENT = {"agents": {"defaults": {"timeoutSeconds": 400}}}
"""A first run may take minutes on a busy machine; the laboratory gives up after one."""


@pytest.fixture
def gateway(version: str, start_gateway: Callable[..., Gateway]) -> Gateway:
    """A running gateway of `version` that is patient with its runs."""
    return start_gateway(version, overrides=PATIENT)


def sessions(real: Gateway) -> dict[str, str]:
    with real.client() as client:
        return {row["key"]: row["sessionId"] for row in client.call("sessions.list")["sessions"]}


def drill(real: Gateway, *words: str) -> tuple[int, dict, str]:
    url = f"ws://127.0.0.1:{real.port}"
    return clawmedic(real, "drill", "--against-gateway", url, "--token", TOKEN, *words)


def warm(real: Gateway) -> None:
    """Somebody's own session. The first run of 2026.4.15 loads for a minute on a busy machine and is then given up."""
    for _ in range(4):
        with suppress(TimeoutError, NoAnswerError):
            if say(real, "Remember the lighthouse.", KEY):
                return
    pytest.fail("the gateway answers nobody")


def test_a_throw_away_session_comes_and_goes(gateway: Gateway, provider: Provider) -> None:
    warm(gateway)
    before, asked = sessions(gateway), provider.count("chat")
    code, document, said = drill(gateway, "--yes")
    steps = {step["name"]: step for step in document["steps"]}
    assert code == 0, said
    assert document["openclaw_version"] == gateway.version
    assert steps["whose it is"]["words"].startswith("ours")
    assert steps["one turn"]["ok"]
    assert "answered" in steps["one turn"]["words"]
    assert steps["scan"]["words"].startswith("healthy"), "its files are read while the gateway runs"
    assert steps["compact"]["ok"]
    assert steps["take away"]["ok"]
    assert [name for name, step in steps.items() if step["ok"] is None] == ["notice"]
    assert sessions(gateway) == before
    assert provider.count("chat") > asked
    assert say(gateway, "And now?", KEY)
    assert "lighthouse" in provider.requests[-1].prompt, "the other session has its memory"


def test_a_dead_provider_is_named_and_nothing_stays(gateway: Gateway, provider: Provider) -> None:
    provider.fail(UNAUTHORIZED)
    code, document, said = drill(gateway, "--yes")
    assert code == 3, said
    wrong = [step["name"] for step in document["steps"] if step["ok"] is False]
    assert "one turn" in wrong
    assert sessions(gateway) == {}


def test_nothing_is_done_unasked(gateway: Gateway, provider: Provider) -> None:
    code, _, said = drill(gateway)
    assert code == 6, said
    assert sessions(gateway) == {}
    assert provider.requests == []


@pytest.mark.parametrize("version", ["2026.9.6"])
def test_the_wrong_token_is_refused(gateway: Gateway) -> None:
    url = f"ws://127.0.0.1:{gateway.port}"
    code, _, said = clawmedic(gateway, "drill", "--against-gateway", url, "--token", "not-this", "--yes")
    assert code == 6
    assert "not-this" not in said
