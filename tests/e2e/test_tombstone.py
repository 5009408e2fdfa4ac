"""A tombstone that a real gateway of 2026.9.6 sets: a chat begins anew with the facts, a dashboard session goes on.

Three charged attempts of its restart recovery without a started turn make it. They are written into the row while
the gateway is stopped; the gateway itself then gives the session up at its start.
"""

from __future__ import annotations

import json
import time

import pytest
from lab.gateway import Gateway
from lab.operator import KEY, clawmedic, say
from lab.provider import Provider

import branch_stage

DASHBOARD = "agent:main:dashboard:0f54a1d2-58c1-4a7a-9f5b-5d0c3a7e1b11"
pytestmark = pytest.mark.parametrize("version", ["2026.9.6"])


def given_up(gateway: Gateway, *keys: str) -> None:
    """Stop, charge three attempts to each session, start, and wait until the gateway has given them up."""
    gateway.stop()
    with branch_stage.opened(gateway.state_dir) as connection:
        for number, key in enumerate(keys):
            (text,) = connection.execute(
                "SELECT entry_json FROM session_nodes WHERE session_key = ?", (key,)
            ).fetchone()
            cycle = f"c0000000-0000-4000-8000-00000000000{number}"
            recovery = {"cycleId": cycle, "revision": 4, "chargedAttempts": 3}
            entry = json.loads(text) | {"status": "running", "abortedLastRun": True}
            connection.execute(
                "UPDATE session_nodes SET entry_json = ?, status = 'running' WHERE session_key = ?",
                (json.dumps(entry | {"mainRestartRecovery": recovery}), key),
            )
        connection.execute("UPDATE session_nodes SET entry_valid = 1")
    gateway.start()
    deadline = time.monotonic() + 120
    while not all(tombstone(gateway, key) for key in keys):
        assert time.monotonic() < deadline, "the gateway gives nothing up"
        time.sleep(0.5)


def tombstone(gateway: Gateway, key: str) -> dict[str, object]:
    with branch_stage.opened(gateway.state_dir) as connection:
        (text,) = connection.execute(
            "SELECT entry_json FROM session_nodes WHERE session_key = ?", (key,)
        ).fetchone()
    found = (json.loads(text).get("mainRestartRecovery") or {}).get("tombstone")
    return found if isinstance(found, dict) else {}


def test_a_given_up_session_answers_again(gateway: Gateway, provider: Provider) -> None:
    for key in (KEY, DASHBOARD):
        assert say(gateway, "Please remember the word aardvark.", key)
    given_up(gateway, KEY, DASHBOARD)
    assert not say(gateway, "Are you there?")
    code, document, said = clawmedic(gateway, "scan", "--all")
    assert {one["key"]: one["verdict"] for one in document["sessions"]} == {KEY: "dead", DASHBOARD: "dead"}

    code, document, said = clawmedic(gateway, "rescue", KEY, "--policy", "preserve", "--yes")
    assert code == 9, said
    assert "recoveredSessionKey" not in tombstone(gateway, KEY), "the chat is not moved away"
    code, document, said = clawmedic(gateway, "rescue", KEY, "--yes")
    assert code == 0, said
    assert document["results"][0]["action"] == "distil"
    assert say(gateway, "And now?")
    assert "the word aardvark" in provider.requests[-1].prompt, "its facts are known"

    code, document, said = clawmedic(gateway, "rescue", DASHBOARD, "--policy", "preserve", "--yes")
    assert code == 0, said
    assert document["results"][0]["action"] == "recover"
    moved = str(tombstone(gateway, DASHBOARD)["recoveredSessionKey"])
    assert say(gateway, "And now?", moved)
    assert "the word aardvark" in provider.requests[-1].prompt, "the whole conversation went along"
    code, document, said = clawmedic(gateway, "scan", "--all")
    assert code == 0, said
