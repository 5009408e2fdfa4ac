"""A loopback gateway that changes a real file store as OpenClaw 2026.7.1 does, and rescues through it."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from rescue_stage import Stage

from clawmedic.disk.records import Call
from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.client import GatewayClient, Introduction, connect
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.identity import load_or_make_identity
from clawmedic.gateway.locating import Located, Ownership
from clawmedic.gateway.opening import Gateway
from clawmedic.gateway.reversal import reverse_by
from clawmedic.gateway.secret import Secret
from clawmedic.model.outcome import Outcome
from clawmedic.model.policy import Policy
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.run import mutating_run
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rescue import Clinic, carry_out, plan_round
from clawmedic.recovery.table import RUNGS
from clawmedic.recovery.telling import told
from clawmedic.stores.state import StateReader
from gateway_server import TOKEN, FakeGateway, RefusalError

DEAD = "2026.7.1/dead-compact-400-chat"
PRESERVE = Mandate(Policy.PRESERVE, explicit=True, named=True, agreed=True)
ORDERED = Mandate(Policy.RESET, explicit=True, named=True, agreed=True, ordered=True)
REFUSED = "400 Reasoning is required for this model but was disabled in the request."


@dataclass
class Store:
    """The gateway's side: it changes the rows and the transcript of a stage."""

    on: Stage
    working: frozenset[str] = frozenset({"fake/alt"})
    """Models whose compactions succeed."""
    active: bool = False
    """It says that a run goes on, always."""
    hang_up_on: str = ""
    """The connection ends instead of an answer to this method, once."""
    sent: list[dict[str, Any]] = field(default_factory=list)

    def methods(self) -> dict[str, Any]:
        return {
            "sessions.list": lambda _: {"sessions": [self.described()]},
            "sessions.describe": lambda _: {"session": self.described()},
            "sessions.patch": self.patch,
            "sessions.compact": self.compact,
            "sessions.reset": self.reset,
            "chat.inject": self.inject,
            "agent": self.agent,
            "send": self.send,
        }

    def described(self) -> dict[str, Any]:
        row = self.on.row
        return {"key": self.on.key, "hasActiveRun": self.active} | {
            name: row.get(name)
            for name in ("sessionId", "updatedAt", "model", "modelProvider", "totalTokens")
        }

    def change(self, **fields: object) -> dict[str, Any]:
        path = self.on.sessions / "sessions.json"
        rows = json.loads(path.read_text())
        row: dict[str, Any] = rows[self.on.key]
        row.update(fields)
        for name in [name for name, value in fields.items() if value is None]:
            del row[name]
        path.write_text(json.dumps(rows))
        return row

    def append(self, **fields: object) -> None:
        entry = {
            "id": secrets.token_hex(4),
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime()),
        }
        last = [json.loads(line) for line in self.on.transcript.read_text().splitlines()][-1]
        entry["parentId"] = last.get("id") if last["type"] != "session" else None
        with self.on.transcript.open("a") as file:
            file.write(json.dumps(entry | fields) + "\n")

    def patch(self, params: dict[str, Any]) -> dict[str, Any]:
        if "model" not in params:
            return {"ok": True, "entry": self.on.row}
        provider, _, model = (params["model"] or "").partition("/")
        return {
            "ok": True,
            "entry": self.change(providerOverride=provider or None, modelOverride=model or None),
        }

    def compact(self, _params: dict[str, Any]) -> dict[str, Any]:
        row = self.on.row
        model = (
            f"{row['providerOverride']}/{row['modelOverride']}" if row.get("modelOverride") else "fake/big"
        )
        if self.hang_up_on == "sessions.compact" and model != "fake/big":
            self.hang_up_on = ""
            return {"__close": True}
        if model not in self.working:
            return {"ok": False, "compacted": False, "reason": REFUSED}
        ids = [json.loads(line)["id"] for line in self.on.transcript.read_text().splitlines()]
        self.append(type="compaction", summary="## Goal\nAll.", firstKeptEntryId=ids[-2], tokensBefore=30000)
        self.change(totalTokens=900, totalTokensFresh=False)
        return {"ok": True, "compacted": True, "result": {"tokensAfter": 900}}

    def reset(self, params: dict[str, Any]) -> dict[str, Any]:
        if "expectedSessionId" in params:
            raise RefusalError("INVALID_REQUEST", "invalid: at root: unexpected property 'expectedSessionId'")
        old, new = self.on.transcript, "0b0b0b0b-0000-4000-8000-000000000001"
        old.rename(f"{old}.reset.2026-11-23T10-00-00.000Z")
        path = old.with_name(f"{new}.jsonl")
        header = {
            "type": "session",
            "version": 3,
            "id": new,
            "timestamp": "2026-11-23T10:00:00.000Z",
            "cwd": "/",
        }
        path.write_text(json.dumps(header) + "\n")
        row = self.change(
            sessionId=new,
            sessionFile=str(path),
            totalTokens=None,
            totalTokensFresh=None,
            lastInteractionAt=None,
            status=None,
        )
        return {"ok": True, "key": self.on.key, "entry": row}

    def inject(self, _params: dict[str, Any]) -> dict[str, Any]:
        if self.hang_up_on == "chat.inject":
            raise RefusalError("UNAVAILABLE", "no note today")
        return {"messageId": "m1"}

    def agent(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.hang_up_on == "agent":
            raise RefusalError("UNAVAILABLE", "FailoverError: 401 Incorrect API key provided")
        user = {"role": "user", "content": [{"type": "text", "text": params["message"]}]}
        answer = {"role": "assistant", "content": [{"type": "text", "text": "Read."}], "stopReason": "stop"}
        usage = {"input": 2000, "output": 4, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 2004}
        self.append(type="message", message=user)
        self.append(type="message", message=answer | {"provider": "fake", "model": "big", "usage": usage})
        meta = {"agentMeta": {"sessionId": "s", "provider": "fake", "model": "big"}}
        return {"status": "ok", "result": {"payloads": [{"text": "Read."}], "meta": meta}}

    def send(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.hang_up_on == "send":
            raise RefusalError("UNAVAILABLE", "OutboundDeliveryError: adapter is unavailable")
        self.sent.append(params)
        return {"runId": params["idempotencyKey"], "messageId": "7", "channel": params["channel"]}


class OpenLine(Line):
    """A line to a loopback gateway: that it serves this directory is proven elsewhere."""

    def __init__(self, on: Stage, gateway: FakeGateway, open_ones: ExitStack) -> None:
        super().__init__(on.settings)
        self._on, self._fake, self._open_ones = on, gateway, open_ones
        self._client: GatewayClient | None = None

    def reach(self, state: StateReader) -> Caller | None:
        del state
        self._client = self._client or self.connected()
        return self._client

    def reverse(self, call: Call) -> None:
        reverse_by(self.connected())(call)

    def connected(self) -> GatewayClient:
        world = self._on.settings.world
        made = Introduction(
            Credentials(Secret.of(TOKEN), None, "option"), lambda: load_or_make_identity(world), world.clock
        )
        client = connect(Address(self._fake.url, Origin.OPTION), made, timeout=10)
        return self._open_ones.enter_context(client)


class ReopeningLine(OpenLine):
    """As `Line` itself puts calls back; each connection it opens is a new one."""

    opened = 0

    def reverse(self, call: Call) -> None:
        Line.reverse(self, call)

    def _open(self, state: StateReader) -> Gateway:
        del state
        self.opened += 1
        located = Located(Address(self._fake.url, Origin.OPTION), Ownership.OURS, ())
        return Gateway(located, self.connected())


@dataclass
class Ward71:
    """A stage whose gateway runs."""

    on: Stage
    store: Store
    gateway: FakeGateway
    line: Line

    def rescue(
        self, mandate: Mandate, *, rungs: Any = RUNGS, between: Callable[[], object] = lambda: 0
    ) -> Outcome:
        clinic = Clinic("rescue", mandate, self.line)
        with (
            mutating_run(self.on.settings, reverse_call=self.line.reverse) as run,
            plan_round(
                self.on.settings, SilentReporter(), clinic, keys=[self.on.key], rungs=rungs
            ) as planned,
        ):
            between()
            outcome = carry_out(run, planned)
            return told(self.line, planned, outcome)

    def asked(self, name: str) -> list[dict[str, Any]]:
        return [params for method, params in self.gateway.calls if method == name]


@contextmanager
def gateway_process(on: Stage, *sockets: int) -> Iterator[None]:
    """What the gate takes for a gateway of this state directory, listening on these sockets."""
    command, environment = ["openclaw-gateway", "900"], {"OPENCLAW_STATE_DIR": str(on.state)}
    with subprocess.Popen(command, executable="/bin/sleep", env=environment, pass_fds=sockets) as process:
        try:
            yield
        finally:
            process.kill()
