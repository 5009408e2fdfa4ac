"""`clawmedic drill --against-gateway URL`."""

from __future__ import annotations

from clawmedic.commands.mutating import agreed
from clawmedic.drill.visit import agent_of, rehearse_on, visiting
from clawmedic.errors import ExitCode
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.methods import list_sessions
from clawmedic.gateway.secret import Secret
from clawmedic.gateway.throwaway import new_key
from clawmedic.output.drill_visit import show_visit_plan, show_visit_sum, visit_document, visit_page
from clawmedic.output.sink import write_json
from clawmedic.settings import Settings


def rehearse_on_gateway(
    settings: Settings, url: str, *, yes: bool, token: str | None, password: str | None
) -> ExitCode:
    """Connect, ask once, play, show."""
    given = Credentials.of_options(Secret.of(token), Secret.of(password))
    with visiting(settings, url, given) as host:
        shown, key = host.address.shown, new_key(agent_of(list_sessions(host.client)))
        if not agreed(settings, (), "Go on?", yes=yes, show=lambda: show_visit_plan(settings, shown, key)):
            return ExitCode.OK
        with visit_page(settings, shown, key) as page:
            report = rehearse_on(host, key, page)
    if settings.json:
        write_json(visit_document(report))
    else:
        show_visit_sum(settings, report)
    return ExitCode.FINDINGS if report.wrong else ExitCode.OK
