"""OpenClaw processes that use a state directory, by what the process table says of them.

Some gateways leave no lock file (`OPENCLAW_ALLOW_MULTI_GATEWAY`), and some run in a container that shares the
directory. A process counts when it looks like a gateway or an agent run of OpenClaw, and its state directory
is the same directory as ours: device and inode, seen through its own root.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from clawmedic.disk.files import read_bounded

_BYTES = 256 * 1024
_TITLES = frozenset({"openclaw-gateway", "clawdbot-gateway"})
_WORK = frozenset({"gateway", "agent"})
_NAMES = ("openclaw", "clawdbot")


def users_of(proc: Path, root: Path) -> Iterator[int]:
    """Ids of processes that work with this state directory; those that may not be looked at are passed over."""
    ours = _identity(str(root))
    if ours is None:
        return
    for pid in _pids(proc):
        if pid != os.getpid() and looks_like_work(_words(proc / str(pid) / "cmdline")):
            for place in _state_dirs(proc / str(pid)):
                if _identity(f"{proc}/{pid}/root{place}") == ours:
                    yield pid
                    break


def looks_like_work(argv: Sequence[str]) -> bool:
    """Whether arguments are those of a gateway or an agent run (a gateway sets its title to `openclaw-gateway`)."""
    if not argv:
        return False
    first = argv[0].split(" ", 1)[0].rsplit("/", 1)[-1]
    if first in _TITLES:
        return True
    program = first in _NAMES or any(
        word.rsplit("/", 1)[-1] in {*_NAMES, "openclaw.mjs", "clawdbot.mjs"} or "/openclaw/dist/" in word
        for word in argv[1:3]
    )
    return program and not _WORK.isdisjoint(argv[1:])


def _state_dirs(process: Path) -> Iterator[str]:
    """The state directory that a process was started with: by its environment, by its profile, or the default."""
    env = dict(word.split("=", 1) for word in _words(process / "environ") if "=" in word)
    argv = _words(process / "cmdline")
    named = env.get("OPENCLAW_STATE_DIR") or env.get("CLAWDBOT_STATE_DIR")
    home = env.get("OPENCLAW_HOME") or env.get("HOME") or ""
    if named and home:
        named = home + named[1:] if named.startswith("~") else named
    if named and named.startswith("/"):
        yield named
    elif home.startswith("/"):
        profile = _profile(argv, env)
        yield from (f"{home}/{name}{profile}" for name in (".openclaw", ".clawdbot"))


def _profile(argv: Sequence[str], env: Mapping[str, str]) -> str:
    following = dict(pairwise(argv))
    name = following.get("--profile") or env.get("OPENCLAW_PROFILE") or ""
    if "--dev" in argv:
        name = "dev"
    return f"-{name}" if name and name != "default" else ""


def _pids(proc: Path) -> list[int]:
    try:
        with os.scandir(proc) as entries:
            return [int(entry.name) for entry in entries if entry.name.isdecimal()]
    except OSError:
        return []


def _words(path: Path) -> list[str]:
    try:
        data = read_bounded(path, _BYTES).data
    except OSError:
        return []
    return [word.decode("utf-8", "surrogateescape") for word in data.split(b"\0") if word]


def _identity(path: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(path)  # noqa: PTH116 - a path of another root
    except (OSError, ValueError):
        return None
    return seen.st_dev, seen.st_ino
