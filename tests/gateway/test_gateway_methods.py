from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from clawmedic.errors import ExitCode, RefusedError
from clawmedic.gateway import branches, chat, live_config, methods
from clawmedic.gateway.answers import Turn
from clawmedic.gateway.client import GatewayClient
from clawmedic.gateway.failures import (
    OutcomeUnknownError,
    RequestRefusedError,
    SessionChangedError,
    UnknownKeyError,
    UnknownMethodError,
)
from clawmedic.model.session import Delivery
from gateway.conftest import Connect, Start
from gateway_server import KEY, FakeGateway, RefusalError

UNKNOWN = "agent:main:nobody"


@dataclass
class Store:
    """Sessions as a gateway keeps them: an unknown key that is patched or reset makes a row."""

    rows: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {KEY: {"sessionId": "s1", "status": "done"}}
    )
    compaction: dict[str, Any] = field(default_factory=dict)
    knows_expected: bool = True

    def methods(self, *, describe: bool = True) -> dict[str, Any]:
        named = {
            "sessions.list": self.list,
            "sessions.patch": self.patch,
            "sessions.reset": self.reset,
            "sessions.compact": lambda _: dict(self.compaction),
        }
        return named | ({"sessions.describe": self.describe} if describe else {})

    def list(self, params: dict[str, Any]) -> dict[str, Any]:
        found = [{"key": key, **row} for key, row in self.rows.items() if params.get("search", "") in key]
        return {"sessions": [*found, "no row", {"sessionId": "no key"}]}

    def describe(self, params: dict[str, Any]) -> dict[str, Any]:
        row = self.rows.get(params["key"].lower())
        return {"session": {"key": params["key"].lower(), **row} if row else None}

    def patch(self, params: dict[str, Any]) -> dict[str, Any]:
        row = self.rows.setdefault(params["key"], {"sessionId": "made by a patch"})
        if "model" in params:
            row.pop("providerOverride", None)
            row.pop("modelOverride", None)
            if params["model"]:
                row["providerOverride"], _, row["modelOverride"] = params["model"].partition("/")
        return {"ok": True, "entry": row}

    def reset(self, params: dict[str, Any]) -> dict[str, Any]:
        if "expectedSessionId" in params and not self.knows_expected:
            raise RefusalError("INVALID_REQUEST", "invalid: at root: unexpected property 'expectedSessionId'")
        row = self.rows.setdefault(params["key"], {})
        if params.get("expectedSessionId", row.get("sessionId")) != row.get("sessionId"):
            raise RefusalError("INVALID_REQUEST", "changed before reset. Retry.", reason="session-changed")
        row["sessionId"] = "s2"
        return {"ok": True, "key": params["key"], "entry": row}


@pytest.mark.parametrize("describe", [True, False])
def test_an_unknown_key_is_never_made(start: Start, join: Connect, describe: bool) -> None:  # noqa: FBT001
    store = Store()
    client = join(start(FakeGateway(methods=store.methods(describe=describe))))
    assert methods.describe(client, UNKNOWN) is None
    for change in (methods.reset, methods.compact, lambda c, k: methods.patch_model(c, k, "a/b")):
        with pytest.raises(UnknownKeyError) as error:
            change(client, UNKNOWN)
        assert error.value.exit_code is ExitCode.NOT_FOUND
    assert set(store.rows) == {KEY}


def test_a_key_that_the_gateway_spells_otherwise_is_not_changed(start: Start, join: Connect) -> None:
    store = Store()
    client = join(start(FakeGateway(methods=store.methods())))
    with pytest.raises(UnknownKeyError, match="it calls it"):
        methods.reset(client, KEY.upper())
    assert set(store.rows) == {KEY}


def test_a_model_is_patched_and_put_back(start: Start, join: Connect) -> None:
    client = join(start(FakeGateway(methods=Store().methods())))
    first = methods.patch_model(client, KEY, "fake/alt/large")
    assert (first.previous, first.override, first.session_id) == (None, "fake/alt/large", "s1")
    second = methods.patch_model(client, KEY, first.previous)
    assert (second.previous, second.override) == ("fake/alt/large", None)


