"""`clawmedic setup`: the configuration file, and the guard that runs by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from clawmedic.commands.options import with_settings
from clawmedic.commands.values import parse_duration
from clawmedic.configuration.load import load_configuration
from clawmedic.configuration.template import TEMPLATE
from clawmedic.disk.exporting import write_export
from clawmedic.disk.private import private_directory
from clawmedic.errors import ExitCode, UsageError
from clawmedic.output.screen import Screen
from clawmedic.output.setup_view import print_texts, setup_document, show_setup, show_written
from clawmedic.output.sink import write_json, write_text
from clawmedic.schedule.cron import Cron
from clawmedic.schedule.job import Placed, Scheduler, Setup, guard_job
from clawmedic.schedule.launchd import Launchd
from clawmedic.schedule.systemd import Systemd, as_owner
from clawmedic.settings import Settings

app = typer.Typer(
    name="setup",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Write the configuration, or make the guard run by itself.",
)
Every = Annotated[str, typer.Option("--every", metavar="TIME", help="How often, such as 5m or 1h.")]
Install = Annotated[bool, typer.Option("--install", help="Put it in place; a second time changes nothing.")]
Uninstall = Annotated[bool, typer.Option("--uninstall", help="Take it away again.")]
System = Annotated[
    bool,
    typer.Option("--system", help="A unit of the system's manager, hardened further; installed as root."),
]
Print = Annotated[bool, typer.Option("--print", help="Print it and write nothing.")]


@app.command("config")
@with_settings(store=False)
def config(settings: Settings, *, print_only: Print = False) -> ExitCode:
    """Write a commented configuration file with every setting.

    To the usual place, or to that of --config. An existing file is never overwritten. Every setting in it
    is switched off: it shows the defaults.
    """
    if print_only:
        write_text(TEMPLATE)
        return ExitCode.OK
    path = settings.config_file or settings.world.config_file
    path = settings.world.cwd / path
    if settings.config_file is None:
        private_directory(path.parent)
    write_export(path, [TEMPLATE.encode()], state_dir=settings.state_dir)
    if settings.json:
        write_json(setup_document(Setup((Placed(path, TEMPLATE, "written"),))))
    else:
        show_written(Screen(settings), path)
    return ExitCode.OK


@app.command("cron")
@with_settings(journal=True)
def cron(
    settings: Settings, *, every: Every = "5m", install: Install = False, uninstall: Uninstall = False
) -> ExitCode:
    """Print the lines of a crontab that run the guard, or install them.

    They stand between two marks; everything else in the crontab stays as it is.
    """
    return _set_up(settings, lambda of: Cron(of.world), every, install=install, uninstall=uninstall)


@app.command("systemd")
@with_settings(journal=True)
def systemd(
    settings: Settings,
    *,
    every: Every = "5m",
    system: System = False,
    install: Install = False,
    uninstall: Uninstall = False,
) -> ExitCode:
    """Print a systemd service and timer that run the guard, or install them.

    For your own manager; with --system for the system's, where the service runs as the owner of the
    state directory.
    """
    if system:
        settings = as_owner(settings)
        return _set_up(
            settings, lambda of: Systemd.of_system(of.world, of), every, install=install, uninstall=uninstall
        )
    return _set_up(
        settings, lambda of: Systemd.of_user(of.world), every, install=install, uninstall=uninstall
    )


@app.command("launchd")
@with_settings(journal=True)
def launchd(
    settings: Settings, *, every: Every = "5m", install: Install = False, uninstall: Uninstall = False
) -> ExitCode:
    """Print a launchd agent that runs the guard (macOS), or install it."""
    return _set_up(settings, lambda of: Launchd(of.world), every, install=install, uninstall=uninstall)


def _set_up(
    settings: Settings,
    choose: Callable[[Settings], Scheduler],
    every: str,
    *,
    install: bool,
    uninstall: bool,
) -> ExitCode:
    if install and uninstall:
        raise UsageError("--install and --uninstall together", hint="choose one")
    job = guard_job(settings, load_configuration(settings), every_ms=parse_duration(every))
    scheduler = choose(settings)
    act = scheduler.install if install else scheduler.uninstall if uninstall else scheduler.show
    setup = act(job)
    if settings.json:
        write_json(setup_document(setup))
    elif install or uninstall:
        show_setup(Screen(settings), setup)
    else:
        print_texts(Screen(settings), setup)
    return ExitCode.PARTIAL if setup.problems else ExitCode.OK
