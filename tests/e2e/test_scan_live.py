"""A scan while a real gateway writes: consistent, without a lock, and the gateway does not notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from lab.faults import RATE_LIMIT, REASONING_REQUIRED
from lab.gateway import Gateway
from lab.provider import Provider

KEYS = [f"agent:main:telegram:group:-10055{number}" for number in range(3)]
SOURCES = Path(__file__).resolve().parents[2] / "cli"


def clawmedic(gateway: Gateway, home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """One command in a process of its own, as a person or cron would run it, and its JSON document."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, "-m", "clawmedic", *words, "--json", "--state-dir", str(gateway.state_dir)]
    done = subprocess.run(
        [*command, "--log", str(gateway.log)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def by_key(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {session["key"]: session for session in document["sessions"]}


@pytest.mark.ci
def test_scans_beside_a_writing_gateway(gateway: Gateway, tmp_path: Path) -> None:
    answers: dict[str, list[bool]] = {key: [] for key in KEYS}

    def talk(key: str) -> None:
        with gateway.client() as client:
            for turn in range(6):
                answers[key].append(client.agent(key, f"Message {turn}, are you there?").useful)

    with (
        gateway.client() as client
    ):  # 2026.4.15 transpiles its plugins at the first turn: minutes on a busy machine
        assert client.agent(KEYS[0], "Good morning, are you there?", timeout=400).useful

    talkers = [threading.Thread(target=talk, args=(key,)) for key in KEYS]
    for talker in talkers:
        talker.start()
    scans = []
    while any(talker.is_alive() for talker in talkers):
        scans.append(clawmedic(gateway, tmp_path, "scan"))
    for talker in talkers:
        talker.join()
    scans.append(clawmedic(gateway, tmp_path, "scan"))

    assert len(scans) > 2
    assert all(all(given) and len(given) == 6 for given in answers.values()), answers
    for code, document in scans:
        told = {
            key: (session["verdict"], session["status"], session["findings"])
            for key, session in by_key(document).items()
        }
        assert {verdict for verdict, _, _ in told.values()} <= {"healthy", "at_risk"}, told
        assert code == 0, (told, document["store_findings"])
        assert not document["store_findings"], document["store_findings"]
    assert set(KEYS) <= set(by_key(scans[-1][1]))


@pytest.mark.parametrize(
    ("version", "fault", "cause"),
    [
        ("2026.7.1", REASONING_REQUIRED, "reasoning-required"),
        ("2026.9.6", RATE_LIMIT, "rate-limit"),
    ],
)
def test_a_death_is_seen_and_its_end_too(
    gateway: Gateway, provider: Provider, tmp_path: Path, fault: Any, cause: str
) -> None:
    dying, living = KEYS[0], KEYS[1]
    with gateway.client() as client:
        assert client.chat_send(living, "Good morning!").useful
        broken = provider.fail(fault, kind="compaction")
        for turn in range(20):
            if not client.chat_send(dying, f"Message {turn}: " + "please keep this in mind. " * 320).useful:
                break
        code, document = clawmedic(gateway, tmp_path, "scan")
        sessions = by_key(document)
        assert (code, sessions[dying]["verdict"], sessions[dying]["cause"]) == (3, "dead", cause), sessions[
            dying
        ]
        assert sessions[living]["verdict"] == "healthy"
        code, diagnosis = clawmedic(gateway, tmp_path, "diagnose", dying)
        assert (code, diagnosis["incidents"][-1]["cause"]) == (3, cause)

        provider.heal(broken)
        assert client.chat_send(dying, "And now? " + "please keep this in mind. " * 320).useful
    code, document = clawmedic(gateway, tmp_path, "scan")
    assert by_key(document)[dying]["verdict"] in ("healthy", "at_risk"), by_key(document)[dying]
    assert code == 0
