"""OpenClaw processes that use a state directory, by what the process table says of them.

Some gateways leave no lock file (`OPENCLAW_ALLOW_MULTI_GATEWAY`), and some run in a container that shares the
directory. A process counts when it looks like a gateway or an agent run of OpenClaw, and its state directory
is the same directory as ours: device and inode, seen through its own root.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from clawmedic.disk.files import read_bounded

_BYTES = 256 * 1024
_NET_BYTES = 4 * 1024 * 1024
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


def serves_another(proc: Path, port: int, root: Path) -> bool:
    """Whether everybody who listens on a port is provably OpenClaw with another state directory than `root`.

    Such a gateway does not count (design.md 6.1): copies of a state directory name the port of the original.
    """
    ours, sockets = _identity(str(root)), _listening_sockets(proc, port)
    holders = [pid for pid in _pids(proc) if sockets and _holds(proc, pid, sockets)]
    held = {name for pid in holders for name in _held(proc, pid, sockets)}
    return bool(sockets) and held == sockets and all(_is_elsewhere(proc, pid, ours) for pid in holders)


def _is_elsewhere(proc: Path, pid: int, ours: tuple[int, int] | None) -> bool:
    if not looks_like_work(_words(proc / str(pid) / "cmdline")):
        return False
    found = [_identity(f"{proc}/{pid}/root{place}") for place in _state_dirs(proc / str(pid))]
    known = [one for one in found if one is not None]
    return bool(known) and ours not in known


def _listening_sockets(proc: Path, port: int) -> frozenset[str]:
    """The sockets that listen on a port, on any address, as `/proc/<pid>/fd` names them."""
    found: set[str] = set()
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            text = read_bounded(proc / "net" / name, _NET_BYTES).data.decode("ascii", "replace")
            fields = [line.split() for line in text.splitlines()[1:]]
            found |= {
                f"socket:[{one[9]}]"
                for one in fields
                if len(one) > 9 and one[3] == "0A" and one[1].endswith(f":{port:04X}")
            }
    return frozenset(found)


def _holds(proc: Path, pid: int, sockets: frozenset[str]) -> bool:
    return any(True for _ in _held(proc, pid, sockets))


def _held(proc: Path, pid: int, sockets: frozenset[str]) -> Iterator[str]:
    directory = f"{proc}/{pid}/fd"
    with suppress(OSError):
        for name in os.listdir(directory):  # noqa: PTH208 - thousands of names, of which one is wanted
            with suppress(OSError):
                target = os.readlink(f"{directory}/{name}")  # noqa: PTH115 - as above
                if target in sockets:
                    yield target


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