def test_a_compaction_is_judged_by_compacted_not_by_ok(start: Start, join: Connect) -> None:
    store = Store()
    gateway = start(FakeGateway(methods=store.methods()))
    client = join(gateway)
    for answer in (
        {"ok": True},
        {"ok": True, "compacted": "yes"},
        {"ok": True, "compacted": False, "reason": "no\n"},
    ):
        store.compaction = answer
        failed = methods.compact(client, KEY)
        assert not failed.compacted
        assert failed.reason
    result = {"tokensBefore": 9000, "tokensAfter": 900, "firstKeptEntryId": "e1", "summary": "short"}
    store.compaction = {"ok": True, "compacted": True, "result": result}
    done = methods.compact(client, KEY)
    assert (done.compacted, done.reason, done.tokens_before, done.tokens_after) == (True, "", 9000, 900)
    store.compaction = {"ok": True, "compacted": True, "result": {"tokensBefore": 0}}
    assert methods.compact(client, KEY).tokens_before is None
    assert all("maxLines" not in params for _, params in gateway.calls)


@pytest.mark.parametrize("knows", [True, False])
def test_a_reset_of_another_session_is_refused(start: Start, join: Connect, knows: bool) -> None:  # noqa: FBT001
    store = Store(knows_expected=knows)
    gateway = start(FakeGateway(methods=store.methods()))
    client = join(gateway)
    with pytest.raises(SessionChangedError):
        methods.reset(client, KEY, expected_session_id="s0")
    assert "sessions.reset" not in gateway.names()
    done = methods.reset(client, KEY, reason="new", expected_session_id="s1")
    assert done.session_id == "s2"


def test_a_reset_in_the_very_moment_is_refused_by_the_gateway(start: Start, join: Connect) -> None:
    store = Store()
    looked = store.describe

    def change_after_the_look(params: dict[str, Any]) -> dict[str, Any]:
        answer = looked(params)
        store.rows[KEY] = {"sessionId": "s9"}
        return answer

    client = join(start(FakeGateway(methods={**store.methods(), "sessions.describe": change_after_the_look})))
    with pytest.raises(SessionChangedError):
        methods.reset(client, KEY, expected_session_id="s1")
    assert store.rows[KEY]["sessionId"] == "s9"


def test_whether_a_run_is_active(start: Start, join: Connect) -> None:
    store = Store()
    client = join(start(FakeGateway(methods=store.methods())))
    assert methods.active_run(client, KEY) is None
    store.rows[KEY]["hasActiveRun"] = True
    assert methods.active_run(client, KEY) is True
    assert methods.active_run(client, UNKNOWN) is None


def test_branches(start: Start, join: Connect) -> None:
    store = Store()
    listed = {"branches": [{"leafEntryId": "l1", "headline": "Hi", "messageCount": 2, "active": True}, {}, 7]}
    own = {
        "sessions.branches.list": lambda _: dict(listed),
        "sessions.branches.switch": lambda _: {"ok": True},
        "sessions.rewind": lambda _: {"ok": True},
        "sessions.fork": lambda _: {"ok": True, "key": "agent:main:dashboard:1"},
        "sessions.recover": lambda _: {"ok": True},
    }
    client = join(start(FakeGateway(methods=store.methods() | own)))
    assert branches.can_branch(client)
    (branch,) = branches.list_branches(client, KEY)
    assert (branch.leaf, branch.messages, branch.active) == ("l1", 2, True)
    assert branches.rewind(client, KEY, "e1") == branches.switch_branch(client, KEY, "l1") == "s1"
    assert branches.fork(client, KEY, "e1") == "agent:main:dashboard:1"
    branches.recover(client, KEY)
    old = join(start(FakeGateway(methods=store.methods())))
    assert not branches.can_branch(old)
    with pytest.raises(UnknownMethodError):
        branches.fork(old, KEY, "e1")


def test_the_config_is_patched_on_what_was_seen(start: Start, join: Connect) -> None:
    seen: list[dict[str, Any]] = []
    compaction = {"model": "fake/alt", "qualityGuard": {"enabled": False}}
    config = {"agents": {"defaults": {"compaction": compaction}}}

    def patch(params: dict[str, Any]) -> dict[str, Any]:
        seen.append(params)
        return {"ok": True}

    answer = {"path": "/srv/openclaw.json", "hash": "h1", "valid": True, "config": config}
    client = join(start(FakeGateway(methods={"config.get": lambda _: dict(answer), "config.patch": patch})))
    found = live_config.config_get(client)
    assert (found.hash, found.compaction_model, found.quality_guard) == ("h1", "fake/alt", False)
    change = {"agents": {"defaults": {"compaction": {"model": None}}}}
    live_config.config_patch(client, change, found.hash)
    assert orjson.loads(seen[0]["raw"]) == change
    assert seen[0]["baseHash"] == "h1"
    for name in ("reserveTokens", "reserveTokensFloor"):
        with pytest.raises(RefusedError, match=name):
            live_config.config_patch(client, {"agents": [{"compaction": {name: 1}}]}, found.hash)
    assert len(seen) == 1


