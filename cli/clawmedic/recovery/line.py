"""The line to the gateway: opened when it is first needed, closed once, and told about in words when it is dead."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from clawmedic.configuration.load import load_configuration
from clawmedic.disk.records import Call
from clawmedic.errors import BusyError, RefusedError
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.credentials import token_of
from clawmedic.gateway.failures import RequestRefusedError, UnreachableError
from clawmedic.gateway.opening import Gateway, open_gateway
from clawmedic.gateway.reversal import no_end, reverse_by
from clawmedic.gateway.secret import Secret
from clawmedic.model.reporter import SilentReporter
from clawmedic.recovery.live import when_idle
from clawmedic.recovery.way_back import way_back
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.state import StateReader


class Line:
    """One connection for a whole call. `why` says why there is none, "" as long as nobody has tried."""

    def __init__(
        self,
        settings: Settings,
        *,
        url: str | None = None,
        token: str | None = None,
        password: str | None = None,
    ) -> None:
        self._settings, self._url = settings, url
        self._token, self._password = Secret.of(token), Secret.of(password)
        self._gateway: Gateway | None = None
        self.why = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._hang_up()

    def reach(self, state: StateReader) -> Caller | None:
        """The gateway of this state directory; None when it cannot be reached, and `why` then says so."""
        if self._gateway is None and not self.why:
            try:
                self._gateway = self._open(state)
            except (RefusedError, BusyError) as error:
                self.why = error.message
        return self._gateway.caller if self._gateway is not None else None

    @property
    def is_named(self) -> bool:
        """Whether the operator has said where the gateway is: it is that one or none."""
        return self._url is not None

    def require(self, state: StateReader) -> Caller:
        """As `reach`.

        Raises:
            RefusedError: it cannot be reached.
            UsageError: the URL is none.
        """
        caller = self.reach(state)
        if caller is None:
            raise RefusedError(
                f"the gateway of --url is not reached: {self.why}",
                hint="nothing was changed; without --url the gateway of this host is looked for",
            )
        return caller

    def reverse(self, call: Call) -> None:
        """Make a call that puts back an earlier one: what `operations` asks for when it rolls back.

        Raises:
            RefusedError: it is none of the calls that put something back.
            SupersededError: another conversation stands behind the key, in which there is nothing to put back.
            GatewayError, HungGatewayError, OutcomeUnknownError: it cannot be made, or nobody knows whether it was.
        """
        try:
            self._reverse(call)
        except UnreachableError:  # the connection ended with the very call that is to be put back
            self._hang_up()
            self._reverse(call)

    def _reverse(self, call: Call) -> None:
        try:
            self._ask(call)
        except RequestRefusedError as error:
            branch = no_end(call, error)
            if branch is None:
                raise
            back = way_back(self._settings, *branch)
            if back is None:
                raise
            self._ask(back)

    def _ask(self, call: Call) -> None:
        if self._gateway is None:
            with open_for_reading(self._settings, SilentReporter()) as state:
                self._gateway = self._open(state)
        reverse = reverse_by(self._gateway.caller)
        when_idle(lambda: reverse(call))

    def _hang_up(self) -> None:
        if self._gateway is not None:
            self._gateway.caller.close()
            self._gateway = None

    def _open(self, state: StateReader) -> Gateway:
        """By the options; what they leave open, the configuration says. Its token goes nowhere but to its own URL."""
        own = load_configuration(self._settings).gateway
        given = self._token or self._password or (self._url and self._url != own.url)
        token = self._token if given else token_of(own, self._settings.world)
        url = self._url or own.url or None
        return open_gateway(self._settings, state, url=url, token=token, password=self._password)
