"""A loopback gateway for tests: real WebSockets, the real handshake, scripted answers."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

TOKEN = "a-secret-of-the-tests"
NONCE = "nonce-1"
KEY = "agent:main:telegram:group:-100"
Answer = Callable[[dict[str, Any]], dict[str, Any]]


class RefusalError(Exception):
    """An answer with `error`."""

    def __init__(self, code: str, message: str, /, **details: object) -> None:
        self.error = {"code": code, "message": message, "details": details}
        super().__init__(message)


@dataclass
class FakeGateway:
    """What the gateway is like, and what it was asked (`calls`)."""

    version: str = "2026.9.6"
    protocols: tuple[int, ...] = (4,)
    token: str | None = TOKEN
    password: str | None = None
    wants_device: bool = False
    scopes: tuple[str, ...] = ("operator.admin", "operator.read", "operator.write")
    state_dir: str = "/srv/openclaw"
    boot_id: str = "boot-1"
    methods: dict[str, Answer] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()
    """Methods that `hello` does not list."""
    noise: list[str | bytes] = field(default_factory=list)
    """Sent before the challenge."""
    challenge: bool = True
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    socket: int = -1
    """The listening socket: a process that inherits it listens there, too."""
    quiet: threading.Condition = field(default_factory=threading.Condition)
    busy: int = 0
    """Connections that are being served."""

    def wait_quiet(self) -> None:
        """Until every connection has ended, and with it what was asked over it."""
        with self.quiet:
            assert self.quiet.wait_for(lambda: not self.busy, 30), "a connection never ends"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def hang(self, _params: dict[str, Any]) -> dict[str, Any]:
        """Answers when the test is over."""
        self.release.wait(30)
        return {}

    def handle(self, connection: ServerConnection) -> None:
        with self.quiet:
            self.busy += 1
        try:
            self._serve(connection)
        finally:
            with self.quiet:
                self.busy -= 1
                self.quiet.notify_all()

    def _serve(self, connection: ServerConnection) -> None:
        try:
            for message in self.noise:
                connection.send(message)
            if not self.challenge:
                self.release.wait(30)
                return
            event = {"type": "event", "event": "connect.challenge", "payload": {"nonce": NONCE}}
            connection.send(json.dumps(event))
            first = json.loads(connection.recv(10))
            if self._answer(connection, first, self._connect):
                for message in connection:
                    request = json.loads(message)
                    self.calls.append((request["method"], request["params"]))
                    self._answer(connection, request, self._method(request["method"]))
        except (ConnectionClosed, TimeoutError):
            pass

    def _method(self, name: str) -> Answer:
        def unknown(_params: dict[str, Any]) -> dict[str, Any]:
            raise RefusalError("INVALID_REQUEST", f"unknown method: {name}")

        return self.methods.get(name, unknown)

    def _answer(self, connection: ServerConnection, request: dict[str, Any], answer: Answer) -> bool:
        identity = request["id"]
        try:
            payload = answer(request["params"])
        except RefusalError as refusal:
            connection.send(json.dumps({"type": "res", "id": identity, "ok": False, "error": refusal.error}))
            return False
        before = payload.pop("__before", [])
        for raw in before:
            connection.send(raw.replace("$ID", identity) if isinstance(raw, str) else raw)
        if payload.pop("__close", False):
            connection.close(1012, "service restart")
            return False
        connection.send(json.dumps({"type": "res", "id": identity, "ok": True, "payload": payload}))
        return True

    def _connect(self, params: dict[str, Any]) -> dict[str, Any]:
        chosen = [each for each in self.protocols if params["minProtocol"] <= each <= params["maxProtocol"]]
        if not chosen:
            raise RefusalError("INVALID_REQUEST", "protocol mismatch", code="PROTOCOL_MISMATCH")
        auth = params["auth"]
        if self.token is not None and auth.get("token") != self.token:
            name = "AUTH_TOKEN_MISMATCH" if auth.get("token") else "AUTH_TOKEN_MISSING"
            raise RefusalError("INVALID_REQUEST", f"unauthorized: {auth.get('token')} is wrong", code=name)
        if self.password is not None and auth.get("password") != self.password:
            raise RefusalError("INVALID_REQUEST", "unauthorized", code="AUTH_PASSWORD_MISMATCH")
        snapshot = {"stateDir": self.state_dir, "configPath": self.state_dir + "/openclaw.json"}
        scopes = list(self.scopes)
        if "device" in params:
            self._check(params)
        elif self.wants_device:
            snapshot, scopes = {}, []
        return {
            "type": "hello-ok",
            "protocol": max(chosen),
            "server": {"version": self.version, "bootId": self.boot_id},
            "features": {"methods": sorted(set(self.methods) - set(self.unnamed))},
            "auth": {"scopes": scopes} if self.version != "2026.4.15" else None,
            "snapshot": snapshot,
        }

    def _check(self, params: dict[str, Any]) -> None:
        """The signature, put together anew from what the client says of itself."""
        device, client = params["device"], params["client"]
        public = _decoded(device["publicKey"])
        text = "|".join(
            (
                *("v3", hashlib.sha256(public).hexdigest(), client["id"], client["mode"], params["role"]),
                *(",".join(params["scopes"]), str(device["signedAt"]), params["auth"].get("token", "")),
                *(NONCE, client["platform"], ""),
            )
        )
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(_decoded(device["signature"]), text.encode())
        except InvalidSignature:
            raise RefusalError("INVALID_REQUEST", "bad signature", code="DEVICE_AUTH_SIGNATURE") from None
        self.devices.append(device)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def serving(gateway: FakeGateway) -> Iterator[FakeGateway]:
    """Serve on a free loopback port; sets `port`."""
    with serve(gateway.handle, "127.0.0.1", 0, max_size=2**26, ping_interval=None) as server:
        gateway.port, gateway.socket = server.socket.getsockname()[1], server.socket.fileno()
        thread = threading.Thread(target=_forever, args=(server,), daemon=True)
        thread.start()
        try:
            yield gateway
        finally:
            gateway.release.set()
            server.shutdown()
            thread.join(10)


def _forever(server: Server) -> None:
    server.serve_forever()
