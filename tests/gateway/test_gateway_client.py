from __future__ import annotations

import json
import socket
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clawmedic.disk.crash import crash_report
from clawmedic.errors import ExitCode, RefusedError
from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.client import Introduction, connect
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.failures import (
    CredentialsError,
    HungGatewayError,
    MissingScopeError,
    NotAGatewayError,
    OutcomeUnknownError,
    ProtocolMismatchError,
    RequestRefusedError,
    SessionBusyError,
    UnknownMethodError,
    UnreachableError,
)
from clawmedic.gateway.identity import identity_path, load_or_make_identity
from clawmedic.gateway.secret import Secret
from clawmedic.gateway.wire import MESSAGE_BYTES
from clawmedic.settings import World
from gateway.conftest import Connect, Start
from gateway_server import TOKEN, FakeGateway, RefusalError


def echo(params: dict[str, Any]) -> dict[str, Any]:
    return {"said": params}


def test_hello_tells_version_protocol_methods_and_place(start: Start, join: Connect) -> None:
    gateway = start(FakeGateway(methods={"sessions.list": echo}))
    client = join(gateway)
    assert (client.version, client.hello.protocol, client.hello.boot_id) == ("2026.9.6", 4, "boot-1")
    assert client.hello.state_dir == "/srv/openclaw"
    assert client.supports("sessions.list")
    assert not client.supports("sessions.rewind")
    assert gateway.devices == []
    assert client.ask("sessions.list", {"limit": 1}).inner("said").number("limit") == 1


@pytest.mark.parametrize("protocols", [(3,), (4,), (3, 4)])
def test_protocols_3_and_4(start: Start, join: Connect, protocols: tuple[int, ...]) -> None:
    assert join(start(FakeGateway(protocols=protocols))).hello.protocol == max(protocols)


def test_another_protocol_is_named(start: Start, join: Connect) -> None:
    with pytest.raises(ProtocolMismatchError) as error:
        join(start(FakeGateway(protocols=(5,))))
    assert error.value.exit_code is ExitCode.REFUSED


def test_a_wrong_token_is_refused_and_never_shown(start: Start, join: Connect) -> None:
    with pytest.raises(CredentialsError) as error:
        join(start(FakeGateway()), token="hunter2-hunter2")
    shown = f"{error.value!r} {error.value} {error.value.hint}"
    assert "hunter2" not in shown, "the gateway repeated it, and we do not"
    assert "***" in shown
    report = crash_report(error.value, argv=["scan"], version="0", home=Path("/home"))
    assert "hunter2" not in report


def test_no_token_where_one_is_wanted(start: Start, join: Connect) -> None:
    with pytest.raises(CredentialsError, match="none was found"):
        join(start(FakeGateway()), token=None)


def test_a_gateway_without_authentication(start: Start, join: Connect) -> None:
    assert join(start(FakeGateway(token=None)), token=None).version == "2026.9.6"


def test_a_password(start: Start, world: World) -> None:
    gateway = start(FakeGateway(token=None, password="open sesame"))
    introduction = Introduction(
        Credentials(None, Secret("open sesame"), "option"), lambda: load_or_make_identity(world), world.clock
    )
    with connect(Address(gateway.url, Origin.OPTION), introduction) as client:
        assert client.version
    wrong = replace(introduction, credentials=Credentials(None, Secret("open barley"), "option"))
    with pytest.raises(CredentialsError):
        connect(Address(gateway.url, Origin.OPTION), wrong)


def test_a_device_identity_only_where_it_is_wanted(start: Start, join: Connect, world: World) -> None:
    join(start(FakeGateway()))
    assert not identity_path(world).exists()
    old = start(FakeGateway(version="2026.4.15", protocols=(3,), wants_device=True))
    assert join(old).hello.state_dir == "/srv/openclaw"
    join(old)
    assert len(old.devices) == 2
    assert old.devices[0]["id"] == old.devices[1]["id"] == load_or_make_identity(world).device_id
    assert stat.S_IMODE(identity_path(world).stat().st_mode) == 0o600


