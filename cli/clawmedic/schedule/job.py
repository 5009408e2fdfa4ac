"""What is to run, how often, and as what: the same for every scheduler."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from clawmedic.configuration.sections import Configuration
from clawmedic.disk.places import state_folder
from clawmedic.errors import UsageError
from clawmedic.settings import Settings

NAME = "clawmedic-guard"
MARK = "Made by `clawmedic setup`"
"""What a file of ours says of itself; a file that does not is never touched."""
_PASSED_ON = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "OPENCLAW_CONFIG_PATH")
"""Where the guard would look for its memory and its configuration: schedulers start it without them."""
_SPARE_SECONDS = 120


class Job(Struct, frozen=True):
    """One guard for one state directory.

    Attributes:
        name: of the unit, the agent or the block in the crontab; two state directories have two names.
        argv: the whole command, the program by its absolute path.
        env: variables it needs, in this order.
        every_seconds: how often.
        longest_seconds: one pass takes no longer.
        writable: directories it writes in.
        log: where its words go where the scheduler keeps none.
    """

    name: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    every_seconds: int
    longest_seconds: int
    writable: tuple[Path, ...]
    log: Path

    @property
    def command(self) -> str:
        """The command as a shell takes it."""
        return shlex.join(self.argv)


class Placed(Struct, frozen=True):
    """One file (or crontab): its text, and what was done to it: `printed`, `written`, `unchanged`, `removed`, `absent`.

    `path` is None for the crontab, which has no path of its own.
    """

    path: Path | None
    text: str
    state: str


class Setup(Struct, frozen=True):
    """What a setup did or would do.

    Attributes:
        ran: commands that were run, as a shell takes them.
        see: commands that show whether it runs.
        notes: what else there is to know, for people.
        problems: what could not be done.
    """

    placed: tuple[Placed, ...]
    ran: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Scheduler(Protocol):
    """One way to run a job again and again."""

    def show(self, job: Job) -> Setup:
        """What would be installed. Changes nothing."""

    def install(self, job: Job) -> Setup:
        """Install it, or bring it up to date; the second time changes nothing."""

    def uninstall(self, job: Job) -> Setup:
        """Take it away; what is not there stays away."""


def guard_job(
    settings: Settings, configuration: Configuration, *, every_ms: int, program: Sequence[str] = ()
) -> Job:
    """The guard as it is called for these settings.

    Args:
        settings: their state directory, profile, logs and configuration file are those of the job.
        configuration: says how long a pass may take, and where metrics go.
        every_ms: how often, milliseconds.
        program: this clawmedic; by default the one that runs.

    Raises:
        UsageError: more often than once a minute, or standard input as a log.
    """
    if every_ms < 60_000 or every_ms % 1000:
        raise UsageError("a pass more often than once a minute helps nobody", hint="such as --every 5m")
    if "-" in settings.logs:
        raise UsageError(
            "a schedule has no standard input to read a log from", hint="name the file with --log"
        )
    world = settings.world
    folder = state_folder(world, settings.state_dir)
    writable = {settings.state_dir.resolve(): None, world.data_home: None}
    if configuration.signals.metrics is not None:
        writable[configuration.signals.metrics.parent] = None
    usual = settings.state_dir in (world.home / ".openclaw", world.home / ".clawdbot")
    return Job(
        name=NAME if usual else f"{NAME}-{folder.name}",
        argv=(*(program or this_program()), "guard", "--once", *_options(settings)),
        env=tuple((name, world.env[name]) for name in _PASSED_ON if world.env.get(name)),
        every_seconds=every_ms // 1000,
        longest_seconds=configuration.guard.max_runtime_ms // 1000 + _SPARE_SECONDS,
        writable=tuple(writable),
        log=folder / "guard.log",
    )


def this_program() -> tuple[str, ...]:
    """How to call the clawmedic that runs, by absolute paths: schedulers have no PATH to speak of."""
    beside = Path(sys.executable).with_name("clawmedic")
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "clawmedic")


def _options(settings: Settings) -> list[str]:
    words = ["--state-dir", str(_absolute(settings, settings.state_dir))]
    if settings.profile:
        words += ["--profile", settings.profile]
    if settings.config_file is not None:
        words += ["--config", str(_absolute(settings, settings.config_file))]
    for log in settings.logs:
        words += ["--log", str(_absolute(settings, Path(log)))]
    return words + (["--journal"] if settings.journal else [])


def _absolute(settings: Settings, path: Path) -> Path:
    return settings.world.cwd / path.expanduser()
