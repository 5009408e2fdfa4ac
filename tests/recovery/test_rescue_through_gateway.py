"""Rungs through a gateway: a loopback gateway that changes a real file store as OpenClaw 2026.7.1 does."""

from __future__ import annotations

import json
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from rescue_stage import RESET, Stage, ids_in

from clawmedic.disk.records import Call
from clawmedic.errors import ExitCode
from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.client import GatewayClient, Introduction, connect
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.identity import load_or_make_identity
from clawmedic.gateway.locating import Located, Ownership
from clawmedic.gateway.opening import Gateway
from clawmedic.gateway.reversal import restoring_model, reverse_by
from clawmedic.gateway.secret import Secret
from clawmedic.model.outcome import OperationState, Outcome
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.history import list_operations
from clawmedic.operations.run import mutating_run
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate, Policy
from clawmedic.recovery.rescue import Clinic, carry_out, plan_round
from clawmedic.recovery.rungs.gateway_relax import putting_back
from clawmedic.recovery.rungs.gateway_rewind import fitting
from clawmedic.recovery.sizing import Room
from clawmedic.recovery.table import RUNGS, named
from clawmedic.recovery.telling import once, told
from clawmedic.stores.state import StateReader
from clawmedic.stores.typed import Fields
from clawmedic.transcripts.entry import Entry
from gateway_server import TOKEN, FakeGateway, RefusalError, serving

