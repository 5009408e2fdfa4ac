"""The gateway by OpenClaw's own command line: `openclaw gateway call METHOD` (1.3 to 10 s for each call).

Used when our own connection fails and the command line may do better: secrets in a store that only OpenClaw reads, a
device that is paired already, a protocol of its own version. No secret is ever an argument, which every user of the
host can read: the command line finds the config's own, and one that was given to us goes by the environment. All three
versions take `OPENCLAW_GATEWAY_TOKEN` there, with `OPENCLAW_GATEWAY_URL` too.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import orjson

from clawmedic.errors import ClawmedicError
from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.calling import QUICK_SECONDS, RUN_SECONDS, Params
from clawmedic.gateway.cli_answers import failure_of, payload_of
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.failures import (
    HungGatewayError,
    NotAGatewayError,
    OutcomeUnknownError,
    UnreachableError,
)
from clawmedic.model.discreet import Discreet
from clawmedic.settings import World
from clawmedic.stores.state import StateReader
from clawmedic.stores.typed import Fields

_START_SECONDS = 60.0
"""What Node and OpenClaw may take before and after the call itself; 10 s were seen on a busy machine."""
_SINCE = {
    "sessions.describe": (2026, 5, 0),
    **dict.fromkeys(
        (
            "sessions.rewind",
            "sessions.fork",
            "sessions.recover",
            "sessions.branches.list",
            "sessions.branches.switch",
        ),
        (2026, 7, 2),
    ),
}
"""The command line cannot tell what its gateway can; 7.1 has the first one and none of the others."""


class CliCaller(Discreet, frozen=True, dict=True):
    """A `Caller` that runs `openclaw` for each call. `command` is the program with its leading arguments."""

    hidden: ClassVar[frozenset[str]] = frozenset({"environment", "credentials"})

    command: tuple[str, ...]
    environment: Mapping[str, str]
    credentials: Credentials

    @cached_property
    def version(self) -> str:
        """The version of the gateway, asked once; "" when it does not say."""
        return self.ask("status", {}).text("runtimeVersion") or ""

    def supports(self, method: str) -> bool:
        """Whether a gateway of this version has a method, as far as that is known."""
        since = _SINCE.get(method)
        return since is None or _numbers(self.version) >= since

    def ask(self, method: str, params: Params, *, timeout: float = QUICK_SECONDS) -> Fields:
        """As `Caller.ask`."""
        return self._call(method, params, timeout, changes=False)

    def change(self, method: str, params: Params, *, timeout: float = QUICK_SECONDS) -> Fields:
        """As `Caller.change`. A connection that breaks counts as asked: the command line does not tell."""
        return self._call(method, params, timeout, changes=True)

    def run(self, method: str, params: Params, *, timeout: float = RUN_SECONDS) -> Fields:
        """As `Caller.run`."""
        return self._call(method, params, timeout, "--expect-final", changes=True)

    def close(self) -> None:
        """Nothing is held."""

    def _call(self, method: str, params: Params, timeout: float, *more: str, changes: bool) -> Fields:
        options = (
            "--params",
            orjson.dumps(params).decode(),
            "--json",
            "--timeout",
            str(round(timeout * 1000)),
        )
        try:
            # The program is the operator's own OpenClaw, by its absolute path; no shell is involved.
            done = subprocess.run(  # noqa: S603
                (*self.command, "gateway", "call", method, *options, *more),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout + _START_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            silent = HungGatewayError(f"`openclaw gateway call {method}` did not end")
            raise _as_change(silent, method) if changes else silent from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UnreachableError(f"cannot run {self.command[0]}: {why}") from None
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        payload = payload_of(out) if done.returncode == 0 else None
        if payload is not None:
            return payload
        failure = failure_of(method, out, err, self.credentials)
        raise _as_change(failure, method) if changes else failure


def _as_change(failure: ClawmedicError, method: str) -> ClawmedicError:
    """A call that may have been made without an answer leaves its outcome open."""
    if isinstance(failure, (HungGatewayError, NotAGatewayError)):
        return OutcomeUnknownError(
            f"{method} was asked and not answered ({failure.message}): it may have been done or not",
            hint="look at the session with `clawmedic show` before anything else",
        )
    return failure


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdecimal())


def find_cli(
    world: World,
    state: StateReader,
    address: Address,
    credentials: Credentials,
    *,
    command: Sequence[str] = (),
) -> CliCaller | None:
    """OpenClaw's command line for this state directory; None when there is none on the PATH.

    `command` is the program with its leading arguments, where it is not `openclaw` of the PATH.
    """
    if not command:
        found = shutil.which("openclaw", path=world.env.get("PATH"))
        if found is None:
            return None
        command = (found,)
    return CliCaller(tuple(command), cli_environment(world, state, address, credentials), credentials)


def cli_environment(
    world: World, state: StateReader, address: Address, credentials: Credentials
) -> dict[str, str]:
    """The environment for `openclaw`: this state directory, this gateway, and a secret only where it is not its own."""
    values = {name: value for name, value in world.env.items() if not name.startswith("OPENCLAW_GATEWAY_")}
    values |= {"OPENCLAW_STATE_DIR": str(state.root), "NO_COLOR": "1"}
    if state.config.path:
        values["OPENCLAW_CONFIG_PATH"] = state.config.path
    if not credentials.given and address.own:
        if address.origin is not Origin.REMOTE_CONFIG:
            values["OPENCLAW_GATEWAY_PORT"] = str(address.port)
        return values
    # Beside the config's own address, 9.6 would prefer the config's secret to a given one: name the URL as well.
    values["OPENCLAW_GATEWAY_URL"] = address.url
    for name, secret in (("TOKEN", credentials.token), ("PASSWORD", credentials.password)):
        if secret is not None:
            values[f"OPENCLAW_GATEWAY_{name}"] = secret.reveal()
    return values