def test_an_identity_that_others_may_read_or_that_is_none_is_refused(world: World) -> None:
    first = load_or_make_identity(world)
    path = identity_path(world)
    assert load_or_make_identity(world).device_id == first.device_id
    path.chmod(0o644)
    with pytest.raises(RefusedError, match="read by others"):
        load_or_make_identity(world)
    path.chmod(0o600)
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(RefusedError, match="holds no device key"):
        load_or_make_identity(world)
    path.unlink()
    path.mkdir()
    with pytest.raises(RefusedError, match="is a directory"):
        load_or_make_identity(world)


def test_secrets_never_show(world: World) -> None:
    secret = Secret("hunter2")
    credentials = Credentials(secret, Secret("hunter3"), "option")
    for text in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        repr(credentials),
        f"{credentials}",
    ):
        assert "hunter" not in text
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        secret.__reduce__()
    identity = load_or_make_identity(world)
    assert identity.device_id in repr(identity)
    assert "PrivateKey" not in repr(identity)


def test_nobody_listens(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    introduction = Introduction(Credentials(), lambda: load_or_make_identity(world), world.clock)
    with pytest.raises(UnreachableError) as error:
        connect(Address(f"ws://127.0.0.1:{port}", Origin.CONFIG), introduction, timeout=5)
    assert error.value.exit_code is ExitCode.REFUSED


@pytest.mark.parametrize(
    "words", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", b""]
)
def test_somebody_else_listens(world: World, words: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(words)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        introduction = Introduction(Credentials(), lambda: load_or_make_identity(world), world.clock)
        with pytest.raises(NotAGatewayError):
            connect(Address(url, Origin.CONFIG), introduction, timeout=5)
        thread.join(5)


def test_a_gateway_that_takes_the_connection_and_hangs(world: World, start: Start, join: Connect) -> None:
    with pytest.raises(HungGatewayError) as error:
        join(start(FakeGateway(challenge=False)), timeout=0.3)
    assert error.value.exit_code is ExitCode.BUSY
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        introduction = Introduction(Credentials(), lambda: load_or_make_identity(world), world.clock)
        with pytest.raises(HungGatewayError):
            connect(Address(url, Origin.CONFIG), introduction, timeout=0.3)


@pytest.mark.parametrize(
    "frame", ["hello", b"\x00\xff", "[1,2]", '{"type":"res"}', "[" * 5000, '{"a":"\\ud800"}']
)
def test_garbage_before_the_challenge(start: Start, join: Connect, frame: str | bytes) -> None:
    assert join(start(FakeGateway(noise=[frame] * 3))).version, "a little of it is passed over"


@pytest.mark.parametrize("frame", ["hello", b"\x00\xff"])
def test_nothing_but_garbage(start: Start, join: Connect, frame: str | bytes) -> None:
    with pytest.raises(NotAGatewayError):
        join(start(FakeGateway(noise=[frame] * 50)))


def test_garbage_in_the_middle_of_a_call(start: Start, join: Connect) -> None:
    wild = ["nonsense", json.dumps({"type": "res", "id": "another", "ok": True}), '{"type":"res","id":7}']
    client = join(start(FakeGateway(methods={"health": lambda _: {"__before": wild, "ok": True}})))
    assert client.ask("health", {}).flag("ok")


def test_answers_of_any_shape(start: Start, join: Connect) -> None:
    raw = '{"type":"res","id":"$ID","ok":true,"payload":[1,2]}'
    bad = '{"type":"res","id":"$ID","ok":false,"error":"no object"}'
    client = join(
        start(
            FakeGateway(
                methods={"a": lambda _: {"__before": [raw]}, "b": lambda _: {"__before": [bad]}, "c": echo}
            )
        )
    )
    assert client.ask("a", {}).values["payload"] == [1, 2]
    with pytest.raises(RequestRefusedError, match="no reason given"):
        client.ask("b", {})
    assert client.ask("c", {}).inner("said").values == {}, "late second answers do no harm"


def test_a_message_beyond_all_bounds(start: Start, join: Connect) -> None:
    def huge(_params: dict[str, Any]) -> dict[str, Any]:
        return {"__before": ["x" * (MESSAGE_BYTES + 1)]}

    gateway = start(FakeGateway(methods={"read": huge, "write": huge}))
    with pytest.raises(UnreachableError, match="more than 33554432 bytes"):
        join(gateway).ask("read", {})
    with pytest.raises(OutcomeUnknownError):
        join(gateway).change("write", {})


def test_the_connection_ends_in_the_middle(start: Start, join: Connect) -> None:
    gateway = start(FakeGateway(methods={"m": lambda _: {"__close": True}}))
    with pytest.raises(UnreachableError, match="service restart"):
        join(gateway).ask("m", {})
    client = join(gateway)
    with pytest.raises(OutcomeUnknownError) as error:
        client.change("m", {})
    assert error.value.exit_code is ExitCode.PARTIAL
    with pytest.raises(UnreachableError):
        client.change("m", {})
    assert gateway.names().count("m") == 2, "the last one was never asked"


def test_a_method_that_hangs(start: Start, join: Connect) -> None:
    gateway = FakeGateway()
    gateway.methods = {"m": gateway.hang}
    start(gateway)
    began = time.monotonic()
    with pytest.raises(HungGatewayError):
        join(gateway).ask("m", {}, timeout=0.2)
    with pytest.raises(OutcomeUnknownError):
        join(gateway).change("m", {}, timeout=0.2)
    with pytest.raises(OutcomeUnknownError):
        join(gateway).run("m", {}, timeout=0.2)
    assert time.monotonic() - began < 40


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (
            RefusalError("FORBIDDEN", "missing scope: operator.admin", missingScope="operator.admin"),
            MissingScopeError,
        ),
        (RefusalError("INVALID_REQUEST", "missing scope: operator.admin"), MissingScopeError),
        (RefusalError("INVALID_REQUEST", "unknown method: m"), UnknownMethodError),
        (RefusalError("UNAVAILABLE", f"broken {TOKEN} \x1b[31m\nred"), RequestRefusedError),
        (
            RefusalError("INVALID_REQUEST", "Session k has an active run; retry after it finishes."),
            SessionBusyError,
        ),
        (RefusalError("UNAVAILABLE", "Rewind is unavailable while the agent is working"), SessionBusyError),
        (RefusalError("INVALID_REQUEST", "Session changed; retry switch."), SessionBusyError),
        (RefusalError("UNAVAILABLE", "Session k is still active; try again in a moment."), SessionBusyError),
    ],
)
def test_refusals(start: Start, join: Connect, refusal: RefusalError, kind: type[Exception]) -> None:
    def refuse(_params: dict[str, Any]) -> dict[str, Any]:
        raise refusal

    client = join(start(FakeGateway(methods={"m": refuse})))
    for call in (client.ask, client.change, client.run):
        with pytest.raises(kind) as error:
            call("m", {})
        assert TOKEN not in str(error.value)
        assert "\x1b" not in str(error.value)


