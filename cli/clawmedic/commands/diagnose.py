"""`clawmedic diagnose`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.commands.values import FailOn, Keys, parse_threshold
from clawmedic.errors import ExitCode, UsageError
from clawmedic.logs.window import TimeWindow, parse_when
from clawmedic.model.incident import Incident
from clawmedic.model.report import ScanReport
from clawmedic.output.progress import progress
from clawmedic.output.sink import flush_output, write_json
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine
from clawmedic.triage.follow import FOLLOW_SECONDS, follow
from clawmedic.triage.select import select_incidents, select_present
from clawmedic.triage.threshold import reaches

Since = Annotated[str | None, typer.Option(metavar="WHEN", help="From then on: 24h, 7d, or a date.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="Up to then.")]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on, and tell what is new, until interrupted.")
]


@with_settings(journal=True)
def command(
    settings: Settings,
    keys: Keys = None,
    *,
    since: Since = None,
    until: Until = None,
    keep_on: Follow = False,
    fail_on: FailOn = "suspect",
) -> ExitCode:
    """Say why turns failed, with the lines that prove it.

    Exits with 3 when one of the sessions is at or above --fail-on.
    """
    threshold, wanted = parse_threshold(fail_on), keys or ()
    window = TimeWindow(
        since=parse_when(since, settings.now()) if since else None,
        until=parse_when(until, settings.now()) if until else None,
    )
    if keep_on and "-" in settings.logs:
        raise UsageError("--follow cannot read standard input again", hint="name a file with --log")

    def look() -> tuple[ScanReport, tuple[Incident, ...]]:
        with progress(settings) as reporter:
            report = examine(settings, reporter, thorough=True, log_window=window)
        return report, select_incidents(report, keys=wanted, since=window.since, until=window.until)

    if keep_on:
        for fresh in follow(lambda: look()[1], wait=lambda: time.sleep(FOLLOW_SECONDS)):
            _show(settings, fresh, None)
            flush_output()
    report, incidents = look()
    _show(settings, incidents, report.log_sources)
    chosen = select_present(report, keys=wanted)
    return ExitCode.FINDINGS if reaches(chosen, (), threshold) else ExitCode.OK


def _show(settings: Settings, incidents: Sequence[Incident], log_sources: Sequence[str] | None) -> None:
    if settings.json:
        from clawmedic.output.documents import diagnosis_document

        write_json(diagnosis_document(incidents))
    else:
        from clawmedic.output.incident_view import show_incidents
        from clawmedic.output.screen import Screen

        show_incidents(Screen(settings), incidents, log_sources=log_sources)
