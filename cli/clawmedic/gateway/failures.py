"""What can go wrong between clawmedic and a gateway; the exit codes are those of design.md 2.

No message here ever holds a token: texts of the other side pass through `Credentials.redact` before they get here.
"""

from __future__ import annotations

from clawmedic.errors import BusyError, ClawmedicError, ExitCode, NotFoundError, RefusedError


class GatewayError(RefusedError):
    """Anything the gateway said or did not say. Nothing was changed, unless a subclass says otherwise."""

    code = "gateway"


class UnreachableError(GatewayError):
    """Nobody listens at the gateway's address, or the network or TLS does not lead there."""

    code = "gateway-unreachable"


class NotAGatewayError(GatewayError):
    """Somebody answers, but does not speak OpenClaw's gateway protocol, or speaks it beyond all bounds."""

    code = "not-a-gateway"


class HungGatewayError(BusyError):
    """The gateway took the connection or a question and did not answer in time. Nothing was changed."""

    code = "gateway-hung"


class CredentialsError(GatewayError):
    """The gateway wants a token or password and got none, or the wrong one."""

    code = "gateway-credentials"


class InsecureUrlError(GatewayError):
    """A secret would travel in the clear over a network."""

    code = "gateway-insecure"


class MissingScopeError(GatewayError):
    """The connection may not do this: the gateway grants it fewer rights than a rescue needs."""

    code = "gateway-scope"


class ProtocolMismatchError(GatewayError):
    """The gateway speaks none of the protocols that clawmedic knows."""

    code = "gateway-protocol"


class NotOursError(GatewayError):
    """The gateway serves another state directory, or that it serves this one cannot be proven (design.md 6.1)."""

    code = "gateway-not-ours"


class UnknownMethodError(GatewayError):
    """This version of OpenClaw has no such method."""

    code = "gateway-method"


class RequestRefusedError(GatewayError):
    """The gateway understood the request and said no.

    Attributes:
        gateway_code: the gateway's own word, such as INVALID_REQUEST or UNAVAILABLE.
        gateway_message: its explanation, one line.
    """

    code = "gateway-refused"

    def __init__(
        self, message: str, *, gateway_code: str = "", gateway_message: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.gateway_code = gateway_code
        self.gateway_message = gateway_message


class SessionChangedError(RequestRefusedError):
    """The session is not the one that was planned for: somebody reset or changed it meanwhile."""

    code = "session-changed"


class SessionBusyError(RequestRefusedError):
    """A run goes on in the session, or something else is being written. Nothing was changed; asking again may do."""

    code = "session-busy"


class UnknownKeyError(NotFoundError):
    """The gateway knows no such session. Asked to change it, it would create one."""

    code = "unknown-key"


class OutcomeUnknownError(ClawmedicError):
    """A change was asked for and no answer came: it may have been made or not. Look before doing anything else."""

    exit_code = ExitCode.PARTIAL
    code = "gateway-outcome-unknown"
