"""cron: a block of our own in the user's crontab, between two marks; every other line stays as it is."""

from __future__ import annotations

import shlex

from msgspec import Struct

from clawmedic.errors import RefusedError, UsageError
from clawmedic.schedule.calling import program, run
from clawmedic.schedule.job import Job, Placed, Setup
from clawmedic.settings import World

MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
HOURS = (2, 3, 4, 6, 8, 12, 24)
"""What cron can keep evenly."""
NOTES = (
    "cron mails what the guard says (MAILTO); it says nothing when there is nothing to say",
    "cron starts it with hardly a variable: in config.toml use file:/path rather than env:NAME",
)


class Cron(Struct, frozen=True):
    """The crontab of this user, through the program `crontab`."""

    world: World

    def show(self, job: Job) -> Setup:
        """The block as it would stand in the crontab."""
        return Setup((Placed(None, block(job), "printed"),), see=_see(job), notes=NOTES)

    def install(self, job: Job) -> Setup:
        """Put the block into the crontab, in place of an earlier one.

        Raises:
            RefusedError: no `crontab`, it cannot be read or refuses, or the marks in it are torn.
            UsageError: times that cron cannot keep.
        """
        wanted = block(job)
        binary, found = self._read()
        made = with_block(found, job.name, wanted)
        if made == found:
            return Setup((Placed(None, wanted, "unchanged"),), see=_see(job), notes=NOTES)
        return Setup((Placed(None, wanted, "written"),), (self._write(binary, made),), _see(job), NOTES)

    def uninstall(self, job: Job) -> Setup:
        """Take the block out.

        Raises:
            RefusedError: as `install`.
        """
        binary, found = self._read()
        made = with_block(found, job.name, "")
        if made == found:
            return Setup((Placed(None, "", "absent"),))
        return Setup((Placed(None, "", "removed"),), (self._write(binary, made),))

    def _read(self) -> tuple[str, str]:
        binary = program(self.world, "crontab", hint="install cron, or use `clawmedic setup systemd`")
        listed = run(self.world, [binary, "-l"])
        if listed.code and not listed.why.lower().startswith("no crontab"):
            raise RefusedError(f"the crontab cannot be read: {listed.why}", hint="nothing was changed")
        return binary, "" if listed.code else listed.output

    def _write(self, binary: str, text: str) -> str:
        done = run(self.world, [binary, "-"], given=text)
        if done.code:
            raise RefusedError(f"the crontab was not taken: {done.why}", hint="nothing was changed")
        return done.command


def block(job: Job) -> str:
    """The lines of a job, its marks around them.

    Raises:
        UsageError: times that cron cannot keep, or a name with a line end in it.
    """
    begin, end = _marks(job.name)
    words = [f"{name}={shlex.quote(value)}" for name, value in job.env]
    line = f"{times(job.every_seconds)} {' '.join([*words, job.command])}"
    if not line.isprintable():
        raise UsageError("a path with control characters cannot stand in a crontab")
    # A bare percent sign is a line end for cron.
    return f"{begin}\n{line.replace('%', chr(92) + '%')}\n{end}\n"


def times(seconds: int) -> str:
    """The five fields for every so many seconds.

    Raises:
        UsageError: cron cannot keep that evenly.
    """
    minutes, rest = divmod(seconds, 60)
    if not rest and minutes in MINUTES:
        return "0 * * * *" if minutes == 60 else "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    hours, rest = divmod(seconds, 3600)
    if not rest and hours in HOURS:
        return "0 0 * * *" if hours == 24 else f"0 */{hours} * * *"
    nearest = min(
        [*(60 * one for one in MINUTES), *(3600 * one for one in HOURS)], key=lambda one: abs(one - seconds)
    )
    words = f"{nearest // 60}m" if nearest < 3600 else f"{nearest // 3600}h"
    raise UsageError(
        "cron cannot run something evenly so often", hint=f"the nearest it can is --every {words}"
    )


def with_block(crontab: str, name: str, wanted: str) -> str:
    """A crontab with this block in place of the one of the same name, or at its end; "" takes it out.

    Raises:
        RefusedError: a mark without its other one.
    """
    begin, end = _marks(name)
    lines = crontab.splitlines(keepends=True)
    begins = [at for at, line in enumerate(lines) if line.rstrip() == begin]
    ends = [at for at, line in enumerate(lines) if line.rstrip() == end]
    if not begins and not ends:
        gap = "\n" if wanted and crontab and not crontab.endswith("\n") else ""
        return f"{crontab}{gap}{wanted}"
    if len(begins) != 1 or len(ends) != 1 or begins > ends:
        raise RefusedError(
            f"the marks of {name} in the crontab are torn; nothing was changed",
            hint="mend it with `crontab -e`",
        )
    return "".join([*lines[: begins[0]], wanted, *lines[ends[0] + 1 :]])


def _marks(name: str) -> tuple[str, str]:
    return f"# >>> {name} (made by `clawmedic setup`) >>>", f"# <<< {name} <<<"


def _see(job: Job) -> tuple[str, ...]:
    return (shlex.join(["clawmedic", "guard", "status", *job.argv[job.argv.index("--state-dir") :][:2]]),)
