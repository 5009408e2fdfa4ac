"""One WebSocket to a gateway: opened with bounds, read by a thread, closed for good."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from clawmedic.gateway.address import Address
from clawmedic.gateway.failures import HungGatewayError, NotAGatewayError, UnreachableError
from clawmedic.gateway.frames import one_line
from clawmedic.gateway.inbox import EndedError, Inbox

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

MESSAGE_BYTES = 32 * 1024 * 1024
"""A gateway itself sends at most 25 MiB (`policy.maxPayload`)."""
_CLOSE_SECONDS = 2.0


class Wire(Struct):
    """An open connection and what came over it."""

    inbox: Inbox
    _connection: ClientConnection
    _open: ExitStack

    def send(self, text: str) -> None:
        """Send one message.

        Raises:
            EndedError: the connection is gone.
        """
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(text)
        except (ConnectionClosed, OSError) as error:
            raise EndedError("the connection is closed") from error

    def close(self) -> None:
        """End the connection; what is under way is lost."""
        self._open.close()


def open_wire(address: Address, seconds: float) -> Wire:
    """Open a WebSocket, by no proxy.

    Raises:
        UnreachableError: nobody listens, the name is unknown, TLS fails.
        NotAGatewayError: somebody answers, but no WebSocket.
        HungGatewayError: the connection is taken and nothing follows.
    """
    from websockets.exceptions import InvalidHandshake, InvalidURI
    from websockets.sync.client import connect

    stack = ExitStack()
    try:
        connection = stack.enter_context(
            connect(
                address.url,
                open_timeout=seconds,
                close_timeout=_CLOSE_SECONDS,
                max_size=MESSAGE_BYTES,
                ping_interval=None,  # a gateway under load is slow, not gone
                proxy=None,  # the environment is no business of this room
                logger=_silence(),
            )
        )
    except TimeoutError as error:
        raise HungGatewayError(
            f"the gateway at {address.shown} does not answer (waited {seconds:.0f} s)",
            hint="it hangs or is starting; wait, or restart it (`openclaw gateway restart`)",
        ) from error
    except (InvalidHandshake, InvalidURI, EOFError) as error:
        raise NotAGatewayError(f"what listens at {address.shown} is no OpenClaw gateway") from error
    except OSError as error:
        raise UnreachableError(
            f"no gateway at {address.shown}: {one_line(error.strerror or type(error).__name__)}",
            hint="start it (`openclaw gateway run`), or name another with --url",
        ) from error
    wire = Wire(Inbox(), connection, stack)
    threading.Thread(target=_read, args=(wire, connection), daemon=True, name="gateway-reader").start()
    return wire


def _silence() -> logging.Logger:
    """A log that says nothing: the library would write every message, secrets too, where logging is turned on."""
    logger = logging.Logger("gateway")  # noqa: LOG001 - out of the tree on purpose: nobody turns it on
    logger.disabled = True
    return logger


def _read(wire: Wire, connection: ClientConnection) -> None:
    from websockets.exceptions import ConnectionClosed

    closing: list[ConnectionClosed] = []

    def messages() -> Iterator[str | bytes]:
        while True:
            try:
                yield connection.recv()
            except ConnectionClosed as error:
                closing.append(error)
                return

    wire.inbox.fill(messages(), lambda: _why(closing[0]) if closing else "the connection is closed")


def _why(error: Exception) -> str:
    """What a close frame said, ours before theirs: ours names messages that are too large."""
    sent, received = getattr(error, "sent", None), getattr(error, "rcvd", None)
    if sent is not None and sent.code == 1009:
        return f"it sent a message of more than {MESSAGE_BYTES} bytes"
    close = received or sent
    if close is None:
        return "the connection broke off"
    return f"closed with {close.code}" + (f": {one_line(close.reason)}" if close.reason else "")
