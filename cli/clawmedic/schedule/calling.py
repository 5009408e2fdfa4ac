"""Programs of the system that a setup needs: found first, run once, and their own words when they fail."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence

from msgspec import Struct

from clawmedic.errors import RefusedError
from clawmedic.gateway.frames import one_line
from clawmedic.settings import World

SECONDS = 60.0


class Ran(Struct, frozen=True):
    """A command that has ended. `why` is "" when it went well, else its own words in one line."""

    command: str
    code: int
    output: str
    why: str


def program(world: World, name: str, *, hint: str) -> str:
    """The path of a program.

    Raises:
        RefusedError: it is not there; nothing was changed.
    """
    found = shutil.which(name, path=world.env.get("PATH"))
    if found is None:
        raise RefusedError(f"there is no {name} here; nothing was changed", hint=hint)
    return found


def run(world: World, words: Sequence[str], *, given: str | None = None) -> Ran:
    """Run a program to its end. Its failure is an answer, not an exception."""
    shown = shlex.join([words[0].rpartition("/")[2], *words[1:]])
    try:
        done = subprocess.run(  # noqa: S603  the program's path was found in PATH, the words are ours
            list(words),
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(world.env),
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = (
            f"no end within {SECONDS:.0f} s"
            if isinstance(error, subprocess.TimeoutExpired)
            else str(error.strerror)
        )
        return Ran(shown, -1, "", why)
    words_of_it = one_line(done.stderr or done.stdout) or f"exit code {done.returncode}"
    return Ran(shown, done.returncode, done.stdout, words_of_it if done.returncode else "")
