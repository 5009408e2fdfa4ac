"""The root of the command line: the table of commands, and the one boundary every failure passes.

A command's module is imported only when it is called, so that `clawmedic --version` costs next to nothing.
To add a command: write `commands/<name>.py` with a function `command` (or a Typer `app` for a group of
commands), and add one line to `COMMANDS`.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NamedTuple, NoReturn, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from clawmedic import __version__
from clawmedic.errors import (
    ClawmedicError,
    ExitCode,
    PipeClosedError,
    RefusedError,
    UnreadableError,
    UsageError,
)


class Mounted(NamedTuple):
    """One command: its name, which is its module's name too, and the line the root's help shows."""

    name: str
    summary: str


COMMANDS = (
    Mounted("scan", "Examine every session and say which need a person."),
    Mounted("show", "Show one session's chart and the recommended treatment."),
    Mounted("diagnose", "Say why turns failed, with the lines that prove it."),
    Mounted("explain", "Explain a finding or a cause: what helps, what does not."),
    Mounted("ack", "Acknowledge a lasting finding: it no longer shapes the verdict."),
    Mounted("backups", "Find, read, compare, export and restore every copy."),
    Mounted("rescue", "Bring dead sessions back, by the gentlest means that works."),
    Mounted("mend", "Repair a transcript's structure."),
    Mounted("compact", "Compact a session with other models, or without any."),
    Mounted("reset", "Begin a new session behind a key; the old one is kept."),
    Mounted("guard", "Watch every session: rescue by policy, tell people, remember."),
    Mounted("history", "List every change made here, and where each stands."),
    Mounted("undo", "Put back the very bytes of what an operation changed."),
    Mounted("notify", "Try the channels that notices go through."),
    Mounted("setup", "Write the configuration, or make the guard run by itself."),
    Mounted("drill", "Rehearse: make dead sessions, bring each back, and undo it."),
    Mounted("info", "Say what is seen here: store, version, gateway, logs, config."),
)
SUMMARIES = {mounted.name: mounted.summary for mounted in COMMANDS}

_TYPER_USAGE_ERROR = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""Typer's base of all usage errors; it has no public name of its own in every release."""


class Command(TyperCommand):
    """A command with a page of `--help` of our own (`commands/help_page.py`)."""

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own is private
        """What stands behind the command's name in the first line."""
        from clawmedic.commands.help_page import usage_pieces

        return usage_pieces(self.get_params(ctx))

    def format_options(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]
        """Everything below the description."""
        from clawmedic.commands.help_page import write_page

        write_page(self.get_params(ctx), ctx, formatter)


class Group(TyperGroup):
    """A group of commands with such a page: what it can be asked for stands first."""

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """What stands behind the group's name in the first line."""
        del ctx
        return ["[OPTION]... [COMMAND]..." if self.invoke_without_command else "COMMAND [OPTION]..."]

    def format_options(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]
        """Everything below the description."""
        from clawmedic.commands.help_page import write_page

        self.format_commands(ctx, formatter)  # type: ignore[arg-type]
        write_page(self.get_params(ctx), ctx, formatter)


class LazyGroup(TyperGroup):
    """A group that imports a command's module when the command is called, and not before."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own is private
        """The names in the order of the table."""
        del ctx
        return list(SUMMARIES)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]
        """Import and build one command."""
        del ctx
        return _load(cmd_name) if cmd_name in SUMMARIES else None

    def format_commands(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]
        """List the commands without importing any."""
        del ctx
        with formatter.section("Commands"):  # type: ignore[attr-defined]  # Typer's formatter has no public type
            formatter.write_dl([(mounted.name, mounted.summary) for mounted in COMMANDS])  # type: ignore[attr-defined]

    def resolve_command(  # type: ignore[override]
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperCommand | None, list[str]]:
        """Find the command, or name the nearest one."""
        name = args[0]
        if name not in SUMMARIES and not name.startswith("-"):
            raise UsageError(f"no such command: {name!r}", hint=_nearest(name))
        return super().resolve_command(ctx, args)  # type: ignore[return-value]


def _load(name: str) -> TyperCommand:
    from clawmedic.coercion import spare_adapters

    module = import_module(f"clawmedic.commands.{name}")
    holder: typer.Typer | None = getattr(module, "app", None)
    if holder is None:
        holder = typer.Typer(add_completion=False, rich_markup_mode=None)
        holder.command(name)(module.command)
    holder.info.cls = Group
    for registered in holder.registered_commands:
        registered.cls = Command
    command = get_command(holder)
    spare_adapters(command)
    return cast("TyperCommand", command)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), SUMMARIES, n=1, cutoff=0.4)
    return f"did you mean `clawmedic {near[0]}`?" if near else "`clawmedic --help` lists the commands"


def _print_version(*, value: bool) -> None:
    if value:
        typer.echo(f"clawmedic {__version__}")
        raise typer.Exit


root = typer.Typer(
    name="clawmedic",
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`clawmedic COMMAND --help` says more. Options stand after the command.",
)


@root.callback(invoke_without_command=True)
def _root(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", is_eager=True, callback=_print_version, help="Print the version."),
    ] = False,
) -> None:
    """Find OpenClaw sessions that no longer answer, say why, and bring them back."""
    del version
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> NoReturn:
    """The entry point of the console script.

    A command makes many values and few rings: the collector of rings looks at them less often than by default.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    code = run(sys.argv[1:])
    gc.freeze()  # what is left goes with the process: it is not looked over for rings once more
    sys.exit(code)


