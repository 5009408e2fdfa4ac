"""The options every command has, defined once, and what they make: `Settings`.

A command's function takes `Settings` first; `with_settings` puts the shared options behind its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, TypeAlias

import typer
from msgspec.structs import replace

from clawmedic.errors import ExitCode, PipeClosedError, UsageError
from clawmedic.settings import Settings, Times, World, resolve_state_dir

PANEL = "Common options"

StateDir: TypeAlias = Annotated[
    Path | None,
    typer.Option("--state-dir", metavar="DIR", help="OpenClaw's state directory.", show_default=False),
]
Profile: TypeAlias = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="OpenClaw's profile.", show_default=False)
]
Logs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--log",
        metavar="FILE",
        help="Read this log in place of those found; `-` is standard input. Repeatable.",
    ),
]
Journal: TypeAlias = Annotated[
    bool, typer.Option("--journal", help="Ask journald for the gateway's lines too.")
]
ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="clawmedic's own configuration.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="No headings, hints or progress.")]
Verbose: TypeAlias = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more.", show_default=False)
]
NoInput: TypeAlias = Annotated[bool, typer.Option("--no-input", help="Never ask.")]
Utc: TypeAlias = Annotated[bool, typer.Option("--utc", help="Times in UTC, not in the local zone; no ages.")]
Iso: TypeAlias = Annotated[bool, typer.Option("--iso", help="Times in the form of ISO 8601; no ages.")]

SHARED: tuple[tuple[str, Any, object], ...] = (
    ("state_dir", StateDir, None),
    ("profile", Profile, ""),
    ("log", Logs, None),
    ("config", ConfigFile, None),
    ("json", Json, False),
    ("quiet", Quiet, False),
    ("verbose", Verbose, 0),
    ("no_input", NoInput, False),
    ("utc", Utc, False),
    ("iso", Iso, False),
)
"""Name, annotation and default of each shared option, in the order of the help."""

P = ParamSpec("P")
Command: TypeAlias = Callable[Concatenate[Settings, P], ExitCode]


def with_settings(
    *, journal: bool = False, store: bool = True
) -> Callable[[Command[P]], Callable[..., None]]:
    """Give a command the shared options; its exit code becomes the process's.

    Args:
        journal: the command reads logs, so it takes `--journal` too.
        store: the command needs a state directory; without one it fails with `NotFoundError`.
    """
    shared = (*SHARED, ("journal", Journal, False)) if journal else SHARED

    def decorate(command: Command[P]) -> Callable[..., None]:
        def called(**values: Any) -> None:  # noqa: ANN401  Typer hands over what the signature says
            chosen = {name: values.pop(name) for name, _, _ in shared}
            settings = build_settings(_world(), chosen, store=store)
            _leave(command, settings, values)

        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        extra = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, annotation, default in shared
        ]
        parameters = [*own, *extra]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        called.__name__, called.__doc__, called.__module__ = "command", command.__doc__, command.__module__
        return called

    return decorate


def _world() -> World:
    try:
        return World.from_process()
    except FileNotFoundError as error:
        raise UsageError("the working directory no longer exists", hint="change to another one") from error


def _leave(command: Callable[..., ExitCode], settings: Settings, values: dict[str, Any]) -> None:
    try:
        code = command(settings, **values)
    except BrokenPipeError as error:
        raise PipeClosedError from error
    raise typer.Exit(code)


def build_settings(world: World, chosen: dict[str, Any], *, store: bool) -> Settings:
    """Settings from the values of the shared options.

    Raises:
        NotFoundError: no state directory, and one is needed.
        UsageError: an option's value that cannot be, or a wrong configuration where a store is asked for.
    """
    given: Path | None = chosen["state_dir"]
    state_dir = (
        resolve_state_dir(world, given, chosen["profile"]) if store else (given or world.home / ".openclaw")
    )
    settings = Settings(
        world=world,
        state_dir=state_dir,
        profile=chosen["profile"],
        logs=tuple(chosen["log"] or ()),
        journal=chosen.get("journal", False),
        json=chosen["json"],
        quiet=chosen["quiet"],
        verbose=chosen["verbose"],
        no_input=chosen["no_input"],
        times=Times(utc=chosen["utc"], iso=chosen["iso"]),
        config_file=chosen["config"],
    )
    return configured(settings) if store else settings


def configured(settings: Settings) -> Settings:
    """With the limits that clawmedic's own configuration sets. Without a file nothing is read, or imported.

    Raises:
        UsageError: the configuration is wrong.
        UnreadableError: it cannot be read.
    """
    if settings.config_file is None and not settings.world.config_file.exists():
        return settings
    from clawmedic.configuration.load import load_configuration

    scan, world = load_configuration(settings).scan, settings.world
    limits = replace(world.limits, oversized_bytes=scan.oversized_bytes, near_budget=scan.near_budget)
    return replace(settings, world=replace(world, limits=limits))
