"""`drill --against-gateway` on a loopback gateway that keeps a table of sessions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from clawmedic.drill.visit import agent_of
from clawmedic.drill.visit_steps import NEEDED
from clawmedic.errors import RefusedError
from clawmedic.gateway import throwaway
from clawmedic.gateway.answers import LiveSession
from clawmedic.output.drill_visit import VISIT_SCHEMAS
from gateway_server import TOKEN, FakeGateway, RefusalError, serving
from harness import Run
from json_check import problems

OTHER = "agent:ops:telegram:group:-100"


@dataclass
class Table:
    """The sessions of a gateway; `deaf` methods answer with an error."""

    rows: dict[str, str] = field(default_factory=lambda: {OTHER: "s-1"})
    said: list[str] = field(default_factory=list)
    reason: str = "Nothing to compact (session too small)"
    answers: bool = True
    deaf: tuple[str, ...] = ()
    takes_others: bool = False

    def methods(self) -> dict:
        known = {
            "sessions.list": lambda _: {"sessions": [self.row(key) for key in self.rows]},
            "sessions.describe": lambda params: {"session": self.row(params["key"])},
            "sessions.create": self.create,
            "sessions.patch": lambda _: {},
            "sessions.compact": lambda _: {"ok": False, "compacted": False, "reason": self.reason},
            "sessions.reset": self.reset,
            "sessions.delete": self.delete,
            "chat.history": lambda _: {"messages": self.history()},
            "chat.send": self.send,
            "agent": lambda _: {},
            "send": lambda _: {},
        }
        return {name: self.broken if name in self.deaf else answer for name, answer in known.items()}

    def row(self, key: str) -> dict | None:
        return {"key": key, "sessionId": self.rows[key], "hasActiveRun": False} if key in self.rows else None

    def create(self, params: dict) -> dict:
        self.rows[params["key"]] = str(uuid.uuid4())
        return {"ok": True, "key": params["key"]}

    def reset(self, params: dict) -> dict:
        self.rows[params["key"]] = str(uuid.uuid4())
        return {"key": params["key"], "entry": {"sessionId": self.rows[params["key"]]}}

    def delete(self, params: dict) -> dict:
        del self.rows[params["key"]]
        if self.takes_others:
            self.rows.clear()
        return {"ok": True}

    def send(self, params: dict) -> dict:
        self.said.append(params["message"])
        return {"runId": "r", "status": "started"}

    def history(self) -> list[dict]:
        if not self.said or not self.answers:
            return []
        usual = {"role": "assistant", "provider": "example", "model": "standard", "stopReason": "stop"}
        words = usual if self.answers is True else {"role": "assistant", "provider": "openclaw"}
        return [words | {"id": "a-1", "content": [{"type": "text", "text": "Here I am."}]}]

    def broken(self, _: dict) -> dict:
        raise RefusalError("UNAVAILABLE", "it broke")


@contextmanager
def served(table: Table) -> Iterator[FakeGateway]:
    with serving(FakeGateway(methods=table.methods())) as gateway:
        yield gateway


def visit(run: Run, table: Table, *words: str):
    with served(table) as gateway:
        ran = run("drill", "--against-gateway", gateway.url, "--token", TOKEN, *words)
        return ran, gateway


def test_all_steps_of_a_sound_gateway(run: Run):
    table = Table()
    ran, gateway = visit(run, table, "--yes")
    ran.expect(0)
    assert table.rows == {OTHER: "s-1"}
    assert len(table.said) == 1
    assert [line[:1] for line in ran.lines if line[:1] in "✔✖-"].count("✖") == 0
    assert "example/standard answered" in ran.stdout
    assert "there is nothing to compact" in ran.stdout
    assert "1 of 1 there, as they were" in ran.stdout
    assert "✔ a rescue through this gateway finds all that it needs" in ran.stdout
    keys = {params.get("key") or params.get("sessionKey") for _, params in gateway.calls} - {None}
    assert len(keys) == 1
    assert keys.pop().startswith("agent:ops:clawmedic-drill-")


def test_the_document(run: Run):
    ran, _ = visit(run, Table(), "--yes", "--json")
    document = ran.expect(0).document
    assert problems(document, VISIT_SCHEMAS["clawmedic.visit/1"]) == []
    assert [step["name"] for step in document["steps"] if step["ok"] is None] == ["scan", "notice"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (Table(reason="Summarization failed: 400 Reasoning is required"), "it failed: Summarization failed"),
        (Table(deaf=("sessions.reset",)), "it broke"),
        (Table(deaf=("sessions.create",)), "it broke"),
        (Table(takes_others=True), f"{OTHER} is gone"),
        (Table(answers="failure words"), "OpenClaw answered with its own failure words"),
    ],
)
def test_what_is_not_as_it_should_be_ends_in_3(run: Run, table, words):
    ran, _ = visit(run, table, "--yes")
    ran.expect(3)
    assert words in ran.stdout
    assert not any(throwaway.MARK in key for key in table.rows), "nothing of it stays"


def test_nobody_is_asked_without_a_terminal_and_nothing_is_done(run: Run):
    table = Table()
    ran, gateway = visit(run, table)
    ran.expect(6)
    assert set(gateway.names()) == {"sessions.list"}


def test_a_wrong_token_and_a_silent_port_are_refused(run: Run):
    with served(Table()) as gateway:
        ran = run(
            "drill", "--against-gateway", gateway.url, "--token", "hunter2-of-somebody", "--yes"
        ).expect(6)
        assert "hunter2" not in ran.stdout + ran.stderr
    run("drill", "--against-gateway", gateway.url, "--token", TOKEN, "--yes").expect(6)


@pytest.mark.parametrize(
    "words", [["--against-gateway", "http://x"], ["--yes"], ["--against-gateway", "ws://x", "--keep", "d"]]
)
def test_wrong_use_ends_in_2(run: Run, words):
    run("drill", *words).expect(2)


class Nobody:
    """A gateway that must not be asked."""

    def __getattr__(self, name: str):
        raise AssertionError(name)


@pytest.mark.parametrize("key", [OTHER, "agent:main:main", "agent:main:clawmedic-drill-", ""])
def test_no_other_key_can_be_made_or_deleted(key):
    with pytest.raises(RefusedError, match="no throw-away key"):
        throwaway.delete(Nobody(), key)
    with pytest.raises(RefusedError, match="no throw-away key"):
        throwaway.create(Nobody(), key)


def test_the_agent_with_most_sessions_gets_the_key():
    rows = [LiveSession(key, "s") for key in (OTHER, "agent:main:a", "agent:main:b", "global")]
    assert agent_of(rows) == "main"
    assert agent_of([]) == "main"
    assert len(set(NEEDED)) == len(NEEDED)
