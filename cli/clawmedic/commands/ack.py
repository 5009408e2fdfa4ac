"""`clawmedic ack`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.commands.values import parse_finding
from clawmedic.errors import ExitCode, UsageError
from clawmedic.output.progress import progress
from clawmedic.settings import Settings
from clawmedic.triage.acknowledge import acknowledge, withdraw
from clawmedic.triage.acks import Acks, check_lasting, load_acks

Key = Annotated[
    str | None,
    typer.Argument(metavar="KEY", help="A session key, a session id, or a part.", show_default=False),
]
Code = Annotated[
    str | None,
    typer.Argument(metavar="CODE", help="lossy-compaction or history-orphaned.", show_default=False),
]
Remove = Annotated[bool, typer.Option("--remove", help="Take the acknowledgement back.")]


@with_settings(journal=True)
def command(settings: Settings, key: Key = None, code: Code = None, *, remove: Remove = False) -> ExitCode:
    """Acknowledge a lasting finding: it no longer shapes the verdict.

    Without KEY and CODE, list what is acknowledged.
    """
    if key is None or code is None:
        if key is not None or remove:
            raise UsageError("ack needs a KEY and a CODE", hint="lossy-compaction or history-orphaned")
        acks = load_acks(settings)
    else:
        acks = _change(settings, key, code, remove=remove)
    _show(settings, acks)
    return ExitCode.OK


def _change(settings: Settings, key: str, code: str, *, remove: bool) -> Acks:
    from clawmedic.triage.examine import examine

    finding = parse_finding(code)
    if remove:
        return withdraw(settings, key, finding)
    check_lasting(finding)
    with progress(settings) as reporter:
        report = examine(settings, reporter)
    return acknowledge(settings, report, key, finding)


def _show(settings: Settings, acks: Acks) -> None:
    if settings.json:
        from clawmedic.output.documents import acks_document
        from clawmedic.output.sink import write_json

        write_json(acks_document(acks.list()))
    else:
        from clawmedic.output.info_view import show_acks
        from clawmedic.output.screen import Screen

        show_acks(Screen(settings), acks.list())
