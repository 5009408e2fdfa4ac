"""Where the gateway of a state directory should be, by OpenClaw's own rules and by who owns the directory."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.errors import UsageError
from clawmedic.model.session import Liveness
from clawmedic.settings import World
from clawmedic.stores.config import DEFAULT_PORT
from clawmedic.stores.include import Loader, substitute
from clawmedic.stores.state import StateReader
from clawmedic.stores.typed import Fields


class Origin(StrEnum):
    """Why this URL."""

    OPTION = "--url"
    OWNER = "the running owner of the state directory"
    URL_VARIABLE = "OPENCLAW_GATEWAY_URL"
    PORT_VARIABLE = "OPENCLAW_GATEWAY_PORT"
    REMOTE_CONFIG = "gateway.remote.url of the config"
    CONFIG = "gateway.port of the config"


class Address(Struct, frozen=True):
    """A gateway's URL. `config` is the file that holds its secrets, None when there is none.

    `own` says that the URL, however it was given, is that of the config's gateway: its secrets may go there.
    """

    url: str
    origin: Origin
    config: Path | None = None
    own: bool = False

    @property
    def host(self) -> str:
        """The host's name or number, without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The TCP port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "wss" else 80)

    @property
    def loopback(self) -> bool:
        """Whether it is on this very host."""
        return is_loopback(self.host)

    @property
    def secure(self) -> bool:
        """Whether a secret may travel there: encrypted, or not leaving this host."""
        return self.loopback or urlsplit(self.url).scheme == "wss"

    @property
    def shown(self) -> str:
        """The URL without anything that may be secret: scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{urlsplit(self.url).scheme}://{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether a host name or number means this host. A name other than localhost is asked of nobody."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def find_address(world: World, state: StateReader, url: str | None = None) -> Address:
    """The URL to try: `--url`, the owner's port, the environment, `gateway.remote`, `gateway.port`, the default.

    A gateway that provably runs with this state directory comes before the environment, which may speak of another.

    Raises:
        UsageError: a URL that is none.
    """
    config = Path(state.config.path) if state.config.path else None
    gateway = Fields.of(Loader().load(config)).inner("gateway") if config else Fields({})
    scheme = "wss" if gateway.inner("tls").flag("enabled") else "ws"
    owner = next((one.port for one in state.owners if one.port and one.liveness is Liveness.ALIVE), None)
    configured = state.config.gateway_port or DEFAULT_PORT
    if url:
        return _named(url, Origin.OPTION, config, {owner, configured})
    if owner:
        return Address(f"{scheme}://127.0.0.1:{owner}", Origin.OWNER, config, own=True)
    variable = world.env.get("OPENCLAW_GATEWAY_URL", "").strip()
    if variable:
        return _named(variable, Origin.URL_VARIABLE, config, {configured})
    remote = substitute(gateway.inner("remote").text("url") or "", world.env)
    if gateway.text("mode") == "remote" and remote:
        return Address(checked(remote, Origin.REMOTE_CONFIG), Origin.REMOTE_CONFIG, config, own=True)
    number = _port(world.env.get("OPENCLAW_GATEWAY_PORT", "").strip())
    origin = Origin.PORT_VARIABLE if number else Origin.CONFIG
    return Address(f"{scheme}://127.0.0.1:{number or configured}", origin, config, own=True)


def _named(url: str, origin: Origin, config: Path | None, ports: set[int | None]) -> Address:
    """A URL that somebody gave: the config's own gateway when it is on this host and has its port."""
    address = Address(checked(url, origin), origin, config)
    return replace(address, own=address.loopback and address.port in ports)


def _port(text: str) -> int | None:
    number = int(text) if text.isdecimal() and text.isascii() and len(text) <= 5 else 0
    return number if 0 < number < 65536 else None


def checked(url: str, origin: Origin) -> str:
    """A WebSocket URL that can be one.

    Raises:
        UsageError: another scheme, no host, an impossible port, or a secret in the URL.
    """
    hint = "for example ws://127.0.0.1:18789 or wss://host.example"
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{origin} is no WebSocket URL", hint=hint)
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{origin} holds a name or password", hint=hint)
    return url.strip()
