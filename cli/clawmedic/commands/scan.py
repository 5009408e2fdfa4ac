"""`clawmedic scan`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.commands.values import FailOn, Keys, parse_size, parse_threshold, parse_verdict
from clawmedic.errors import ExitCode
from clawmedic.logs.window import parse_when
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.output.progress import progress
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine
from clawmedic.triage.select import select
from clawmedic.triage.threshold import reaches


class Format(StrEnum):
    """Who reads the scan."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    NAGIOS = "nagios"
    PROMETHEUS = "prometheus"


Agent = Annotated[str | None, typer.Option(metavar="ID", help="Only this agent's sessions.")]
Wanted = Annotated[
    list[str] | None, typer.Option("--verdict", metavar="VERDICT", help="Only these. Repeatable.")
]
MinSize = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Only transcripts from this size on, such as 500k.")
]
Since = Annotated[
    str | None, typer.Option(metavar="WHEN", help="Only sessions updated since: 24h, 7d, or a date.")
]
Deep = Annotated[bool, typer.Option("--deep", help="Read every transcript line.")]
Form = Annotated[Format, typer.Option("--format", help="How to say it.")]
All = Annotated[bool, typer.Option("--all", help="List the healthy ones too when there are many.")]


@with_settings(journal=True)
def command(
    settings: Settings,
    keys: Keys = None,
    *,
    agent: Agent = None,
    verdict: Wanted = None,
    min_size: MinSize = None,
    since: Since = None,
    deep: Deep = False,
    fmt: Form = Format.TABLE,
    fail_on: FailOn = "suspect",
    everything: All = False,
) -> ExitCode:
    """Examine every session and say which need a person.

    Exits with 3 when a session or a finding about a store is at or above --fail-on. With --format nagios
    it exits as monitoring plugins do: 0, 1, 2, or 3 when nothing could be examined.
    """
    threshold = parse_threshold(fail_on)
    smallest, verdicts = parse_size(min_size), {parse_verdict(word) for word in verdict or ()}
    began = settings.now()
    oldest = parse_when(since, began) if since else None
    with progress(settings) as reporter:
        report = examine(settings, reporter, deep=deep)
    chosen = select(report, keys=keys or (), agent=agent, verdicts=verdicts, min_size=smallest, since=oldest)
    shown_as = Format.JSON if settings.json and fmt is Format.TABLE else fmt
    if shown_as is Format.NAGIOS:
        from clawmedic.output.nagios import write_nagios

        raise typer.Exit(write_nagios(report, chosen))
    _show(settings, report, chosen, shown_as, began=began, everything=everything)
    return ExitCode.FINDINGS if reaches(chosen, report.store_findings, threshold) else ExitCode.OK


def _show(
    settings: Settings,
    report: ScanReport,
    chosen: tuple[SessionReport, ...],
    fmt: Format,
    *,
    began: int,
    everything: bool,
) -> None:
    from clawmedic.output.documents import scan_document
    from clawmedic.output.sink import write_json

    if fmt is Format.JSON:
        write_json(scan_document(report, chosen))
    elif fmt is Format.NDJSON:
        from clawmedic.output.ndjson import write_ndjson

        write_ndjson(report, chosen)
    elif fmt is Format.PROMETHEUS:
        from clawmedic.output.prometheus import write_prometheus

        write_prometheus(report, chosen)
    else:
        from clawmedic.output.scan_view import ScanPage, show_scan
        from clawmedic.output.screen import Screen

        show_scan(Screen(settings), ScanPage(report, chosen, settings.now() - began, list_healthy=everything))
