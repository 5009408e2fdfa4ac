"""Gateways found in the process table: OpenClaw's own process title, and the state directory of its environment.

This needs neither lease nor lock: 4.15 and 7.1 leave none in the state directory. Of a process' environment three
names are looked at and nothing is kept. Another gateway on this host, with another state directory, is no owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from clawmedic.disk.files import read_bounded
from clawmedic.model.session import GatewayOwner, Liveness
from clawmedic.stores.processes import ProcessTable

_ENTRIES = ("openclaw.mjs", "dist/index.js", "dist/entry.js")
_NAMES = ("HOME", "OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH")
_LIMIT_BYTES = 256 * 1024
_TITLE = "openclaw-gateway"


def running_gateways(table: ProcessTable, root: Path, config: Path) -> list[GatewayOwner]:
    """Gateway processes of this state directory; those whose environment is closed to us are left out."""
    found: list[tuple[bool, GatewayOwner]] = []
    for pid, argv in _gateways(table):
        env = _environment(table.root / str(pid) / "environ")
        if env is not None and _is_ours(env, root, config):
            why = f"pid {pid} runs as a gateway of this state directory"
            titled = argv[0] == _TITLE
            found.append((titled, GatewayOwner(pid, None, table.started_ms(pid), None, Liveness.ALIVE, why)))
    # `openclaw gateway run` starts the gateway itself as a child, which alone has the title.
    named = [owner for titled, owner in found if titled]
    return named or [owner for _, owner in found]


def _gateways(table: ProcessTable) -> Iterator[tuple[int, list[str]]]:
    for pid in table.pids():
        argv = _words(table.root / str(pid) / "cmdline")
        if argv and is_gateway(argv):
            yield pid, argv


def is_gateway(argv: list[str]) -> bool:
    """As OpenClaw judges it: its process title, or its entry with the word `gateway` (7.1 isGatewayArgv)."""
    name = argv[0].rpartition("/")[2].strip()
    if name == _TITLE:
        return True
    if "gateway" not in argv:
        return False
    return name in {"openclaw", "clawdbot"} or any(word.endswith(_ENTRIES) for word in argv)


def _words(path: Path) -> list[str]:
    """NUL-separated words; a changed title is padded with blanks."""
    try:
        data = read_bounded(path, _LIMIT_BYTES).data
    except OSError:
        return []
    return [word for part in data.split(b"\0") if (word := part.decode("utf-8", "surrogateescape").strip())]


def argv_of(proc: Path, pid: int) -> list[str]:
    """The arguments of a process; none when it is gone or closed to us."""
    return _words(proc / str(pid) / "cmdline")


def _environment(path: Path) -> dict[str, str] | None:
    """The three names, None when the process belongs to somebody else."""
    words = _words(path)
    if not words:
        return None
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs if name in _NAMES}


def _is_ours(env: Mapping[str, str], root: Path, config: Path) -> bool:
    home = env.get("HOME", "")
    state = env.get("OPENCLAW_STATE_DIR", "").strip()
    if state:
        return _same(Path(state.replace("~", home, 1) if state.startswith("~") else state), root)
    named = env.get("OPENCLAW_CONFIG_PATH", "").strip()
    if named and _same(Path(named), config):
        return True
    return bool(home) and any(_same(Path(home) / name, root) for name in (".openclaw", ".clawdbot"))


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except (OSError, ValueError):
        return False
