"""How the gateway is asked, whichever way leads there: the WebSocket or OpenClaw's own command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from clawmedic.disk.records import JsonValue
from clawmedic.stores.typed import Fields

Params: TypeAlias = Mapping[str, JsonValue]

QUICK_SECONDS = 30.0
"""Reading, and changes of a row. The first `sessions.patch` of 4.15 loads its models: 10 s were seen."""
RESET_SECONDS = 120.0
"""4.15 asks the model for a name of the old session first: 3 to 5 s while it answers, longer when it does not."""
COMPACT_SECONDS = 420.0
"""9.6 gives a compaction 180 s by default, and tries again."""
SEND_SECONDS = 90.0
RUN_SECONDS = 900.0
"""A whole turn of a model: OpenClaw's own run timeout is 600 s."""


class Caller(Protocol):
    """The gateway of one state directory."""

    @property
    def version(self) -> str:
        """The OpenClaw version that answers, "" when it does not say."""

    def supports(self, method: str) -> bool:
        """Whether this gateway says that it has a method; some that it has it does not name (`chat.inject`)."""

    def ask(self, method: str, params: Params, *, timeout: float = QUICK_SECONDS) -> Fields:
        """Call a method that changes nothing.

        Raises:
            HungGatewayError: no answer within `timeout` seconds.
            UnreachableError: the connection is lost.
            UnknownMethodError: this version has no such method.
            MissingScopeError: the connection may not ask this.
            RequestRefusedError: the gateway said no.
        """

    def change(self, method: str, params: Params, *, timeout: float = QUICK_SECONDS) -> Fields:
        """Call a method that changes something.

        Raises:
            OutcomeUnknownError: it was asked, and no answer came.
            UnknownMethodError, MissingScopeError, RequestRefusedError: as `ask`; nothing was changed.
            UnreachableError: the connection was lost before it could be asked.
        """

    def run(self, method: str, params: Params, *, timeout: float = RUN_SECONDS) -> Fields:
        """Call a method that answers twice, `accepted` and then the result; gives the result. Raises as `change`."""

    def close(self) -> None:
        """Let go of the gateway."""
