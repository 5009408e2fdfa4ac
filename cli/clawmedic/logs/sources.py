"""Where OpenClaw's log lines are (openclaw.md 2.1, 2.2): named files, the default places, journald."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.errors import NotFoundError, UsageError
from clawmedic.logs.opening import first_time
from clawmedic.settings import Settings, World
from clawmedic.stores.config import OpenClawConfig

_LOG_NAME = re.compile(
    r"(?:openclaw|gateway|clawdbot|moltbot)[\w.-]*?\.log(?:\.\d{1,3})?(?:\.gz|\.zst)?", re.IGNORECASE
)
_ANY_LOG = re.compile(r".+\.(?:log|txt|jsonl|json)(?:\.\d{1,3})?(?:\.gz|\.zst)?", re.IGNORECASE)
_DAY_FILE = re.compile(
    r"openclaw(?:-(?P<profile>[a-z0-9-]+?))?-\d{4}-\d{2}-\d{2}(?:\.\d)?\.log(?:\.gz|\.zst)?", re.IGNORECASE
)
_HINT = "name a log file, a directory of logs, or - for standard input; /dev/null means no logs"
_STANDARD_TMP = Path("/tmp")  # noqa: S108 - OpenClaw's own default, whatever TMPDIR says (openclaw.md 2.1)


class SourceKind(StrEnum):
    """How a source is read."""

    FILE = "file"
    STREAM = "stream"
    STDIN = "stdin"
    COMMAND = "command"
    NOTHING = "nothing"


class LogSource(Struct, frozen=True):
    """One place that log lines come from.

    Attributes:
        name: what records and evidence carry: the path as given, "-", or "journald".
        path: the file or FIFO, None for the others.
        size_bytes, mtime_ms: at the time of looking; 0 and None where there is no file.
        command: the words to run, for `COMMAND`.
        problem: why nothing can be read from it, or "".
        first_at: the first time in its content, epoch milliseconds, None when none was found.
        looked_at: when the source was found, epoch milliseconds: the reference for times without a date.
    """

    name: str
    kind: SourceKind
    path: Path | None = None
    size_bytes: int = 0
    mtime_ms: int | None = None
    command: tuple[str, ...] = ()
    problem: str = ""
    first_at: int | None = None
    looked_at: int = 0


def find_sources(settings: Settings, config: OpenClawConfig) -> tuple[LogSource, ...]:
    """The sources to read, oldest content first; streams last. A file named or found twice is read once.

    Raises:
        NotFoundError: a file named with `--log` does not exist.
        UsageError: a name given with `--log` is neither a file, a directory, a FIFO nor "-".
    """
    found = _named(settings) if settings.logs else _discovered(settings, config)
    sources = [_dated(source) for source in _once(found)]
    if settings.journal:
        sources.extend(_journals(settings.world))
    now = settings.now()
    return tuple(replace(source, looked_at=now) for source in sorted(sources, key=_age))


def _age(source: LogSource) -> tuple[bool, int]:
    known = source.first_at if source.first_at is not None else source.mtime_ms
    return source.kind is not SourceKind.FILE, known or 0


def _dated(source: LogSource) -> LogSource:
    if source.kind is not SourceKind.FILE or source.path is None:
        return source
    return replace(source, first_at=first_time(source.path, source.mtime_ms or 0))


def _once(sources: Iterable[tuple[LogSource, object]]) -> Iterator[LogSource]:
    seen: set[object] = set()
    for source, identity in sources:
        if identity not in seen:
            seen.add(identity)
            yield source


def _named(settings: Settings) -> Iterator[tuple[LogSource, object]]:
    for given in settings.logs:
        if given == "-":
            yield LogSource("-", SourceKind.STDIN), "-"
            continue
        if not given or given == "/dev/null":
            continue
        path = _expanded(given, settings.world)
        if path.is_dir():
            yield from _in_directory(path, _ANY_LOG)
        else:
            yield _file(path, given)


def _file(path: Path, given: str) -> tuple[LogSource, object]:
    """A file that a person named: it must be there and be readable as a stream of lines."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise NotFoundError(f"no such log file: {given}", hint=_HINT) from None
    except OSError as error:
        raise UsageError(
            f"cannot look at the log file {given}: {error.strerror or error}", hint=_HINT
        ) from error
    identity = (status.st_dev, status.st_ino)
    if stat.S_ISFIFO(status.st_mode):
        return LogSource(given, SourceKind.STREAM, path), identity
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"not a log file: {given}", hint=_HINT)
    return _source(path, given, status.st_size, status.st_mtime_ns), identity


