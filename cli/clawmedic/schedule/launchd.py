"""launchd: an agent of the user, as macOS has it."""

from __future__ import annotations

import plistlib
import shlex
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.disk.private import private_directory
from clawmedic.schedule.calling import program, run
from clawmedic.schedule.job import MARK, Job, Placed, Setup
from clawmedic.schedule.placing import ours, place, take_away
from clawmedic.settings import World

NOTES = ("an agent has hardly a variable: in config.toml use file:/path rather than env:NAME",)
_HINT = "launchd is of macOS; elsewhere `clawmedic setup systemd` or `clawmedic setup cron`"


class Launchd(Struct, frozen=True):
    """The agents of this user."""

    world: World

    def show(self, job: Job) -> Setup:
        """The property list."""
        return Setup((Placed(self._path(job), plist(job), "printed"),), see=self._see(job), notes=NOTES)

    def install(self, job: Job) -> Setup:
        """Write the property list and load it.

        Raises:
            RefusedError: no launchd, somebody else's file, or the disk refuses.
        """
        launchctl = program(self.world, "launchctl", hint=_HINT)
        path = self._path(job)
        known = ours(path) is not None
        private_directory(job.log.parent)
        placed = place(path, plist(job))
        calls = [["bootstrap", self._domain, str(path)]]
        if known and placed.state == "written":
            calls.insert(0, ["bootout", f"{self._domain}/{job.name}"])
        if known and placed.state == "unchanged":
            calls = []
        return replace(self._called(launchctl, placed, calls), see=self._see(job), notes=NOTES)

    def uninstall(self, job: Job) -> Setup:
        """Unload the agent and take its property list away.

        Raises:
            RefusedError: as `install`.
        """
        launchctl = program(self.world, "launchctl", hint=_HINT)
        path = self._path(job)
        if ours(path) is None:
            return Setup((Placed(path, "", "absent"),))
        return self._called(launchctl, take_away(path), [["bootout", f"{self._domain}/{job.name}"]])

    @property
    def _domain(self) -> str:
        return f"gui/{self.world.uid}"

    def _path(self, job: Job) -> Path:
        return self.world.home / "Library" / "LaunchAgents" / f"{job.name}.plist"

    def _called(self, launchctl: str, placed: Placed, calls: list[list[str]]) -> Setup:
        done = [run(self.world, [launchctl, *words]) for words in calls]
        problems = tuple(f"`{one.command}` failed: {one.why}" for one in done if one.code)
        return Setup((placed,), tuple(one.command for one in done), problems=problems)

    def _see(self, job: Job) -> tuple[str, ...]:
        return (f"launchctl print {self._domain}/{job.name}", shlex.join(["tail", str(job.log)]))


def plist(job: Job) -> str:
    """The property list as XML."""
    content = {
        "Label": job.name,
        "ProgramArguments": list(job.argv),
        "StartInterval": job.every_seconds,
        "RunAtLoad": True,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Umask": 0o077,
        "ExitTimeOut": 120,
        "StandardOutPath": str(job.log),
        "StandardErrorPath": str(job.log),
    }
    if job.env:
        content["EnvironmentVariables"] = dict(job.env)
    head, body = plistlib.dumps(content).decode().split("<plist", 1)
    return f"{head}<!-- {MARK} -->\n<plist{body}"
