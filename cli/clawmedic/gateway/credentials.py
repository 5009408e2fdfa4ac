"""Token or password of a gateway: from an option, from the environment, from OpenClaw's config; never shown.

Config secrets go to the config's own gateway alone: OpenClaw refuses to send them to another URL, and so do we.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

from msgspec import Struct

from clawmedic.configuration.sections import GatewaySection
from clawmedic.disk.files import describe, open_regular, pread_all
from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.failures import CredentialsError, InsecureUrlError
from clawmedic.gateway.secret import Secret
from clawmedic.settings import World
from clawmedic.stores.include import Loader, substitute
from clawmedic.stores.typed import Fields

_PLACEHOLDER = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}")
_LARGEST_TOKEN = 64 * 1024
HINT = "give it with OPENCLAW_GATEWAY_TOKEN (or OPENCLAW_GATEWAY_PASSWORD) in the environment"


class Credentials(Struct, frozen=True):
    """What the gateway is shown. Both may be None: a gateway with `auth.mode` none wants nothing.

    `source` says where it came from, for people: "option", "environment", "gateway.auth of the config".
    """

    token: Secret | None = None
    password: Secret | None = None
    source: str = "nowhere"

    @classmethod
    def of_options(cls, token: Secret | None, password: Secret | None) -> Credentials:
        """What the operator gave with the call."""
        return cls(token, password, "option") if token or password else cls()

    def __bool__(self) -> bool:
        return self.token is not None or self.password is not None

    @property
    def given(self) -> bool:
        """Whether it was handed to us, and is not OpenClaw's own config's."""
        return self.source in ("option", "environment")

    def redact(self, text: str) -> str:
        """A text without our secrets, should the other side have repeated one."""
        for secret in (self.token, self.password):
            if secret is not None:
                text = text.replace(secret.reveal(), "***")
        return text


def find_credentials(world: World, address: Address, given: Credentials) -> tuple[Credentials, ...]:
    """What to show to the gateway at an address, in this order: options alone, else the environment, the config.

    9.6 prefers the config's secret to the environment's, 4.15 and 7.1 the other way round: both are worth a try. An
    empty one stands alone where there is nothing: a gateway with `auth.mode` none wants nothing.

    Raises:
        CredentialsError: the config names a secret that cannot be read from here, and there is no other.
        InsecureUrlError: a secret would go to another host over plain `ws://`.
    """
    found = [given] if given else list(_found(world, address))
    if found and not address.secure:
        raise InsecureUrlError(
            f"{address.shown} is not encrypted and not on this host: the secret ({found[0].source}) is not sent there",
            hint="use wss://, or an SSH tunnel to the gateway's loopback port",
        )
    return tuple(found) or (Credentials(),)


def token_of(section: GatewaySection, world: World) -> Secret | None:
    """The token that clawmedic's own configuration names: from a variable, else from a file; None where none is named.

    Raises:
        CredentialsError: what is named is not there.
    """
    if section.token_env:
        token = Secret.of(world.env.get(section.token_env))
        if token is None:
            raise CredentialsError(
                f"the variable {section.token_env} is not set (token_env in [gateway])",
                hint="set it, or take it out",
            )
        return token
    if section.token_file is None:
        return None
    try:
        with open_regular(section.token_file) as descriptor:
            token = Secret.of(pread_all(descriptor, 0, _LARGEST_TOKEN).decode("utf-8", "replace"))
    except OSError as error:
        raise CredentialsError(f"{section.token_file} {describe(error)} (token_file in [gateway])") from error
    if token is None:
        raise CredentialsError(f"{section.token_file} is empty (token_file in [gateway])")
    return token


def _found(world: World, address: Address) -> Iterator[Credentials]:
    named = [Secret.of(world.env.get(f"OPENCLAW_GATEWAY_{name}")) for name in ("TOKEN", "PASSWORD")]
    if any(named):
        yield Credentials(named[0], named[1], "environment")
    if not address.own:
        return
    try:
        configured = _configured(world, address)
    except CredentialsError:
        if not any(named):
            raise
        return
    if configured and (configured.token, configured.password) != (named[0], named[1]):
        yield configured


def _configured(world: World, address: Address) -> Credentials:
    """`gateway.auth` by its mode for the local gateway, `gateway.remote` for the remote one."""
    if address.config is None:
        return Credentials()
    gateway = Fields.of(Loader().load(address.config)).inner("gateway")
    remote = address.origin is Origin.REMOTE_CONFIG
    section, name = (
        gateway.inner("remote" if remote else "auth"),
        "gateway.remote" if remote else "gateway.auth",
    )
    mode = section.text("mode") or ""
    if mode == "none":
        return Credentials()
    token = None if mode == "password" else _secret(world, section, "token", name)
    password = None if mode == "token" or (token and not mode) else _secret(world, section, "password", name)
    return Credentials(token, password, f"{name} of the config") if token or password else Credentials()


def _secret(world: World, section: Fields, name: str, where: str) -> Secret | None:
    """A text with `${ENV}`, or a reference `{source: "env", id: NAME}`; other sources only OpenClaw can read."""
    value = section.values.get(name)
    if isinstance(value, dict):
        reference = section.inner(name)
        if reference.text("source") != "env":
            _unreadable(f"{where}.{name} refers to a secret store that only OpenClaw can read")
        value = world.env.get(reference.text("id") or "")
        if not value:
            _unreadable(f"{where}.{name} refers to an environment variable that is not set here")
    if not isinstance(value, str):
        return None
    text = substitute(value, world.env)
    if _PLACEHOLDER.search(text):
        _unreadable(f"{where}.{name} refers to an environment variable that is not set here")
    return Secret.of(text)


def _unreadable(words: str) -> NoReturn:
    raise CredentialsError(words, hint=HINT)
