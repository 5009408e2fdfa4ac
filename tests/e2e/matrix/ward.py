"""One gateway that serves many cells: sessions are driven to death, rescued by the command line, and asked."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from lab.answer import Answer
from lab.client import Client, NoAnswerError
from lab.faults import Text
from lab.gateway import Gateway
from lab.install import Installation
from lab.isolation import Network
from lab.provider import Provider, Request
from websockets.exceptions import WebSocketException

from matrix.cells import Cell
from matrix.command import clawmedic
from matrix.memory import Entries, everything, lost

PATIENCE = 400.0
"""Seconds for the first answer: 2026.4.15 transpiles its plugins, minutes on a busy machine."""
_SIZE = {"2026.4.15": 46_000, "2026.7.1": 28_000, "2026.9.6": 19_000}
"""Characters of a message: the fourth or fifth does not fit into the window."""
_LANES = 16
"""Runs at the same time: those that wait for a dead provider must not keep the others waiting."""
_HANDSHAKES = 5
_RECENT = {"2026.7.1": 8_000, "2026.9.6": 6_000}
"""Tokens that a compaction keeps as they were: one message; 2026.4.15 keeps 20,000 whatever one says."""
_SMALL_WINDOW = {"2026.4.15": 28_000, "2026.7.1": 20_000, "2026.9.6": 20_000}
"""Of the models of dying providers: no dead session's history fits, so that none of them is tried for a compaction."""
_QUESTION = 4_000
_MOST_TURNS = 30
_SLOW = float(os.environ.get("CLAWMEDIC_E2E_SLOW", "1"))
"""How many times slower than two idle cores the machine is: a refusal that comes late would look like a timeout."""
_COMPACTION_TIMEOUT = round(15 * _SLOW)
_RUN_TIMEOUT = round(60 * _SLOW)
_SUMMARY = "history before this point was compacted"
_DIGEST = "taken from it by clawmedic"