Make = Callable[..., Stage]
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
        return {"key": self.on.key, "hasActiveRun": False} | {
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


@pytest.fixture
def live(stage: Make) -> Iterator[Callable[..., Ward71]]:
    with ExitStack() as running:

        def make(**more: Any) -> Ward71:
            on = stage(DEAD)
            store = Store(on, **more)
            fake = FakeGateway(version="2026.7.1", protocols=(3, 4), methods=store.methods())
            gateway = running.enter_context(serving(fake))
            running.enter_context(_process(on))
            return Ward71(on, store, gateway, OpenLine(on, gateway, running))

        yield make


@contextmanager
def _process(on: Stage) -> Iterator[None]:
    """What the gate takes for a gateway of this state directory."""
    command, environment = ["openclaw-gateway", "120"], {"OPENCLAW_STATE_DIR": str(on.state)}
    with subprocess.Popen(command, executable="/bin/sleep", env=environment) as process:
        try:
            yield
        finally:
            process.kill()


def ids_kept(on: Stage) -> set[str]:
    return set().union(*(ids_in(path) for path in on.sessions.glob("*.jsonl*")))


def test_another_model_compacts_and_the_session_gets_its_own_back(live: Callable[..., Ward71]) -> None:
    ward = live()
    before = ids_in(ward.on.transcript)
    (result,) = ward.rescue(PRESERVE).results
    assert (result.ok, result.action) == (True, "compact"), result
    assert [params.get("model", "none given") for params in ward.asked("sessions.patch")] == [
        "none given",
        "fake/alt",
        "none given",
        None,
    ]
    assert len(ward.asked("sessions.compact")) == 2
    assert "modelOverride" not in ward.on.row
    assert before <= ids_in(ward.on.transcript)
    assert result.backup is not None
    assert ids_in(result.backup) == before
    assert list_operations(ward.on.settings)[0].state is OperationState.DONE


def test_a_model_that_was_chosen_by_hand_is_put_back(live: Callable[..., Ward71]) -> None:
    ward = live()
    ward.store.change(providerOverride="fake", modelOverride="small")
    (result,) = ward.rescue(PRESERVE).results
    assert result.ok, result
    assert (ward.on.row["providerOverride"], ward.on.row["modelOverride"]) == ("fake", "small")


def test_no_model_that_works_is_no_rescue(live: Callable[..., Ward71]) -> None:
    ward = live(working=frozenset())
    before = ward.on.transcript.read_bytes()
    (result,) = ward.rescue(PRESERVE).results
    assert result.exit_code == ExitCode.EXHAUSTED
    assert "Reasoning is required" in result.error
    assert "modelOverride" not in ward.on.row
    assert ward.on.transcript.read_bytes() == before
    assert not list(ward.on.sessions.glob("*.bak.recovered.*")), "the copy of an unchanged file is taken away"
    assert not ward.store.sent, "nobody is told of a rescue that was none"


def test_a_connection_that_ends_leaves_no_other_model_behind(live: Callable[..., Ward71]) -> None:
    ward = live(hang_up_on="sessions.compact")
    (result,) = ward.rescue(PRESERVE).results
    assert not result.ok
    assert result.exit_code == ExitCode.PARTIAL
    assert "modelOverride" not in ward.on.row
    assert list_operations(ward.on.settings)[0].state is OperationState.ROLLED_BACK


def test_a_call_is_put_back_by_a_new_connection_where_the_old_one_is_lost(
    live: Callable[..., Ward71],
) -> None:
    ward = live()
    ward.store.change(providerOverride="fake", modelOverride="alt")
    with ExitStack() as running, ReopeningLine(ward.on, ward.gateway, running) as line:
        back = restoring_model(ward.on.key, "fake/small")
        line.reverse(back)
        assert (ward.on.row["modelOverride"], line.opened) == ("small", 1)
        running.close()
        line.reverse(restoring_model(ward.on.key, None))
        assert ("modelOverride" in ward.on.row, line.opened) == (False, 2)


def test_a_session_that_was_used_since_the_plan_is_left_alone(live: Callable[..., Ward71]) -> None:
    ward = live()
    (result,) = ward.rescue(
        PRESERVE, between=lambda: ward.store.append(type="message", message={"role": "user"})
    ).results
    assert result.exit_code == ExitCode.REFUSED
    assert not ward.asked("sessions.compact")


def test_a_late_write_of_the_row_is_no_use_of_the_session(live: Callable[..., Ward71]) -> None:
    ward = live()
    (result,) = ward.rescue(PRESERVE, between=lambda: ward.store.change(updatedAt=1795420379999)).results
    assert result.ok, result


@pytest.mark.parametrize("failing", ["", "chat.inject"])
def test_a_reset_keeps_the_history_and_leaves_a_note(live: Callable[..., Ward71], failing: str) -> None:
    ward = live(hang_up_on=failing)
    before, old = ids_in(ward.on.transcript), ward.on.row["sessionId"]
    (result,) = ward.rescue(ORDERED, rungs=named("reset")).results
    assert (result.ok, result.action) == (True, "reset"), result
    assert ward.on.row["sessionId"] != old
    assert before <= ids_kept(ward.on)
    assert result.backup is not None
    assert ids_in(result.backup) == before
    assert len(ward.asked("chat.inject")) == 1


def test_a_digest_is_handed_over_in_one_turn(live: Callable[..., Ward71]) -> None:
    ward = live(working=frozenset())
    before = ids_in(ward.on.transcript)
    (result,) = ward.rescue(Mandate(Policy.REVIVE, explicit=True, named=True, agreed=True)).results
    assert (result.ok, result.action) == (True, "distil"), result
    (turn,) = ward.asked("agent")
    assert turn["deliver"] is False
    assert result.backup is not None
    assert result.backup.name in turn["message"], "the model is told where the history is"
    assert before <= ids_kept(ward.on)


def test_a_digest_that_nobody_read_is_no_rescue(live: Callable[..., Ward71]) -> None:
    ward = live(working=frozenset(), hang_up_on="agent")
    before = ids_in(ward.on.transcript)
    (result,) = ward.rescue(Mandate(Policy.REVIVE, explicit=True, named=True, agreed=True)).results
    assert not result.ok
    assert "the digest was not read" in result.error
    assert before <= ids_kept(ward.on)


@pytest.mark.parametrize("failing", ["", "send"])
def test_people_are_told_once(live: Callable[..., Ward71], failing: str) -> None:
    ward = live(hang_up_on=failing)
    there = {"channel": "telegram", "to": "telegram:-100", "accountId": "default", "threadId": 42}
    ward.store.change(deliveryContext=there)
    outcome = ward.rescue(PRESERVE)
    (result,) = outcome.results
    assert result.ok, "a note that cannot be sent fails nothing"
    assert ward.gateway.calls[-1][0] == "send", "it comes last"
    (asked,) = ward.asked("send")
    assert (asked["to"], asked["accountId"], asked["threadId"]) == ("telegram:-100", "default", "42")
    assert asked["idempotencyKey"] == once(result.rungs[-1].operation_id, ward.on.key)
    assert "not answered" in asked["message"]
    assert result.backup is not None
    assert result.backup.name in asked["message"]
    words = "was told by telegram" if not failing else "nobody in the chat"
    assert any(words in note for note in outcome.notes)


@pytest.mark.parametrize("policy", [PRESERVE, RESET])
def test_what_never_ran_through_this_gateway_is_not_made(
    live: Callable[..., Ward71], policy: Mandate
) -> None:
    ward = live()
    ward.gateway.methods["sessions.describe"] = lambda _: {"session": None}
    (result,) = ward.rescue(policy).results
    assert not result.ok
    assert not ward.asked("sessions.patch")
    assert not ward.asked("sessions.reset")


def set_recovery(on: Stage, recovery: dict[str, Any] | None) -> str:
    """Put a restart record into the only row of a database; gives its session id."""
    (path,) = on.state.glob("agents/main/agent/openclaw-agent.sqlite")
    with closing(sqlite3.connect(path)) as database, database:
        ((text,),) = database.execute("SELECT entry_json FROM session_nodes").fetchall()
        entry: dict[str, Any] = json.loads(text)
        entry["mainRestartRecovery"] = recovery
        database.execute("UPDATE session_nodes SET entry_json = ?", (json.dumps(entry),))
        database.execute("UPDATE session_nodes SET entry_valid = 1")
    return str(entry["sessionId"])


@pytest.mark.parametrize("works", [True, False])
def test_a_tombstone_is_taken_off_by_the_gateway(stage: Make, works: bool) -> None:  # noqa: FBT001
    on = stage("2026.9.6/healthy-mid")
    session = set_recovery(
        on, {"revision": 3, "chargedAttempts": 3, "tombstone": {"reason": "no turn began"}}
    )

    def recover(_params: dict[str, Any]) -> dict[str, Any]:
        if works:
            set_recovery(on, None)
        return {"ok": True}

    row = {"key": on.key, "sessionId": session, "hasActiveRun": False}
    methods = {
        "sessions.list": lambda _: {"sessions": [row]},
        "sessions.describe": lambda _: {"session": row},
        "sessions.recover": recover,
    }
    with ExitStack() as running:
        fake = running.enter_context(serving(FakeGateway(methods=methods)))
        running.enter_context(_process(on))
        ward = Ward71(on, Store(on), fake, OpenLine(on, fake, running))
        (result,) = ward.rescue(PRESERVE).results
    assert (result.ok, result.rungs[0].rung, result.rungs[0].ok) == (works, "recover", works), result
    assert len(ward.asked("sessions.recover")) == 1


OFF = ("a", "guard", "enabled")


@pytest.mark.parametrize(
    ("content", "patch"),
    [
        ({"a": {"guard": {"enabled": True}}}, {"a": {"guard": {"enabled": True}}}),
        ({"a": {"guard": {"other": 1}}}, {"a": {"guard": {"enabled": None}}}),
        ({"a": {}}, {"a": {"guard": None}}),
        ({}, {"a": None}),
    ],
)
def test_a_setting_is_put_back_to_what_the_file_said(content: dict[str, Any], patch: dict[str, Any]) -> None:
    assert (
        putting_back(Fields({"parsed": content, "config": {"a": {"guard": {"enabled": True}}}}), OFF) == patch
    )


def message(number: int, role: str, chars: int) -> Entry:
    return Entry(number, "message", chars, id=f"e{number}", role=role, text_chars=chars)


def test_the_newest_point_that_fits_is_gone_back_to() -> None:
    talk = [message(at, "user" if at % 2 == 0 else "assistant", 4000) for at in range(20)]
    assert fitting(talk, Room(20_000, 2_000, 10_000)) == 10, (
        "ten messages of 1000 tokens, and what stands beside"
    )
    assert fitting(talk, Room(20_000, 2_000, 500)) is None, "nothing would be left"
    reset = Entry(30, "reset", 10, id="r")
    assert fitting([*talk, reset], Room(20_000, 2_000, 10_000)) is None, "a rewind does not cross a reset"
