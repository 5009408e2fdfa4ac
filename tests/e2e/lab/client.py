"""A WebSocket RPC client for the gateways of three OpenClaw releases.

Protocol 3 for 2026.4.15, 3 to 4 for 2026.7.1, 4 for 2026.9.6. The first two want an Ed25519 device identity,
which they pair by themselves on loopback; the last one grants scopes to a loopback `gateway-client` that
knows the token.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from lab.answer import Answer, answer_of, end_of_chat
from lab.identity import Identity
from lab.isolation import Network

PROTOCOLS = {"2026.4.15": (3, 3), "2026.7.1": (3, 4), "2026.9.6": (4, 4)}
SCOPES = ("operator.admin", "operator.read", "operator.write")

HANDSHAKE_SECONDS = 90.0
"""A busy gateway of 2026.4.15 loads its plugins in its one thread, and takes no connection meanwhile."""

QUEUE_TIMEOUT = 60.0
"""Seconds to wait for the answer to a message that was queued behind an ending run."""

_MAX_MESSAGE = 64 * 1024 * 1024


class RpcError(Exception):
    """The gateway answered a call with an error; `code` is its own, such as `UNAVAILABLE`."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        self.code = str(error.get("code"))
        self.message = str(error.get("message"))
        self.error = error
        super().__init__(f"{method}: {self.code}: {self.message}")


class NoAnswerError(Exception):
    """Nothing came back within the time a caller allowed, or the connection ended."""