def _source(path: Path, name: str, size: int, mtime_ns: int) -> LogSource:
    return LogSource(name, SourceKind.FILE, path, size, mtime_ns // 1_000_000)


def _discovered(settings: Settings, config: OpenClawConfig) -> Iterator[tuple[LogSource, object]]:
    world = settings.world
    if config.log_file:
        yield from _rotations(_expanded(config.log_file, world))
    for directory in _default_directories(world):
        yield from _in_directory(directory, _LOG_NAME, profile=settings.profile)
    for directory in (settings.state_dir / "logs", world.home / ".openclaw" / "logs"):
        yield from _in_directory(directory, _LOG_NAME, profile=settings.profile)


def _expanded(text: str, world: World) -> Path:
    path = Path(text.replace("~", str(world.home), 1) if text.startswith("~") else text)
    return path if path.is_absolute() else world.cwd / path


def _rotations(path: Path) -> Iterator[tuple[LogSource, object]]:
    """A configured file with its numbered and compressed rotations (`x.log`, `x.1.log`, `x.log.1`, `.gz`, `.zst`)."""
    stem, suffix = (path.stem, path.suffix) if path.suffix else (path.name, "")
    pattern = re.compile(
        rf"{re.escape(stem)}(?:\.\d{{1,3}})?{re.escape(suffix)}(?:\.\d{{1,3}})?(?:\.gz|\.zst)?"
    )
    yield from _in_directory(path.parent, pattern)


def log_folders(settings: Settings) -> tuple[Path, ...]:
    """Where logs are looked for without `--log`, whether there is anything or not."""
    world = settings.world
    names = ("openclaw", f"openclaw-{world.uid}")
    temporary = [root / name for root in (world.tmp, _STANDARD_TMP) for name in names]
    return (*temporary, settings.state_dir / "logs", world.home / ".openclaw" / "logs")


def _default_directories(world: World) -> Iterator[Path]:
    """OpenClaw's temporary log directories, where they are safe to trust."""
    roots = {world.tmp}
    if "TMPDIR" in world.env:
        roots.add(_STANDARD_TMP)
    for root in sorted(roots):
        for name in ("openclaw", f"openclaw-{world.uid}"):
            if _is_private(root / name, world.uid):
                yield root / name


def _is_private(directory: Path, uid: int) -> bool:
    """A real directory of this user that nobody else may write: OpenClaw's own condition (openclaw.md 2.1)."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == uid
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _in_directory(
    directory: Path, pattern: re.Pattern[str], *, profile: str = ""
) -> Iterator[tuple[LogSource, object]]:
    """Regular files of a directory whose names fit, links followed; what vanishes or cannot be read is left out."""
    try:
        names = sorted(entry.name for entry in directory.iterdir())
    except OSError:
        return
    for name in names:
        if not pattern.fullmatch(name) or not _of_profile(name, profile):
            continue
        path = directory / name
        try:
            status = path.stat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            yield _source(path, str(path), status.st_size, status.st_mtime_ns), (status.st_dev, status.st_ino)


def _of_profile(name: str, profile: str) -> bool:
    """9.6 puts the profile into the day file's name; up to 7.1 all profiles share one file."""
    match = _DAY_FILE.fullmatch(name)
    if match is None or not match["profile"]:
        return True
    return match["profile"].lower() == re.sub(r"[^a-z0-9]+", "-", profile.lower()).strip("-")


def _journals(world: World) -> Iterator[LogSource]:
    """The user's unit and the system's unit; a missing journalctl is said, not raised."""
    program = shutil.which("journalctl", path=world.env.get("PATH", "/usr/bin:/bin"))
    if program is None:
        why = "journalctl is not installed: the journal was not read"
        yield LogSource("journald", SourceKind.NOTHING, problem=why)
        return
    words = ("--no-pager", "--quiet", "--output=json", "--unit=openclaw-gateway*")
    yield LogSource("journald (user)", SourceKind.COMMAND, command=(program, "--user", *words))
    yield LogSource("journald", SourceKind.COMMAND, command=(program, "--system", *words))
