"""A file made by `backups restore` is one that a real OpenClaw loads: the model is sent what the copy held.

The restored file takes the place of the row's transcript while the gateway is stopped.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from lab.client import Client
from lab.gateway import Gateway
from lab.isolation import Network
from lab.provider import Provider

from clawmedic.app import run as clawmedic

KEY = "agent:main:telegram:group:-100700700700"
PATIENCE = 300.0
"""Seconds for one answer on a busy machine."""
WORDS = ("aardvark", "basilisk", "cormorant", "dromedary")
CORPUS = Path(__file__).parents[1] / "corpus"
Make = Callable[[bytes], tuple[str, bytes]]


def whole(data: bytes) -> tuple[str, bytes]:
    """Every line, packed."""
    return ".bak.recovered.2026-11-23T08-00-00Z", zstandard.compress(data)


def broken(data: bytes) -> tuple[str, bytes]:
    """Without a header, one line broken in the middle, the last one torn."""
    lines = data.splitlines(keepends=True)[1:]
    at = next(number for number, line in enumerate(lines) if b"basilisk" in line)
    lines[at] = lines[at].replace(b'"role"', b'"role', 1)
    return ".bak.recovered.whatever", gzip.compress(b"".join(lines)[:-20])


@pytest.fixture
def alone(
    version: str,
    start_gateway: Callable[..., Gateway],
    isolated_network: Network,
    isolated_provider: Provider,
) -> Gateway:
    """A gateway that reaches nothing but the provider: 2026.4.15 asks a package registry before its first run."""
    return start_gateway(version, provider_url=isolated_provider.base_url, network=isolated_network)


@pytest.mark.parametrize("version", ["2026.4.15", "2026.7.1"])
def test_a_real_gateway_loads_what_was_restored(
    alone: Gateway, isolated_provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, provider = alone, isolated_provider
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    with gateway.client() as client:
        for word in WORDS:
            say(client, f"Please remember the word {word}.")
    gateway.stop()
    live, original = transcript(gateway)
    for make, kept, lost in (
        (whole, WORDS, ()),
        (broken, ("aardvark", "cormorant", "dromedary"), ("basilisk.",)),
    ):
        suffix, data = make(original)
        copy = live.with_name(live.name + suffix)
        copy.write_bytes(data)
        live.write_bytes(original.splitlines(keepends=True)[0])
        replace(gateway, copy.name, live, tmp_path / f"{make.__name__}.jsonl")
        copy.unlink()
        asked = sent(gateway, provider, "Which words were they?")
        assert all(word in asked for word in kept), asked[-3000:]
        assert not any(f"the word {word}" in asked.replace("Understood", "") for word in lost)
        headers = [line for line in live.read_bytes().splitlines() if b'"type":"session"' in line]
        assert len(headers) == 1
        assert not list(live.parent.glob("*.corrupt-*"))


@pytest.mark.parametrize("version", ["2026.4.15", "2026.7.1"])
def test_a_window_of_a_database_is_loaded_by_the_file_generation(
    alone: Gateway, isolated_provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, provider = alone, isolated_provider
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    with gateway.client() as client:
        say(client, "Good morning.")
    gateway.stop()
    live, _ = transcript(gateway)
    state = tmp_path / "database"
    shutil.copytree(CORPUS / "2026.9.6" / "healthy-mid" / "state", state)
    target = tmp_path / "window.jsonl"
    assert (
        clawmedic(
            [
                "backups",
                "restore",
                "620",
                "--to",
                str(target),
                "--state-dir",
                str(state),
                "--log",
                "/dev/null",
            ]
        )
        == 0
    )
    shutil.copyfile(target, live)
    asked = sent(gateway, provider, "And now?")
    spoken = [json.loads(line) for line in target.read_bytes().splitlines()]
    users = [
        entry["message"]["content"] for entry in spoken if entry.get("message", {}).get("role") == "user"
    ]
    assert users
    for content in users:
        text = content if isinstance(content, str) else content[0]["text"]
        assert text[:200] in asked


def say(client: Client, message: str) -> None:
    """Send a message until it is answered: 2026.4.15 may need all of its run's time to load its plugins."""
    assert any(client.chat_send(KEY, message, timeout=PATIENCE).useful for _ in range(4))


def transcript(gateway: Gateway) -> tuple[Path, bytes]:
    """The row's transcript, and what is in it."""
    store = gateway.state_dir / "agents" / "main" / "sessions" / "sessions.json"
    rows = json.loads(store.read_text())
    row = next(row for key, row in rows.items() if key == KEY)
    path = Path(row["sessionFile"])
    return path, path.read_bytes()


def replace(gateway: Gateway, name: str, live: Path, target: Path) -> None:
    """Restore a copy to a file, and put that in the place of the live transcript."""
    options = ["--state-dir", str(gateway.state_dir), "--log", "/dev/null"]
    assert clawmedic(["backups", "restore", name, "--to", str(target), *options]) == 0
    shutil.copyfile(target, live)


def sent(gateway: Gateway, provider: Provider, message: str) -> str:
    """What the model is sent with the next message."""
    gateway.start()
    before = len(provider.requests)
    with gateway.client() as client:
        say(client, message)
    gateway.stop()
    chats = [request for request in provider.requests[before:] if request.kind == "chat"]
    return chats[-1].prompt