@dataclass
class Bed:
    """One cell's session: what it was told, and all that was seen of it.

    `before` is what was on disk when it was dead, `entries` how many that were, `lost` how many of them no place holds
    any more. `undone`, `waited` and `unchanged` are None where that was not looked at.
    """

    cell: Cell
    told: list[str] = field(default_factory=list)
    before: Entries = field(default_factory=dict, repr=False)
    died_at: float = 0.0
    entries: int = 0
    verdict: str = ""
    cause: str = ""
    waited: bool | None = None
    code: int = -1
    first_code: int = -1
    advised: bool = False
    operation: str = ""
    rungs: tuple[str, ...] = ()
    reversible: str = ""
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    answered: bool = False
    saw: str = ""
    model: str = ""
    lost: int = -1
    unchanged: bool | None = None
    undone: bool | None = None
    afterwards: str = ""
    said: str = ""
    trouble: str = ""

    def as_json(self) -> str:
        """Without the conversation itself; it survives the way between processes."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        for each in ("cell", "told", "before", "said", "died_at"):
            del values[each]
        return json.dumps({"cell": self.cell.name, **values})

    def __str__(self) -> str:
        return f"{self.as_json()}\n{self.said[:3000]}"


class Ward:
    """A gateway of one release in a network of its own, with three providers: a scripted one and two that die.

    `lost` answers every call with 500 to marked sessions; `gone` does not take connections once it is closed. They
    are providers of their own, because 2026.9.6 stops asking a provider that failed, for every session.
    """

    def __init__(self, installation: Installation, root: Path, network: Network) -> None:
        self.version = installation.version
        self._open = ExitStack()
        self.provider = self._open.enter_context(Provider(listener=network.listen()))
        self.lost = self._open.enter_context(Provider(listener=network.listen()))
        self.gone = Provider(listener=network.listen())
        self.gone.__enter__()
        self._network, self._gone_port = network, self.gone.port
        self.gateway = Gateway(
            installation,
            root,
            self.provider.base_url,
            network=network,
            overrides=self._overrides(),
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.gone.__exit__()
        self._open.close()

    def start(self) -> None:
        """Starts the gateway, and has its plugins loaded by a first turn, whose failure would be told."""
        self.gateway.start()
        with self.gateway.client() as client:
            for _ in range(4):
                if client.agent("agent:main:warm", "Good morning", timeout=PATIENCE).useful:
                    return
        raise AssertionError("the first turn is never answered")

    def stop(self) -> None:
        """Stops the gateway."""
        self.gateway.stop()

    def connected(self) -> Client:
        """A new connection; a busy gateway may let a handshake time out."""
        for _ in range(_HANDSHAKES):
            try:
                return self.gateway.client()
            except (NoAnswerError, TimeoutError, OSError, WebSocketException) as error:
                last = error
        raise last

    def change_model(self, cell: Cell, model: str) -> None:
        """Gives the session another model, as a person would by `/model`."""
        with self.connected() as client:
            client.call("sessions.patch", {"key": cell.key, "model": model})

    def close_gone(self) -> None:
        """From now on nobody listens at the port of the provider `gone`."""
        self.gone.__exit__()

    def open_gone(self) -> None:
        """The provider `gone` is back, at the same port."""
        self.gone = Provider(listener=self._network.listen(self._gone_port))
        self.gone.__enter__()

    def _overrides(self) -> dict[str, Any]:
        window = _SMALL_WINDOW[self.version]
        model = {"id": "big", "name": "big", "reasoning": False, "input": ["text"], "contextWindow": window}
        model |= {"cost": dict.fromkeys(("input", "output", "cacheRead", "cacheWrite"), 0), "maxTokens": 2048}
        providers = {
            name: {"baseUrl": url, "apiKey": "laboratory", "api": "openai-completions", "models": [model]}
            for name, url in (("lost", self.lost.base_url), ("gone", self.gone.base_url))
        }
        compaction = {"timeoutSeconds": _COMPACTION_TIMEOUT}
        if self.version in _RECENT:
            compaction["keepRecentTokens"] = _RECENT[self.version]
        defaults = {"timeoutSeconds": _RUN_TIMEOUT, "maxConcurrent": _LANES, "compaction": compaction}
        return {"models": {"providers": providers}, "agents": {"defaults": defaults}}

    def say(self, cell: Cell, text: str, timeout: float = PATIENCE) -> Answer:
        """One message by the path of the cell's user, on a connection of its own."""
        with self.connected() as client:
            send = client.chat_send if cell.path == "chat" else client.agent
            return send(cell.key, text, timeout=timeout)

    def kill(self, bed: Bed) -> None:
        """Fill the session until its compaction fails for good. The fault lasts: its rules stay."""
        cell = bed.cell
        model = "big" if cell.column == "another model" else None
        fault = cell.ill.fault
        if (
            isinstance(fault, Text) and fault.text
        ):  # summaries of parts are summed up again: by the mark in them
            fault = Text(f"{fault.text} It was all about {cell.mark}.")
        assert fault is not None
        for provider in (self.provider, self.lost, self.gone):
            provider.fail(fault, kind="compaction", model=model, contains=cell.mark)
        for turn in range(_MOST_TURNS):
            text = message(cell, turn)
            if not self.say(cell, text).useful:
                bed.died_at = time.monotonic()
                return
            bed.told.append(text)
        raise AssertionError("the session does not die")

    def examine(self, beds: Sequence[Bed]) -> None:
        """What scan and diagnose say of them, all at once."""
        verdicts = self._verdicts()
        incidents = clawmedic(self.gateway, "diagnose").document["incidents"]
        for bed in beds:
            bed.verdict = verdicts.get(bed.cell.key, "not listed")
            bed.cause = next(
                (one["cause"] for one in reversed(incidents) if one["key"] == bed.cell.key), "none"
            )

    def look_again(self, beds: Sequence[Bed]) -> None:
        """What scan says when all is over, and whether everything that was there still is."""
        verdicts, kept = self._verdicts(), everything(self.gateway)
        for bed in beds:
            bed.lost = len(lost(bed.before, kept))
            bed.afterwards = verdicts.get(bed.cell.key, "not listed")

    def _verdicts(self) -> dict[str, str]:
        scan = clawmedic(self.gateway, "scan", "--all")
        return {session["key"]: session["verdict"] for session in scan.document["sessions"]}

    def waits(self, bed: Bed) -> bool:
        """Whether a rescue without a policy waits, and says so by its exit code."""
        held = clawmedic(self.gateway, "rescue", bed.cell.key, "--yes")
        results = held.document.get("results") or [{}]
        return held.code == 3 and results[0].get("action") == "wait"

    def rescue(self, bed: Bed) -> str:
        """The real command line; a policy is named where it would wait otherwise. The operation's name."""
        more = ("--policy", "revive") if bed.cell.ill.transient else ()
        ran = clawmedic(self.gateway, "rescue", bed.cell.key, "--yes", *more)
        results = ran.document.get("results") or []
        bed.code, bed.seconds, bed.said = ran.code, ran.seconds, ran.said
        bed.rungs = tuple(
            f"{one['rung']}{'' if one['ok'] else ' failed'}" for each in results for one in each["rungs"]
        )
        bed.reversible = results[0]["reversible"] if results else ""
        bed.notices = tuple(notice["kind"] for notice in ran.document.get("notices", []))
        bed.operation = str(ran.document.get("operation_id", ""))
        return bed.operation

    def ask(self, bed: Bed) -> None:
        """Two messages of ordinary length, while the fault lasts, and what the model was sent with the second."""
        answers = [self.say(bed.cell, question(bed.cell, number)) for number in range(2)]
        bed.answered = all(answer.useful for answer in answers)
        if not bed.answered:
            bed.trouble += " | ".join(f"{one.state}: {one.text[:200]}" for one in answers)
        asked = self.asked(question(bed.cell, 1))
        if asked:
            bed.model, bed.saw = asked[-1][1].model, seen(asked[-1][1].prompt, bed.told)

    def asked(self, text: str) -> list[tuple[str, Request]]:
        """The calls of models that a message led to, and by whose name the provider goes."""
        providers = {"fake": self.provider, "lost": self.lost, "gone": self.gone}
        return [
            (name, one)
            for name, provider in providers.items()
            for one in provider.requests
            if one.kind == "chat" and text in one.prompt
        ]

    def undo(self, bed: Bed, operation: str) -> None:
        """Reverse one rescue."""
        ran = clawmedic(self.gateway, "undo", operation, "--yes")
        bed.trouble += f"undo: exit code {ran.code}: {ran.said[:500]}" if ran.code else ""

    def newest_is_in_sight(self, bed: Bed) -> bool:
        """Whether the gateway shows the last message that was answered before the death."""
        with self.connected() as client:
            shown = client.call("chat.history", {"sessionKey": bed.cell.key, "limit": 400})["messages"]
        return any(bed.told[-1][:60] in json.dumps(each) for each in shown)


def message(cell: Cell, turn: int) -> str:
    """The mark stands everywhere in it: a summariser may be sent a part of a message, and must fail all the same."""
    head = f"Message {turn} about {cell.mark} number {turn}: "
    filler = f"please keep {cell.mark} in mind for later. "
    return head + filler * (_SIZE[cell.version] // len(filler)) + f"That was {turn}."


def question(cell: Cell, number: int) -> str:
    filler = "please think about it well. "
    return f"Question {number}: and now, {cell.mark}? {filler * (_QUESTION // len(filler))}".strip()


def seen(prompt: str, told: Sequence[str]) -> str:
    """What stood before the model, in words."""
    whole = sum(text.strip() in prompt for text in told)
    parts = [
        *(["a summary"] if _SUMMARY in prompt else []),
        *(["a digest"] if _DIGEST in prompt else []),
        f"{whole} of {len(told)} turns",
    ]
    return ", ".join(parts)
