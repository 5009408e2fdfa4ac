"""`backups restore COPY --live` on real gateways: the next message is answered with the old memory.

What the provider was sent shows what the model sees.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway, read_rows
from lab.operator import KEY, LONG, clawmedic, kill, say
from lab.provider import Provider

CORPUS = Path(__file__).parents[1] / "corpus"
WORDS = ("aardvark", "basilisk", "cormorant", "dromedary")
files = pytest.mark.parametrize("version", ["2026.4.15", "2026.7.1"])
database = pytest.mark.parametrize("version", ["2026.9.6"])


def remember(gateway: Gateway, *words: str) -> None:
    for word in words:
        # 2026.4.15 may need all of its first run's time to load its plugins.
        assert any(say(gateway, f"Please remember the word {word}.", by_agent=False) for _ in range(3))


def sent(gateway: Gateway, provider: Provider, question: str, key: str = KEY) -> str:
    """What the model was sent with a question that it answered."""
    before = len(provider.requests)
    assert any(say(gateway, question, key, by_agent=False) for _ in range(3))
    return [request for request in provider.requests[before:] if request.kind == "chat"][-1].prompt


def restore(gateway: Gateway, copy: str, *more: str) -> tuple[int, dict[str, Any], str]:
    return clawmedic(gateway, "backups", "restore", copy, "--live", "--yes", *more)


def live_transcript(gateway: Gateway) -> Path:
    return Path(read_rows(gateway)[KEY]["sessionFile"])


@files
def test_a_foreign_copy_is_remembered(gateway: Gateway, provider: Provider) -> None:
    remember(gateway, *WORDS)
    live = live_transcript(gateway)
    copy = live.with_name(f"{live.name}.bak.recovered.2026-11-23T08-00-00Z")
    shutil.copyfile(live, copy)
    with gateway.client() as client:
        client.call("sessions.reset", {"key": KEY, "reason": "reset"})
    assert "the word aardvark" not in sent(gateway, provider, "Which words were they?")

    code, document, said = restore(gateway, copy.name)
    assert code == 6, said
    assert "live-store" in document["message"], "a running gateway is not written beside"
    gateway.stop()
    before = {path.name: path.read_bytes() for path in live.parent.iterdir() if path.is_file()}
    code, document, said = restore(gateway, copy.name)
    assert code == 0, said
    (result,) = document["results"]
    assert (result["ok"], result["reversible"]) == (True, "bytes")
    gateway.start()
    prompt = sent(gateway, provider, "Which words were they?")
    assert all(f"the word {word}" in prompt for word in WORDS), prompt[-3000:]
    gateway.stop()

    code, _, said = clawmedic(gateway, "undo", document["operation_id"], "--yes")
    assert code == 6, "it was used since"
    code, _, said = clawmedic(gateway, "undo", document["operation_id"], "--yes", "--force")
    assert code == 0, said
    now = {path.name: path.read_bytes() for path in live.parent.iterdir() if path.is_file()}
    assert {name: data for name, data in now.items() if name in before and "sessions.json" not in name} == {
        name: data for name, data in before.items() if "sessions.json" not in name
    }


@pytest.mark.parametrize("version", ["2026.4.15"])
def test_a_history_lost_to_an_automatic_reset_is_remembered(gateway: Gateway, provider: Provider) -> None:
    remember(gateway, "aardvark")
    orphan = live_transcript(gateway)
    provider.fail(REASONING_REQUIRED, kind="compaction")
    for turn in range(30):
        say(gateway, f"Message {turn} about the lighthouse{turn}: {LONG}", by_agent=False)
        if live_transcript(gateway) != orphan:
            break
    assert orphan.exists()
    gateway.stop()
    code, document, said = restore(gateway, orphan.name)
    assert code == 6, said
    assert "never-fits" in document["message"]
    code, document, said = restore(gateway, orphan.name, "--distil")
    assert code == 0, said
    gateway.start()
    prompt = sent(gateway, provider, "And now?")
    assert "the word aardvark" in prompt, "the fault lasts, and the oldest fact is in the digest"
    assert f"lighthouse{turn - 1}" in prompt, prompt[-3000:]


@pytest.mark.parametrize("version", ["2026.7.1"])
def test_an_orphan_of_the_older_release_is_remembered(gateway: Gateway, provider: Provider) -> None:
    remember(gateway, "aardvark")
    case = CORPUS / "2026.4.15" / "autoreset-compact-400"
    live = live_transcript(gateway)
    named = {row["sessionId"] for row in json.loads(next(case.rglob("sessions.json")).read_text()).values()}
    orphan = next(path for path in case.rglob("*.jsonl") if path.stem not in named)
    shutil.copyfile(orphan, live.with_name(orphan.name))
    gateway.stop()
    code, _, said = restore(gateway, orphan.name, "--key", KEY, "--distil")
    assert code == 0, said
    gateway.start()
    prompt = sent(gateway, provider, "And now?")
    entries = [json.loads(line) for line in orphan.read_bytes().splitlines()]
    asked = [entry["message"] for entry in entries if entry.get("message", {}).get("role") == "user"][-1]
    text = asked["content"] if isinstance(asked["content"], str) else asked["content"][0]["text"]
    assert text[-60:] in prompt, prompt[-3000:]
    assert "aardvark" not in prompt


@database
def test_what_a_reset_took_answers_in_a_fork(gateway: Gateway, provider: Provider) -> None:
    remember(gateway, *WORDS)
    with gateway.client() as client:
        client.call("sessions.reset", {"key": KEY, "reason": "reset"})
    assert "the word aardvark" not in sent(gateway, provider, "Which words were they?")
    copy = best(gateway, "pre-reset")
    code, document, said = restore(gateway, copy)
    assert code == 0, said
    (result,) = document["results"]
    assert (result["ok"], result["reversible"]) == (True, "no")
    fork = next(check["detail"] for check in result["proof"]["checks"] if check["name"] == "fork")
    prompt = sent(gateway, provider, "Which words were they?", fork)
    assert all(f"the word {word}" in prompt for word in WORDS[:-1])
    assert "the word aardvark" not in sent(gateway, provider, "And here?"), "the key itself is as it was"
    code, _, said = clawmedic(gateway, "undo", document["operation_id"], "--yes")
    assert code == 6, said


@database
def test_a_branch_that_was_left_is_switched_to_and_back(gateway: Gateway, provider: Provider) -> None:
    remember(gateway, *WORDS)
    with gateway.client() as client:
        messages = client.call("chat.history", {"sessionKey": KEY, "limit": 50})["messages"]
        second = [each["__openclaw"]["id"] for each in messages if each["role"] == "user"][1]
        client.call("sessions.rewind", {"sessionKey": KEY, "entryId": second})
    assert "the word cormorant" not in sent(gateway, provider, "A new way.")
    code, document, said = restore(gateway, best(gateway, "window"))
    assert code == 0, said
    assert document["results"][0]["reversible"] == "state"
    prompt = sent(gateway, provider, "Which words were they?")
    assert all(f"the word {word}" in prompt for word in WORDS)
    code, _, said = clawmedic(gateway, "undo", document["operation_id"], "--yes")
    assert code == 0, said
    prompt = sent(gateway, provider, "And now?")
    assert "A new way." in prompt
    assert "the word cormorant" not in prompt


@database
def test_what_is_not_in_the_database_is_handed_over(gateway: Gateway, provider: Provider) -> None:
    remember(gateway, "aardvark")
    sessions = gateway.state_dir / "agents/main/sessions"
    sessions.mkdir(exist_ok=True)
    old = next((CORPUS / "2026.7.1" / "healthy-chat").rglob("*.jsonl"))
    copy = sessions / f"{old.name}.bak.recovered.2026-11-23T08-00-00Z"
    shutil.copyfile(old, copy)
    code, document, said = restore(gateway, copy.name, "--key", KEY)
    assert code == 0, said
    exported = Path(document["results"][0]["backup"])
    prompt = sent(gateway, provider, "And now?")
    assert str(exported) in prompt, "the model knows where the whole text is"
    assert "What the user asked" in prompt
    assert "the word aardvark" in prompt, "and the present conversation goes on"
    assert exported.stat().st_mode & 0o777 == 0o600


@database
def test_what_would_be_dead_at_once_is_handed_over_only_when_asked(
    gateway: Gateway, provider: Provider
) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction")
    told = kill(gateway)
    code, document, said = restore(gateway, KEY)
    assert code in (5, 6), said
    with gateway.client() as client:
        client.call("sessions.reset", {"key": KEY, "reason": "reset"})
    copy = best(gateway, "pre-reset")
    code, document, said = restore(gateway, copy)
    assert code == 6, said
    assert "never-fits" in document["message"]
    code, document, said = restore(gateway, copy, "--distil")
    assert code == 0, said
    assert told[-1] in sent(gateway, provider, "And now?")


def best(gateway: Gateway, kind: str) -> str:
    code, document, said = clawmedic(gateway, "backups", "list", KEY)
    assert code == 0, said
    return next(str(one["id"]) for one in document["backups"] if one["kind"] == kind)
