"""The world a run lives in: paths, environment, clock and limits, built once and frozen.

No other module reads `os.environ`, `Path.home()` or the clock. Tests build a `World` of their own.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct, field

from clawmedic.errors import NotFoundError, UsageError

PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def wall_clock_ms() -> int:
    """The wall clock in epoch milliseconds: OpenClaw's own unit in rows and locks."""
    return time.time_ns() // 1_000_000


class Limits(Struct, frozen=True):
    """Bounds that keep memory flat and hostile input harmless. Bytes unless the name says otherwise."""

    tail_bytes: int = 64 * 1024
    """How much of a transcript's end a scan reads without `--deep`."""
    line_bytes: int = 64 * 1024 * 1024
    """A longer line is reported as malformed and skipped without being held whole."""
    decompressed_entry_bytes: int = 16 * 1024 * 1024
    """OpenClaw itself allows 4 MiB for one zstd event body; a larger one is a bomb."""
    oversized_bytes: int = 500 * 1000
    """A transcript above this is the finding `oversized`."""
    store_bloat_bytes: int = 5 * 1000 * 1000
    """A sessions.json above this is the finding `store-bloat` (openclaw.md S21)."""
    near_budget: float = 0.80
    """The share of the budget at which a session is `at_risk`."""
    interaction_grace_ms: int = 60_000
    """A healthy channel turn looks refused from receipt to run start (0.3 to 8 s seen): openclaw-channels.md 0.1."""


class World(Struct, frozen=True):
    """Everything from outside that a run may depend on.

    Attributes:
        env: the environment, read once.
        home: the home directory of the user.
        cwd: the working directory.
        tmp: the system's temporary directory.
        uid: the real user id.
        clock: epoch milliseconds.
        proc: the process table's root (`/proc`); tests point it at a directory of their own.
        host: the host's own name, for people who watch many; "" where it is of no matter.
    """

    env: Mapping[str, str]
    home: Path
    cwd: Path
    tmp: Path
    uid: int
    clock: Callable[[], int] = wall_clock_ms
    proc: Path = Path("/proc")
    limits: Limits = field(default_factory=Limits)
    host: str = ""

    @classmethod
    def from_process(cls) -> World:
        """Read the real process once."""
        env = MappingProxyType(dict(os.environ))
        return cls(
            env=env,
            home=Path(env.get("HOME") or Path.home()),
            cwd=Path.cwd(),
            tmp=Path(tempfile.gettempdir()),
            uid=os.getuid() if hasattr(os, "getuid") else 0,
            host=os.uname().nodename if hasattr(os, "uname") else "",
        )

    @property
    def data_home(self) -> Path:
        """Where clawmedic keeps its own state: `$XDG_STATE_HOME/clawmedic`."""
        base = self.env.get("XDG_STATE_HOME")
        root = Path(base) if base and Path(base).is_absolute() else self.home / ".local" / "state"
        return root / "clawmedic"

    @property
    def config_file(self) -> Path:
        """The default place of clawmedic's own configuration."""
        base = self.env.get("XDG_CONFIG_HOME")
        root = Path(base) if base and Path(base).is_absolute() else self.home / ".config"
        return root / "clawmedic" / "config.toml"


class Times(Struct, frozen=True):
    """How times are said: in the local zone or in UTC, as people write them or as ISO 8601 does.

    Whoever asked for either wants to compare: then ages ("3h") are said as times too.
    """

    utc: bool = False
    iso: bool = False

    @property
    def absolute(self) -> bool:
        """Whether ages are said as times."""
        return self.utc or self.iso


class Settings(Struct, frozen=True):
    """What the operator asked for on this call, resolved against the world.

    Attributes:
        state_dir: the OpenClaw state directory.
        profile: OpenClaw's profile name, or "" for the default one.
        logs: `--log` values as given ("-" is standard input); empty means discovery.
        journal: ask journald too.
        json: JSON to standard output.
    """

    world: World
    state_dir: Path
    profile: str = ""
    logs: tuple[str, ...] = ()
    journal: bool = False
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    no_input: bool = False
    times: Times = field(default_factory=Times)
    config_file: Path | None = None

    def now(self) -> int:
        """The wall clock in epoch milliseconds."""
        return self.world.clock()


def resolve_state_dir(world: World, given: Path | None, profile: str = "") -> Path:
    """The state directory by the order of design.md 2.

    `--state-dir`, `OPENCLAW_STATE_DIR`, `~/.openclaw` (`~/.openclaw-<profile>` for a profile), `~/.clawdbot`.

    Raises:
        NotFoundError: nothing is there, or it is not a directory.
        UsageError: a profile name that cannot be one.
    """
    if profile and not PROFILE_NAME.fullmatch(profile):
        raise UsageError(f"not a profile name: {profile!r}", hint="letters, digits, '-' and '_'")
    if given is not None:
        return _existing(world.cwd / given.expanduser() if not given.is_absolute() else given, "--state-dir")
    from_env = world.env.get("OPENCLAW_STATE_DIR", "").strip()
    if from_env and not profile:
        path = Path(from_env.replace("~", str(world.home), 1) if from_env.startswith("~") else from_env)
        return _existing(world.cwd / path, "OPENCLAW_STATE_DIR")
    suffix = f"-{profile}" if profile and profile != "default" else ""
    for name in (f".openclaw{suffix}", f".clawdbot{suffix}"):
        candidate = world.home / name
        if candidate.is_dir():
            return candidate
    raise NotFoundError(
        f"no OpenClaw state directory: {world.home / ('.openclaw' + suffix)} does not exist",
        hint="name it with --state-dir DIR, or set OPENCLAW_STATE_DIR; `clawmedic drill` needs none",
    )


def _existing(path: Path, origin: str) -> Path:
    try:
        if path.is_dir():
            return path
        exists = path.exists()
    except OSError as error:  # a loop of links, a name that is too long
        raise NotFoundError(f"cannot look at {path} ({origin}): {error.strerror or error}") from error
    if exists:
        raise NotFoundError(
            f"not a directory: {path} ({origin})", hint="the state directory is the one that holds agents/"
        )
    raise NotFoundError(
        f"no such directory: {path} ({origin})", hint="check the path; `clawmedic drill` needs none"
    )
