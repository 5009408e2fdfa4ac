"""The one way to a gateway: find it, connect, and prove that it serves this state directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from clawmedic.gateway.address import Address
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.cli_fallback import CliCaller, find_cli
from clawmedic.gateway.client import HANDSHAKE_SECONDS, GatewayClient, Introduction, connect
from clawmedic.gateway.credentials import HINT, Credentials, find_credentials
from clawmedic.gateway.failures import (
    CredentialsError,
    GatewayError,
    HungGatewayError,
    InsecureUrlError,
    UnreachableError,
)
from clawmedic.gateway.identity import load_or_make_identity
from clawmedic.gateway.locating import Located, Ownership, confirm, find_gateway
from clawmedic.gateway.secret import Secret
from clawmedic.settings import Settings, World
from clawmedic.stores.state import StateReader


class Gateway(Struct, frozen=True):
    """A gateway that serves this state directory, ready to be asked. Close it, or use it as a context manager.

    `notes` are for people: how it was reached when not by our own connection.
    """

    located: Located
    caller: Caller
    notes: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.caller.close()


def open_gateway(
    settings: Settings,
    state: StateReader,
    *,
    url: str | None = None,
    token: Secret | None = None,
    password: Secret | None = None,
    command: Sequence[str] = (),
    timeout: float = HANDSHAKE_SECONDS,
) -> Gateway:
    """Find the gateway of a state directory, connect to it, and prove that it is this directory's.

    `url`, `token` and `password` are the operator's options; `command` is OpenClaw's command line where it is not
    `openclaw` of the PATH; `timeout` is seconds for each step of the handshake.

    Raises:
        UnreachableError: there is none.
        NotOursError: it serves another state directory, or that it serves this one cannot be proven.
        GatewayError, HungGatewayError: as `client.connect` and `find_credentials`.
        UsageError: a URL that is none.
    """
    located = find_gateway(settings, state, url=url)
    if located.ownership in (Ownership.NONE, Ownership.SOMEBODY_ELSES):
        located.require_ours()
    given = Credentials.of_options(token, password)
    try:
        client = connect_with_any(settings.world, located.address, given, timeout)
    except (InsecureUrlError, UnreachableError):
        raise
    except GatewayError as error:
        caller = _command_line(settings, state, located, given, command)
        if caller is None:
            raise
        return Gateway(located, caller, (f"by `openclaw gateway call`: {error.message}",))
    proven = confirm(located, client.hello, settings, state)
    if proven.ownership is not Ownership.OURS:
        client.close()
        proven.require_ours()
    return Gateway(proven, client)


def connect_with_any(
    world: World, address: Address, given: Credentials, timeout: float = HANDSHAKE_SECONDS
) -> GatewayClient:
    """With the first secret that is accepted: an old token in the environment does not hide the config's.

    Whose gateway it is is not asked here. Raises as `client.connect` and `find_credentials`.
    """
    refused: CredentialsError | None = None
    for credentials in find_credentials(world, address, given):
        introduction = Introduction(credentials, lambda: load_or_make_identity(world), world.clock)
        try:
            return connect(address, introduction, timeout=timeout)
        except CredentialsError as error:
            refused = refused or error
    raise refused or CredentialsError(f"no token or password for {address.shown}", hint=HINT)


def _command_line(
    settings: Settings, state: StateReader, located: Located, given: Credentials, command: Sequence[str]
) -> CliCaller | None:
    """OpenClaw's own command line, when it gets through to a gateway that is ours by this host's process table."""
    if located.ownership is not Ownership.OURS:
        return None
    caller = find_cli(settings.world, state, located.address, given, command=command)
    try:
        if caller is not None:
            caller.ask("health", {})
    except (GatewayError, HungGatewayError):
        return None
    return caller
