"""The rehearsal on a real gateway: one throw-away session is made, used, compacted, reset and taken away.

A real provider cannot be made to fail, so nothing dies here. What is tried is every step that a rescue through this
gateway takes; no file is written, and no call names any key but the throw-away one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clawmedic.drill.visit_report import Onlooker, VisitReport, since
from clawmedic.drill.visit_steps import Host, Visit
from clawmedic.errors import NotFoundError, UnreadableError
from clawmedic.gateway.address import Address, Origin, checked
from clawmedic.gateway.answers import LiveSession
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.locating import confirm, find_gateway
from clawmedic.gateway.opening import connect_with_any
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading


@contextmanager
def visiting(settings: Settings, url: str, given: Credentials) -> Iterator[Host]:
    """Connect to the gateway that the operator named.

    Its own secrets are taken from a state directory here only where the URL is that directory's gateway.

    Raises:
        GatewayError, HungGatewayError, UsageError: it cannot be reached, or does not let us in.
    """
    began = time.monotonic()
    try:
        state = open_for_reading(settings, SilentReporter())
    except (NotFoundError, UnreadableError):
        address = Address(checked(url, Origin.OPTION), Origin.OPTION)
        with connect_with_any(settings.world, address, given) as client:
            yield Host(settings, address, client, None, since(began))
        return
    with state:
        located = find_gateway(settings, state, url=url)
        with connect_with_any(settings.world, located.address, given) as client:
            proven = confirm(located, client.hello, settings, state)
            yield Host(settings, located.address, client, proven, since(began))


def rehearse_on(host: Host, key: str, onlooker: Onlooker) -> VisitReport:
    """Play all steps; what a step needs and did not come to pass leaves out the later ones.

    The throw-away session is deleted whatever happens, also when it is interrupted.

    Args:
        host: from `visiting`.
        key: from `throwaway.new_key`.
        onlooker: is told as it goes.
    """
    began = time.monotonic()
    visit = Visit(host, key, onlooker)
    visit.look_around()
    try:
        visit.use()
    finally:
        visit.leave()
    return VisitReport(
        host.address.shown, host.client.version, key, tuple(visit.steps), since(began) + host.connected_ms
    )


def agent_of(sessions: Sequence[LiveSession]) -> str:
    """The agent that most keys belong to, `main` where there is none."""
    names = [
        one.key.split(":")[1] for one in sessions if one.key.startswith("agent:") and one.key.count(":") > 1
    ]
    return max(set(names), key=names.count) if names else "main"
