"""Crash reports: enough to find the bug, nothing of the user's.

A report holds the kind of error, the places in the code, the option names of the call and the versions. It
holds no message of an exception (it may quote a transcript), no option's value, and no home directory.
"""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from clawmedic.disk.atomic import write_atomically
from clawmedic.errors import ClawmedicError
from clawmedic.settings import World

DEEPEST_CHAIN = 8
MOST_FRAMES = 60


def write_crash_report(
    world: World, *, error: BaseException, argv: Sequence[str], version: str
) -> Path | None:
    """Write a report (mode 0600) below `<data_home>/crash`; None when even that fails."""
    stamp = datetime.fromtimestamp(world.clock() / 1000, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    path = world.data_home / "crash" / f"crash-{stamp}-{os.getpid()}.txt"
    report = crash_report(error, argv=argv, version=version, home=world.home)
    try:
        write_atomically(path, report.encode("utf-8", "replace"))
    except (ClawmedicError, OSError):
        return None
    return path


@contextmanager
def hang_report(world: World) -> Iterator[TextIO]:
    """A file (mode 0600) below `<data_home>/crash` for the places at which a hung process stood; gone when unused.

    Where it cannot be made it is standard error.
    """
    path = world.data_home / "crash" / f"hung-{os.getpid()}.txt"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, flags, 0o600)
    except OSError:
        yield sys.__stderr__ or sys.stderr
        return
    with os.fdopen(descriptor, "w") as report:
        try:
            yield report
        finally:
            with suppress(OSError):
                path.unlink()


def crash_report(error: BaseException, *, argv: Sequence[str], version: str, home: Path) -> str:
    """The report's text."""
    lines = [
        f"clawmedic {version}",
        f"python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"call: clawmedic {' '.join(_redacted_call(argv))}",
        "",
    ]
    for link in _chain(error):
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}: {_redacted_message(link)}")
        frames = traceback.extract_tb(link.__traceback__)[-MOST_FRAMES:]
        lines.extend(
            f"  {_redacted_path(frame.filename, home)}:{frame.lineno} in {frame.name}" for frame in frames
        )
        lines.append("")
    return "\n".join(lines)


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(DEEPEST_CHAIN):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _redacted_message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno:
        return f"[errno {error.errno}] {os.strerror(error.errno)}"
    return f"(message of {len(str(error))} characters withheld)"


def _redacted_call(argv: Sequence[str]) -> Iterator[str]:
    """Option names and the command's name; every value is an ellipsis."""
    for place, word in enumerate(argv):
        if word.startswith("-") and len(word) > 1:
            yield word.partition("=")[0] if word.startswith("--") else word[:2]
        else:
            yield word if place == 0 and word.isalpha() and word.isascii() else "…"


def _redacted_path(path: str, home: Path) -> str:
    """A path of the code, from the package's root on where that is known."""
    for entry in sorted(filter(None, sys.path), key=len, reverse=True):
        if path.startswith(entry.rstrip("/") + "/"):
            return path[len(entry.rstrip("/")) + 1 :]
    return path.replace(str(home), "~") if str(home) not in ("", "/") else path
