"""`clawmedic guard`: a pass, or one after the other, and what belongs to it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clawmedic.commands.mutating import DryRun, GatewayStopped
from clawmedic.commands.options import with_settings
from clawmedic.commands.reaching import Password, Token, Url
from clawmedic.commands.values import parse_duration
from clawmedic.configuration.load import load_configuration
from clawmedic.errors import ExitCode, UsageError
from clawmedic.guard.orders import Orders
from clawmedic.guard.pausing import load_pause, pause
from clawmedic.guard.service import Watch, latest_configuration
from clawmedic.guard.status import guard_status, retry
from clawmedic.model.policy import Policy
from clawmedic.notify.ping import Ping
from clawmedic.notify.post import Post
from clawmedic.output.guard_lines import GuardOutput
from clawmedic.output.sink import write_json
from clawmedic.output.text import moment
from clawmedic.settings import Settings

if TYPE_CHECKING:
    from clawmedic.recovery.line import Line

app = typer.Typer(
    name="guard",
    help="Watch every session: rescue by policy, tell people, remember.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Once = Annotated[bool, typer.Option("--once", help="One pass (the default): made for cron and timers.")]
Every = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="A pass for each such time, such as 5m: made for a service."),
]
PolicyOption = Annotated[
    Policy | None,
    typer.Option(
        "--policy", help="How far to go, in place of the configured policy and rules.", show_default=False
    ),
]
Metrics = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write this textfile for Prometheus after each pass.")
]
MaxRuntime = Annotated[
    str | None, typer.Option(metavar="TIME", help="A pass takes no longer. Default: the configured 10m.")
]
PingUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Call this dead-man switch at the start and the end of each pass."),
]
LogJson = Annotated[bool, typer.Option("--log-json", help="A line of JSON for each action.")]
KEEPS_LONGEST_MS = 90 * 86_400_000


def _guard(
    settings: Settings,
    *,
    once: Once = False,
    every: Every = None,
    policy: PolicyOption = None,
    metrics: Metrics = None,
    max_runtime: MaxRuntime = None,
    dry_run: DryRun = False,
    ping_url: PingUrl = None,
    log_json: LogJson = False,
    gateway_stopped: GatewayStopped = False,
    url: Url = None,
    token: Token = None,
    password: Password = None,
) -> ExitCode:
    """Watch every session: rescue by policy, tell people, remember.

    It never asks. Without a configured policy and without --policy it only looks on
    and tells, and says so. It is silent while there is nothing to say. Exits with 0
    when nothing is left to do, 3 when something was only looked at, 4 when not all
    could be done, 9 when a person is needed, 7 when another guard watches.
    """
    if once and every:
        raise UsageError("--once and --every do not go together", hint="give one of the two")
    interval = parse_duration(every) if every else 0
    configuration = load_configuration(settings)
    signals = configuration.signals
    output = GuardOutput(
        settings,
        log_json=log_json or signals.log_json,
        metrics=metrics or signals.metrics,
        many=bool(interval),
    )
    latest = latest_configuration(lambda: load_configuration(settings), output.complain)

    def line() -> Line:
        from clawmedic.recovery.line import Line

        return Line(settings, url=url, token=token, password=password)

    watch = Watch(
        settings=settings,
        orders=lambda: Orders(latest(), policy, dry_run=dry_run, gateway_stopped=gateway_stopped),
        line=line,
        ping=Ping.of(ping_url or signals.ping_url, settings.world),
        audience=output,
        max_runtime_ms=parse_duration(max_runtime) if max_runtime else configuration.guard.max_runtime_ms,
    )
    return watch.every(interval) if interval and not dry_run else watch.once()


_call = with_settings(journal=True)(_guard)


def _entry(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401  Typer hands over what the signature says
    """Run the guard itself where no command of the group is called."""
    if ctx.invoked_subcommand is None:
        _call(**values)
        return
    defaults = {name: one.default for name, one in inspect.signature(_call).parameters.items()}
    if any(values[name] != default and values[name] for name, default in defaults.items()):
        raise UsageError(
            f"options stand behind the command: `clawmedic guard {ctx.invoked_subcommand} …`",
            hint=f"see `clawmedic guard {ctx.invoked_subcommand} --help`",
        )


def _with_context() -> inspect.Signature:
    own = inspect.signature(_call)
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    return own.replace(parameters=[context, *own.parameters.values()])


_entry.__signature__ = _with_context()  # type: ignore[attr-defined]
_entry.__annotations__ = {one.name: one.annotation for one in _with_context().parameters.values()}
_entry.__doc__ = _guard.__doc__
app.callback(invoke_without_command=True)(_entry)


@app.command("status")
@with_settings()
def status(settings: Settings) -> ExitCode:
    """Show what the guard remembers.

    Attempts and keys given up, outages, pauses, what people were told.
    """
    configuration = load_configuration(settings)
    found = guard_status(settings, configuration, Post.open(settings, configuration).waiting)
    if settings.json:
        from clawmedic.output.guard_documents import status_document

        write_json(status_document(found))
    else:
        from clawmedic.output.guard_view import show_status
        from clawmedic.output.screen import Screen

        show_status(Screen(settings), found)
    return ExitCode.OK


@app.command("pause")
@with_settings()
def pause_it(
    settings: Settings,
    time: Annotated[str, typer.Argument(metavar="TIME", help="How long, such as 2h.")],
) -> ExitCode:
    """Keep the guard from touching anything for a while.

    A pass that goes on ends before its next rescue.
    """
    length = parse_duration(time)
    if length > KEEPS_LONGEST_MS:
        raise UsageError(f"too long a pause: {time}", hint="at most 90d; `--policy observe` has no end")
    made = pause(settings, length)
    if not settings.quiet:
        typer.echo(
            f"paused until {moment(made.until, settings.times)}; `clawmedic guard resume` ends it", err=True
        )
    return ExitCode.OK


@app.command("resume")
@with_settings()
def resume(settings: Settings) -> ExitCode:
    """End a pause."""
    was = load_pause(settings)
    if was.until:
        pause(settings, 0)
    if not settings.quiet:
        typer.echo("the guard goes on" if was.until else "the guard was not paused", err=True)
    return ExitCode.OK


@app.command("retry")
@with_settings()
def retry_key(
    settings: Settings,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key the guard has given up, or a part of it.")],
) -> ExitCode:
    """Let the guard try a session again that it has given up."""
    configuration = load_configuration(settings)
    found = retry(settings, key, Post.open(settings, configuration))
    if not settings.quiet:
        typer.echo(f"{found}: the next pass tries it again", err=True)
    return ExitCode.OK
