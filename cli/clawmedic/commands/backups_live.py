"""`backups restore COPY --live`: the copy becomes the conversation behind its key again."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.backups.catalogue import catalogue
from clawmedic.backups.choosing import choose
from clawmedic.commands.mutating import agreed, show_outcome, show_plans
from clawmedic.errors import ExitCode
from clawmedic.operations.run import Run, mutating_run
from clawmedic.output.progress import progress
from clawmedic.recovery.line import Line
from clawmedic.recovery.restoring import plan_restore, restore_live
from clawmedic.settings import Settings


class Wanted(Struct, frozen=True):
    """What the operator asked for: the copy's word, the key where it is not the copy's own, and how."""

    copy: str
    key: str | None
    distil: bool
    yes: bool
    dry_run: bool
    gateway_stopped: bool
    use_cache: bool


def restore_to_key(settings: Settings, wanted: Wanted, line: Line) -> ExitCode:
    """Plan, ask, do, show. `line` leads to the gateway, which alone can do it in a database."""
    if wanted.dry_run:
        return _restore(settings, wanted, line, None)
    with mutating_run(settings, gateway_stopped=wanted.gateway_stopped, reverse_call=line.reverse) as run:
        return _restore(settings, wanted, line, run)


def _restore(settings: Settings, wanted: Wanted, line: Line, run: Run | None) -> ExitCode:
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=wanted.use_cache)
    backup = choose(archive, wanted.copy)
    with (
        progress(settings) as reporter,
        plan_restore(
            settings,
            reporter,
            backup,
            may_distil=wanted.distil,
            key=wanted.key,
            line=line,
            gateway_stopped=wanted.gateway_stopped,
        ) as planned,
    ):
        reporter.end()
        plans = [planned.treatment.plan]
        if run is None:
            show_plans(settings, plans)
            return ExitCode.OK
        if not agreed(settings, plans, "Restore it?", yes=wanted.yes):
            return ExitCode.OK
        outcome = restore_live(run, planned)
        show_outcome(settings, outcome, run.recovered)
    return ExitCode(outcome.exit_code)
