"""A connection to a gateway: challenge, connect, hello, and then one question at a time (protocols 3 and 4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Self

from msgspec import Struct

from clawmedic.disk.records import JsonValue
from clawmedic.gateway.address import Address
from clawmedic.gateway.calling import QUICK_SECONDS, RUN_SECONDS, Params
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.failures import (
    HungGatewayError,
    NotAGatewayError,
    OutcomeUnknownError,
    UnreachableError,
)
from clawmedic.gateway.faults import error_of, refused_connection
from clawmedic.gateway.frames import (
    CLIENT,
    PROTOCOLS,
    ROLE,
    SCOPES,
    Answer,
    Event,
    Hello,
    parse_hello,
    request_frame,
)
from clawmedic.gateway.identity import Identity
from clawmedic.gateway.inbox import EndedError, SilenceError
from clawmedic.gateway.wire import Wire, open_wire
from clawmedic.stores.typed import Fields

HANDSHAKE_SECONDS = 60.0
"""For each step. A healthy 4.15 with a channel was seen to answer nobody for 38 s (openclaw-channels.md 9)."""


class Introduction(Struct, frozen=True):
    """Who we say we are.

    `identity` gives the device key when the gateway turns out to want one; `clock` is epoch milliseconds.
    """

    credentials: Credentials
    identity: Callable[[], Identity]
    clock: Callable[[], int]


class GatewayClient:
    """One operator connection; a `Caller`. Close it, or use it as a context manager.

    Not for several threads at a time: one question is answered before the next is asked.
    """

    def __init__(self, wire: Wire, hello: Hello, address: Address, credentials: Credentials) -> None:
        self._wire = wire
        self._address = address
        self._credentials = credentials
        self.hello = hello

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"GatewayClient({self._address.shown}, {self.hello.version})"

    @property
    def version(self) -> str:
        """The OpenClaw version of the gateway."""
        return self.hello.version

    def supports(self, method: str) -> bool:
        """Whether the gateway named this method when we connected.

        No gateway names all it has: `chat.inject` works in every version and is named by none.
        """
        return method in self.hello.methods

    def close(self) -> None:
        """End the connection."""
        self._wire.close()

    def ask(self, method: str, params: Params, *, timeout: float = QUICK_SECONDS) -> Fields:
        """As `Caller.ask`."""
        try:
            return self._first(send_request(self._wire, method, params), method, timeout).payload
        except SilenceError:
            raise HungGatewayError(
                f"the gateway did not answer {method} within {timeout:.0f} s",
                hint="it hangs; nothing was changed",
            ) from None
        except EndedError as error:
            raise self._lost(method, error) from None

    def change(self, method: str, params: Params, *, timeout: float = QUICK_SECONDS) -> Fields:
        """As `Caller.change`."""
        request = self._send_change(method, params)
        try:
            return self._first(request, method, timeout).payload
        except (SilenceError, EndedError) as error:
            raise self._unknown(method, error, timeout) from None

    def run(self, method: str, params: Params, *, timeout: float = RUN_SECONDS) -> Fields:
        """As `Caller.run`: the first answer says `accepted`, the second one is the result."""
        request = self._send_change(method, params)
        try:
            first = self._first(request, method, min(timeout, QUICK_SECONDS), last=False)
            if first.payload.text("status") != "accepted":
                return first.payload
            return self._first(request, method, timeout).payload
        except (SilenceError, EndedError) as error:
            raise self._unknown(method, error, timeout) from None
        finally:
            self._wire.inbox.forget(request)

    def wait_for_chat_end(self, run_id: str, *, timeout: float = RUN_SECONDS) -> Event | None:
        """The `chat` event that ends a run of `chat.send`; None when none came in `timeout` seconds.

        4.15 says nothing at all when the provider fails (openclaw-files.md 1).

        Raises:
            UnreachableError: the connection is lost.
        """
        try:
            return self._wire.inbox.event(
                lambda event: event.name == "chat" and event.payload.text("runId") == run_id, timeout
            )
        except SilenceError:
            return None
        except EndedError as error:
            raise self._lost("chat.send", error) from None

    def _send_change(self, method: str, params: Params) -> str:
        try:
            return send_request(self._wire, method, params)
        except EndedError as error:
            raise self._lost(method, error) from None

    def _first(self, request: str, method: str, timeout: float, *, last: bool = True) -> Answer:
        try:
            answer = self._wire.inbox.answer(request, timeout)
        finally:
            if last:
                self._wire.inbox.forget(request)
        if answer.fault is not None:
            raise error_of(method, answer.fault, self._credentials)
        return answer

    def _lost(self, method: str, error: EndedError) -> UnreachableError:
        why = self._credentials.redact(str(error))
        return UnreachableError(f"lost the gateway at {self._address.shown} ({method}): {why}")

    def _unknown(self, method: str, error: Exception, timeout: float) -> OutcomeUnknownError:
        ended = isinstance(error, EndedError)
        why = self._credentials.redact(str(error)) if ended else f"no answer within {timeout:.0f} s"
        return OutcomeUnknownError(
            f"{method} was asked and not answered ({why}): it may have been done or not",
            hint="look at the session with `clawmedic show` before anything else",
        )


def connect(
    address: Address, introduction: Introduction, *, timeout: float = HANDSHAKE_SECONDS
) -> GatewayClient:
    """Connect, without a device identity first and with one where the gateway grants nothing without.

    `timeout` is seconds for each step: opening, challenge, answer.

    Raises:
        UnreachableError, HungGatewayError, NotAGatewayError: as `open_wire`.
        CredentialsError: token or password missing or wrong.
        ProtocolMismatchError: neither protocol 3 nor 4.
        MissingScopeError: the gateway wants this device to be approved by hand first.
    """
    client = _connect_once(address, introduction, None, timeout)
    if client is not None and _has_rights(client.hello):
        return client
    if client is not None:
        client.close()
    with_device = _connect_once(address, introduction, introduction.identity(), timeout)
    if with_device is None:  # pragma: no cover - `_connect_once` gives None only where no identity was shown
        raise NotAGatewayError(f"the gateway at {address.shown} refuses a device identity and asks for one")
    return with_device


def _has_rights(hello: Hello) -> bool:
    """Whether the connection may administer: by the scopes it names, on 4.15 by what only operators are told."""
    return "operator.admin" in hello.scopes if hello.scopes else bool(hello.state_dir)


def _connect_once(
    address: Address, introduction: Introduction, identity: Identity | None, timeout: float
) -> GatewayClient | None:
    """A connection; None when the gateway asks for a device identity and none was shown."""
    wire = open_wire(address, timeout)
    credentials = introduction.credentials
    try:
        nonce = _challenge(wire, address, timeout)
        params = connect_params(credentials, identity, nonce, introduction.clock())
        request = send_request(wire, "connect", params)
        answer = wire.inbox.answer(request, timeout)
    except SilenceError:
        wire.close()
        raise HungGatewayError(
            f"the gateway at {address.shown} took the connection and says nothing", hint="wait, or restart it"
        ) from None
    except EndedError as error:
        wire.close()
        why = credentials.redact(str(error))
        raise NotAGatewayError(f"the gateway at {address.shown} ended the handshake: {why}") from None
    except BaseException:
        wire.close()
        raise
    wire.inbox.forget(request)
    if answer.fault is None:
        return GatewayClient(wire, parse_hello(answer.payload), address, credentials)
    wire.close()
    if identity is None and answer.fault.reason == "DEVICE_IDENTITY_REQUIRED" and credentials:
        return None
    raise refused_connection(address, answer.fault, credentials)


def _challenge(wire: Wire, address: Address, timeout: float) -> str:
    try:
        event = wire.inbox.event(lambda event: event.name == "connect.challenge", timeout)
    except SilenceError:
        if wire.inbox.saw_garbage:
            raise NotAGatewayError(f"what listens at {address.shown} is no OpenClaw gateway") from None
        raise
    return event.payload.text("nonce") or ""


def send_request(wire: Wire, method: str, params: Params) -> str:
    """Send a request and keep its answers; gives its id.

    Raises:
        EndedError: the connection is gone.
    """
    identity = str(uuid.uuid4())
    wire.inbox.expect(identity)
    wire.send(request_frame(identity, method, params))
    return identity


def connect_params(credentials: Credentials, identity: Identity | None, nonce: str, now: int) -> Params:
    """The parameters of `connect`. `now` is epoch milliseconds."""
    secrets = {"token": credentials.token, "password": credentials.password}
    shown: dict[str, JsonValue] = {
        name: secret.reveal() for name, secret in secrets.items() if secret is not None
    }
    params: dict[str, JsonValue] = {
        "minProtocol": PROTOCOLS[0],
        "maxProtocol": PROTOCOLS[1],
        "client": CLIENT,
        "role": ROLE,
        "scopes": list(SCOPES),
        "auth": shown,
    }
    if identity is not None:
        params["device"] = identity.introduce(token=credentials.token, nonce=nonce, signed_at=now)
    return params