def run(argv: Sequence[str]) -> int:
    """Run one call and return its exit code; the boundary every failure passes (design.md 2).

    Dies of SIGPIPE, as Unix tools do, when the reader of the output has gone.
    """
    try:
        _harden_streams()
        code = _dispatch(argv)
        sys.stdout.flush()
    except (PipeClosedError, BrokenPipeError):
        _die_of_closed_pipe()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except ClawmedicError as error:
        return _report(error, argv)
    except _TYPER_USAGE_ERROR as error:
        return _report(_as_usage_error(error, argv), argv)
    except OSError as error:
        return _report_unwritable(error, argv) if _is_full_output(error) else _report_crash(error, argv)
    except Exception as error:  # noqa: BLE001  the boundary: a bug becomes a crash report
        return _report_crash(error, argv)
    return code


def _dispatch(argv: Sequence[str]) -> int:
    refuse_windows(os.name)
    try:
        outcome = _root_command(argv)(args=list(argv), prog_name="clawmedic", standalone_mode=False)
    except _TYPER_USAGE_ERROR as error:
        if (
            type(error).__name__ != "NoArgsIsHelpError"
        ):  # Typer has no public name for a group without a command
            raise
        typer.echo(error.ctx.get_help())  # type: ignore[attr-defined]
        return ExitCode.OK
    except SystemExit as error:  # Typer's own answer to a closed pipe while it prints help
        raise PipeClosedError from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    return outcome if isinstance(outcome, int) else ExitCode.OK


def _root_command(argv: Sequence[str]) -> TyperCommand:
    command = get_command(root)
    if SUMMARIES.keys() & set(argv[:1]):
        from clawmedic.coercion import spare_adapters

        spare_adapters(command)
    return cast("TyperCommand", command)


def refuse_windows(system: str) -> None:
    """Locks, modes and the process table are POSIX here: refuse in words rather than fail in the middle.

    Raises:
        RefusedError: `system` (`os.name`) is Windows.
    """
    if system == "nt":
        raise RefusedError("clawmedic does not run on Windows", hint="run it inside WSL, beside OpenClaw")


def _harden_streams() -> None:
    """Text that the terminal's encoding cannot show is shown as "?", never a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _as_usage_error(error: Exception, argv: Sequence[str]) -> UsageError:
    describe = getattr(error, "format_message", None)
    message = str(describe() if describe else error).strip().rstrip(".")
    context = getattr(error, "ctx", None)
    called = next((f"clawmedic {word}" for word in argv if word in SUMMARIES), "clawmedic")
    path = context.command_path if context is not None else called
    message, _, near = message.partition(" (Possible options: ")
    guess = f"did you mean {near.removesuffix(')')}? " if near else ""
    return UsageError(message[:1].lower() + message[1:], hint=f"{guess}see `{path} --help`")


def _report(error: ClawmedicError, argv: Sequence[str]) -> int:
    from clawmedic.output.failure import FailureForm, show_failure

    return show_failure(error, form=FailureForm.of(argv))


def _is_full_output(error: OSError) -> bool:
    """Whether a write failed (it carries no file name, other than an open does) for lack of room."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def _report_unwritable(error: OSError, argv: Sequence[str]) -> int:
    _discard_output()
    return _report(UnreadableError(f"the output could not be written: {error.strerror}"), argv)


def _report_crash(error: Exception, argv: Sequence[str]) -> int:
    from clawmedic.disk.crash import write_crash_report
    from clawmedic.output.failure import FailureForm, show_failure
    from clawmedic.settings import World

    try:
        where = write_crash_report(World.from_process(), error=error, argv=argv, version=__version__)
    except OSError:  # the working directory is gone: there is no world to write in
        where = None
    bug = ClawmedicError(
        f"clawmedic failed unexpectedly ({type(error).__name__}); nothing was repaired",
        hint=f"please report it with {where}" if where else "the crash report could not be written",
    )
    return show_failure(bug, form=FailureForm.of(argv))


def _discard_output() -> None:
    """What is still buffered for standard output has nowhere to go."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.close(quiet)


def _die_of_closed_pipe() -> NoReturn:
    """Die of SIGPIPE: shells then show what they show for any other tool in a pipe."""
    _discard_output()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    os._exit(ExitCode.OK)  # only reached where the signal is blocked