class Client:
    """One operator connection; threads may share it. Close it, or use it as a context manager."""

    def __init__(
        self,
        version: str,
        port: int,
        token: str,
        identity: Identity | None = None,
        network: Network | None = None,
    ) -> None:
        sock = (network or Network()).connect(port)
        sock.settimeout(None)
        self._open = ExitStack()
        self._socket: ClientConnection = self._open.enter_context(
            connect(
                f"ws://127.0.0.1:{port}",
                sock=sock,
                max_size=_MAX_MESSAGE,
                open_timeout=HANDSHAKE_SECONDS,
                proxy=None,
                ping_interval=None,
            )
        )
        self._changed = threading.Condition()
        self._frames: list[dict[str, Any]] = []
        self._closed = False
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.hello = self._handshake(version, token, identity)
        except (RpcError, NoAnswerError):
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def call(
        self, method: str, params: dict[str, Any] | None = None, timeout: float = 90.0
    ) -> dict[str, Any]:
        """The payload of one call. Raises `RpcError` or `NoAnswerError`."""
        return self._first_answer(method, self._send(method, params or {}), timeout)

    def agent(self, key: str, message: str, timeout: float = 150.0, **extra: object) -> Answer:
        """Sends by the path of cron and CLI and waits for the second of the two answers."""
        run_id = str(uuid.uuid4())
        params = {"message": message, "sessionKey": key, "idempotencyKey": run_id, **extra}
        request = self._send("agent", params)
        deadline = time.monotonic() + timeout
        try:
            self._first_answer("agent", request, timeout)
            final = self._wait(lambda: self._answer_to(request, 1), deadline)
        except NoAnswerError:
            return Answer("silent", "", run_id, {})
        except RpcError as error:
            return Answer("error", error.message, run_id, error.error)
        if not final.get("ok"):
            return Answer("error", str(final.get("error", {}).get("message")), run_id, final)
        payload = final.get("payload", {})
        texts = [str(each.get("text", "")) for each in payload.get("result", {}).get("payloads", [])]
        return Answer(str(payload.get("status", "ok")), " | ".join(texts), run_id, payload)

    def chat_start(self, key: str, message: str, **extra: object) -> str:
        """Sends by the path of channels and web chat and returns the run id at once."""
        run_id = str(uuid.uuid4())
        self.call("chat.send", {"sessionKey": key, "message": message, "idempotencyKey": run_id, **extra})
        return run_id

    def chat_send(self, key: str, message: str, timeout: float = 150.0, **extra: object) -> Answer:
        """Sends by the path of channels and web chat and waits for the event that ends the run."""
        try:
            run_id = self.chat_start(key, message, **extra)
        except RpcError as error:
            return Answer("error", error.message, "", error.error)
        answer = self.chat_wait(run_id, timeout)
        if answer.state == "ok" and not answer.text:
            answer = self._queued_answer(key, answer, min(timeout, QUEUE_TIMEOUT))
        self.wait_idle(key)
        return answer

    def wait_idle(self, key: str, timeout: float = 3.0) -> None:
        """Waits until the session has no active run, as far as the gateway tells; 2026.4.15 does not.

        2026.7.1 says `final` a moment before the run is over. After a refusal it calls the run active for 15 s
        more, which does no harm: hence the short timeout (seconds).
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            rows = self.call("sessions.list", {"limit": 200}).get("sessions", [])
            if not any(row.get("key") == key and row.get("hasActiveRun") for row in rows):
                return
            time.sleep(0.1)

    def _queued_answer(self, key: str, first: Answer, timeout: float) -> Answer:
        """The answer to a message that met a run still ending (2026.4.15, 2026.7.1).

        Its own run ends at once with an empty text; the queued message is answered under another run id.
        """
        position = self._frames.index(next(each for each in self._frames if each.get("payload") is first.raw))

        def later() -> dict[str, Any] | None:
            ends = (end_of_chat(each) for each in self._frames[position + 1 :])
            return next((each for each in ends if each and each.get("sessionKey") == key), None)

        try:
            return answer_of(self._wait(later, time.monotonic() + timeout), first.run_id)
        except NoAnswerError:
            return first

    def chat_wait(self, run_id: str, timeout: float = 150.0) -> Answer:
        """Waits for the end of a run of `chat_start`; 2026.4.15 says nothing at all about some failures."""
        try:
            event = self._wait(lambda: self._chat_end(run_id), time.monotonic() + timeout)
        except NoAnswerError:
            return Answer("silent", "", run_id, {})
        return answer_of(event, run_id)

    def _handshake(self, version: str, token: str, identity: Identity | None) -> dict[str, Any]:
        deadline = time.monotonic() + HANDSHAKE_SECONDS
        challenge = self._wait(lambda: self._event("connect.challenge"), deadline)
        minimum, maximum = PROTOCOLS[version]
        client = {"id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend"}
        params: dict[str, Any] = {
            "minProtocol": minimum,
            "maxProtocol": maximum,
            "client": client,
            "role": "operator",
            "scopes": list(SCOPES),
            "auth": {"token": token},
        }
        if identity is not None:
            params["device"] = identity.sign(client, "operator", SCOPES, token, challenge["nonce"])
        return self.call("connect", params, HANDSHAKE_SECONDS)

    def _send(self, method: str, params: dict[str, Any]) -> str:
        request = str(uuid.uuid4())
        try:
            self._socket.send(json.dumps({"type": "req", "id": request, "method": method, "params": params}))
        except ConnectionClosed as error:
            raise NoAnswerError(method) from error
        return request

    def _first_answer(self, method: str, request: str, timeout: float) -> dict[str, Any]:
        frame = self._wait(lambda: self._answer_to(request, 0), time.monotonic() + timeout)
        if not frame.get("ok"):
            raise RpcError(method, frame.get("error", {}))
        payload = frame.get("payload")
        return payload if isinstance(payload, dict) else {"payload": payload}

    def _read(self) -> None:
        try:
            for message in self._socket:
                with self._changed:
                    self._frames.append(json.loads(message))
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _wait(self, look: Callable[[], dict[str, Any] | None], deadline: float) -> dict[str, Any]:
        with self._changed:
            while True:
                found = look()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    raise NoAnswerError("connection closed" if self._closed else "timeout")
                self._changed.wait(left)

    def _answer_to(self, request: str, number: int) -> dict[str, Any] | None:
        answers = [each for each in self._frames if each.get("type") == "res" and each.get("id") == request]
        return answers[number] if number < len(answers) else None

    def _event(self, name: str) -> dict[str, Any] | None:
        for frame in self._frames:
            if frame.get("event") == name:
                payload: dict[str, Any] = frame["payload"]
                return payload
        return None

    def _chat_end(self, run_id: str) -> dict[str, Any] | None:
        ends = (end_of_chat(each) for each in self._frames)
        return next((each for each in ends if each and each.get("runId") == run_id), None)


def wait_for_port(network: Network, port: int, deadline: float, alive: Callable[[], bool]) -> bool:
    """Whether something listens on the port before the deadline (monotonic seconds), while `alive` holds."""
    while time.monotonic() < deadline and alive():
        try:
            network.connect(port, 1.0).close()
        except OSError:
            time.sleep(0.2)
            continue
        return True
    return False


def identity_for(version: str, directory: Path) -> Identity | None:
    """The device identity this release wants, kept in `directory`; None where none is wanted."""
    return None if version == "2026.9.6" else Identity.load_or_create(directory / "device-key.pem")