def test_a_message_to_the_chat_is_addressed_as_the_row_says(start: Start, join: Connect) -> None:
    def send(params: dict[str, Any]) -> dict[str, Any]:
        return {"channel": params["channel"], "messageId": 1056}

    gateway = start(FakeGateway(methods={"send": send}))
    client = join(gateway)
    sent = chat.send(
        client, Delivery("telegram", "telegram:1:topic:42", "default", "42"), "Hi", idempotency_key="i"
    )
    assert sent.message_id == "1056"
    chat.send(client, Delivery("telegram", "telegram:1", None, None), "Hi", idempotency_key="i")
    assert gateway.calls[0][1]["threadId"] == "42"
    assert not {"threadId", "accountId"} & set(gateway.calls[1][1])


def test_a_note_in_the_transcript(start: Start, join: Connect) -> None:
    gateway = start(FakeGateway(methods={**Store().methods(), "chat.inject": lambda _: {"messageId": "m1"}}))
    client = join(gateway)
    assert chat.inject(client, KEY, "text", label="x" * 300) == "m1"
    assert len(gateway.calls[-1][1]["label"]) == 100
    with pytest.raises(UnknownKeyError):
        chat.inject(client, UNKNOWN, "text")


def agent_client(start: Start, join: Connect, answer: Any) -> GatewayClient:
    return join(start(FakeGateway(methods={**Store().methods(), "agent": answer})))


def test_a_turn(start: Start, join: Connect) -> None:
    accepted = '{"type":"res","id":"$ID","ok":true,"payload":{"status":"accepted"}}'
    meta = {"agentMeta": {"sessionId": "s1", "provider": "fake", "model": "big"}}
    final = {
        "status": "ok",
        "result": {"payloads": [{"text": "One"}, {"text": None}, {"text": "Two"}], "meta": meta},
    }
    client = agent_client(start, join, lambda _: {"__before": [accepted], **final})
    turn = chat.agent(client, KEY, "Hi", idempotency_key="i")
    assert (turn.status, turn.text, turn.model) == ("ok", "One\nTwo", "big")


def test_a_turn_that_fails_is_an_answer_and_a_refused_call_is_not(start: Start, join: Connect) -> None:
    def fail(_params: dict[str, Any]) -> dict[str, Any]:
        raise RefusalError("UNAVAILABLE", "Preflight compaction required but failed: 400")

    def refuse(_params: dict[str, Any]) -> dict[str, Any]:
        raise RefusalError("INVALID_REQUEST", "invalid agent params")

    turn = chat.agent(agent_client(start, join, fail), KEY, "Hi", idempotency_key="i")
    assert turn.status == "error"
    assert "Preflight" in turn.text
    with pytest.raises(RequestRefusedError):
        chat.agent(agent_client(start, join, refuse), KEY, "Hi", idempotency_key="i")
    gone = agent_client(start, join, lambda _: {"__close": True})
    with pytest.raises(OutcomeUnknownError):
        chat.agent(gone, KEY, "Hi", idempotency_key="i")


def test_a_message_by_the_path_of_channels(start: Start, join: Connect) -> None:
    def event(state: str, **more: Any) -> str:
        payload = {"runId": "r1", "state": state, **more}
        return orjson.dumps({"type": "event", "event": "chat", "payload": payload}).decode()

    def said(*frames: str) -> Turn:
        fake = FakeGateway(
            methods={**Store().methods(), "chat.send": lambda _: {"__before": list(frames), "runId": "r1"}}
        )
        return chat.say(join(start(fake)), KEY, "Hi", idempotency_key="r1", timeout=0.5)

    message = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    assert said(event("final", message="Hi")) == Turn("ok", "Hi")
    assert said(event("final", message=message)) == Turn("ok", "Hello")
    assert said(event("error", errorMessage="no\x1b model")) == Turn("error", "no  model")
    assert said(event("delta")).status == "silent"


def test_the_history_in_every_shape(start: Start, join: Connect) -> None:
    rows = [
        {"role": "user", "content": "Hi", "timestamp": 5, "__openclaw": {"id": "e1"}},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Hello"}],
            "provider": "fake",
            "stopReason": "stop",
        },
        {"role": 5, "content": None},
        "no message",
    ]
    client = join(start(FakeGateway(methods={"chat.history": lambda _: {"messages": rows}})))
    found = chat.history(client, KEY)
    assert [(one.id, one.role, one.text) for one in found[:2]] == [
        ("e1", "user", "Hi"),
        ("", "assistant", "Hello"),
    ]