def test_a_method_that_the_gateway_does_not_name_is_asked_all_the_same(start: Start, join: Connect) -> None:
    gateway = start(FakeGateway(methods={"chat.inject": echo}, unnamed=("chat.inject",)))
    client = join(gateway)
    assert not client.supports("chat.inject")
    assert client.change("chat.inject", {}).values
    with pytest.raises(UnknownMethodError):
        client.change("sessions.rewind", {})


def test_a_run_answers_twice(start: Start, join: Connect) -> None:
    accepted = '{"type":"res","id":"$ID","ok":true,"payload":{"status":"accepted","runId":"r"}}'
    gateway = start(FakeGateway(methods={"agent": lambda _: {"__before": [accepted], "status": "ok"}}))
    assert join(gateway).run("agent", {}).text("status") == "ok"


def test_the_end_of_a_chat_is_waited_for(start: Start, join: Connect) -> None:
    def event(run: str, state: str) -> str:
        return json.dumps({"type": "event", "event": "chat", "payload": {"runId": run, "state": state}})

    frames = [event("other", "final"), *[event("mine", "delta")] * 300, event("mine", "final")]
    client = join(start(FakeGateway(methods={"chat.send": lambda _: {"__before": frames, "runId": "mine"}})))
    client.change("chat.send", {})
    end = client.wait_for_chat_end("mine", timeout=5)
    assert end is not None
    assert end.payload.text("state") == "final"
    assert client.wait_for_chat_end("silent", timeout=0.1) is None
