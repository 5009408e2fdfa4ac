"""systemd: a service and a timer, for the user's own manager or (hardened further) for the system's."""

from __future__ import annotations

import pwd
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.disk.private import private_directory
from clawmedic.errors import RefusedError
from clawmedic.schedule.calling import program, run
from clawmedic.schedule.job import Job, Placed, Setup
from clawmedic.schedule.placing import ours, place, take_away
from clawmedic.schedule.units import service, timer
from clawmedic.settings import Settings, World

SYSTEM_UNITS = Path("/etc/systemd/system")
_HINT = "this host has no systemd: `clawmedic setup cron` may do"


class Systemd(Struct, frozen=True):
    """Units in `folder`. `user` is whose service it is in the system's manager; "" means the user's own manager."""

    world: World
    folder: Path
    user: str = ""

    @classmethod
    def of_user(cls, world: World) -> Systemd:
        """The manager of this user."""
        return cls(world, world.config_file.parent.parent / "systemd" / "user")

    @classmethod
    def of_system(cls, world: World, settings: Settings) -> Systemd:
        """The system's manager; the service runs as the owner of the state directory."""
        return cls(world, SYSTEM_UNITS, owner_of(settings.state_dir).pw_name)

    def show(self, job: Job) -> Setup:
        """The two units."""
        placed = [Placed(path, text, "printed") for path, text in self._units(job)]
        return Setup(tuple(placed), see=self._see(job), notes=self._notes())

    def install(self, job: Job) -> Setup:
        """Write the units and start the timer.

        Raises:
            RefusedError: no systemd, somebody else's files, or the disk refuses.
        """
        systemctl = program(self.world, "systemctl", hint=_HINT)
        units = self._units(job)
        for path, _ in units:
            ours(path)
        if not self.user:
            private_directory(self.world.data_home)
        placed = tuple(place(path, text) for path, text in units)
        unchanged = all(one.state == "unchanged" for one in placed)
        commands = [] if unchanged else [["daemon-reload"]]
        return self._called(systemctl, placed, [*commands, ["enable", "--now", f"{job.name}.timer"]], job)

    def uninstall(self, job: Job) -> Setup:
        """Stop the timer and take the units away.

        Raises:
            RefusedError: as `install`.
        """
        systemctl = program(self.world, "systemctl", hint=_HINT)
        paths = [path for path, _ in self._units(job)]
        found = [path for path in paths if ours(path) is not None]
        if not found:
            return Setup(tuple(Placed(path, "", "absent") for path in paths))
        stopped = self._called(systemctl, (), [["disable", "--now", f"{job.name}.timer"]], None)
        placed = tuple(take_away(path) for path in paths)
        after = self._called(systemctl, placed, [["daemon-reload"]], None)
        return replace(after, ran=stopped.ran + after.ran, problems=stopped.problems + after.problems)

    def _units(self, job: Job) -> list[tuple[Path, str]]:
        return [
            (self.folder / f"{job.name}.service", service(job, user=self.user)),
            (self.folder / f"{job.name}.timer", timer(job, user=self.user)),
        ]

    def _called(
        self, systemctl: str, placed: tuple[Placed, ...], commands: Sequence[Sequence[str]], job: Job | None
    ) -> Setup:
        scope = [] if self.user else ["--user"]
        done = [run(self.world, [systemctl, *scope, *words]) for words in commands]
        problems = tuple(f"`{one.command}` failed: {one.why}" for one in done if one.code)
        see, notes = (self._see(job), self._notes()) if job else ((), ())
        return Setup(placed, tuple(one.command for one in done), see, notes, problems)

    def _see(self, job: Job) -> tuple[str, ...]:
        scope = "" if self.user else " --user"
        return (
            f"systemctl{scope} list-timers {job.name}.timer",
            f"journalctl{scope} -u {job.name}.service -e",
        )

    def _notes(self) -> tuple[str, ...]:
        notes = ["a service has hardly a variable: in config.toml use file:/path rather than env:NAME"]
        if not self.user:
            notes.append("without `loginctl enable-linger` it runs only while you are logged in")
        return tuple(notes)


def owner_of(path: Path) -> pwd.struct_passwd:
    """Whose directory it is.

    Raises:
        RefusedError: nobody's that this host knows.
    """
    try:
        return pwd.getpwuid(path.stat().st_uid)
    except (KeyError, OSError) as error:
        raise RefusedError(f"{path} belongs to no user of this host", hint="nothing was changed") from error


def as_owner(settings: Settings) -> Settings:
    """The settings as the owner of the state directory would have them: a system's service runs as that user."""
    owner, world = owner_of(settings.state_dir), settings.world
    if owner.pw_uid == world.uid:
        return settings
    env = {name: value for name, value in world.env.items() if not name.startswith(("XDG_", "OPENCLAW_"))}
    return replace(settings, world=replace(world, home=Path(owner.pw_dir), env=env, uid=owner.pw_uid))
