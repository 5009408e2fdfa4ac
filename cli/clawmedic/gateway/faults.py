"""A gateway's refusals as errors, on the wire and as OpenClaw's command line prints them."""

from __future__ import annotations

from clawmedic.gateway.address import Address
from clawmedic.gateway.credentials import HINT, Credentials
from clawmedic.gateway.failures import (
    CredentialsError,
    GatewayError,
    MissingScopeError,
    ProtocolMismatchError,
    RequestRefusedError,
    SessionBusyError,
    SessionChangedError,
    UnknownMethodError,
)
from clawmedic.gateway.frames import PROTOCOLS, Fault

_BUSY = (
    "has an active run",
    "while the agent is working",
    "Session changed; retry",
    "is still active; try again",
)
"""How a gateway says that it may be asked again soon.

The first two were met on 2026.9.6, whose sources hold the third too; the last is in those of 2026.4.15 and 2026.7.1.
"""
_PAIRING = ("PAIRING_REQUIRED", "NOT_PAIRED")


def error_of(method: str, fault: Fault, credentials: Credentials) -> GatewayError:
    """The error for an answer that is a fault; nothing was changed."""
    message = credentials.redact(fault.message)
    if fault.missing_scope:
        return MissingScopeError(
            f"{method} needs the right {fault.missing_scope}, which this connection has not",
            hint="use the gateway's own token; a device that was paired with fewer rights must be approved again",
        )
    if message.startswith("unknown method"):
        return UnknownMethodError(f"this OpenClaw has no method {method}")
    return _refusal(fault.reason, message)(
        f"the gateway refused {method}: {fault.code}: {message}",
        gateway_code=fault.code,
        gateway_message=message,
    )


def _refusal(reason: str, message: str) -> type[RequestRefusedError]:
    if reason == "session-changed":
        return SessionChangedError
    return SessionBusyError if any(words in message for words in _BUSY) else RequestRefusedError


def refused_connection(address: Address, fault: Fault, credentials: Credentials) -> GatewayError:
    """The error for a refused `connect`."""
    message = credentials.redact(fault.message)
    if fault.reason == "PROTOCOL_MISMATCH" or message == "protocol mismatch":
        low, high = PROTOCOLS
        return ProtocolMismatchError(
            f"the gateway at {address.shown} speaks another protocol than {low} to {high}",
            hint="clawmedic knows OpenClaw 2026.4 to 2026.9; look for a newer clawmedic",
        )
    if fault.reason.startswith("AUTH_") or message.startswith("unauthorized") or not credentials:
        shown = f"the one from {credentials.source}" if credentials else "none was found"
        return CredentialsError(
            f"the gateway at {address.shown} does not accept our token or password ({shown}): {message}",
            hint=HINT,
        )
    if fault.code in _PAIRING or fault.reason in _PAIRING:
        return MissingScopeError(
            f"the gateway at {address.shown} wants this device to be approved: {message}",
            hint="`openclaw devices list`, then `openclaw devices approve ID`",
        )
    return GatewayError(f"the gateway at {address.shown} refused the connection: {fault.code}: {message}")
