"""Who listens on a TCP port of this host, by the process table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.files import read_bounded
from clawmedic.stores.processes import ProcessTable

_NET_BYTES = 4 * 1024 * 1024
_LISTENING = "0A"
_HERE = frozenset(
    {"0100007F", "00000000", "0" * 32, "0" * 24 + "01000000", "0000000000000000FFFF00000100007F"}
)
"""127.0.0.1, 0.0.0.0, ::, ::1 and ::ffff:127.0.0.1 as the kernel writes them (little-endian words)."""


class Listeners(Struct, frozen=True):
    """What can be seen of a port.

    Attributes:
        known: the system tells who listens; else `open` means nothing.
        open: somebody listens where a loopback connection arrives.
        pids: processes that hold the socket; empty when they belong to somebody we may not look at.
    """

    known: bool
    open: bool = False
    pids: frozenset[int] = frozenset()


def listeners(proc: Path, port: int, likely: Iterable[int] = ()) -> Listeners:
    """Who listens on a port for loopback connections. `likely` processes are looked at first: it saves time."""
    sockets = _sockets(proc, port)
    if sockets is None:
        return Listeners(known=False)
    if not sockets:
        return Listeners(known=True)
    links = {f"socket:[{inode}]" for inode in sockets}
    for candidates in (likely, ProcessTable(proc).pids()):
        found = frozenset(pid for pid in candidates if _holds(proc, pid, links))
        if found:
            return Listeners(known=True, open=True, pids=found)
    return Listeners(known=True, open=True)


def _sockets(proc: Path, port: int) -> set[str] | None:
    """Inodes of listening sockets; None when the system does not tell."""
    found: set[str] = set()
    known = False
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            text = read_bounded(proc / "net" / name, _NET_BYTES).data.decode("ascii", "replace")
            found.update(_inodes(text, port))
            known = True
    return found if known else None


def _inodes(table: str, port: int) -> Iterator[str]:
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTENING:
            address, _, number = fields[1].rpartition(":")
            if address in _HERE and number == f"{port:04X}":
                yield fields[9]


def _holds(proc: Path, pid: int, links: set[str]) -> bool:
    directory = proc / str(pid) / "fd"
    with suppress(OSError):
        for name in os.listdir(directory):  # noqa: PTH208 - thousands of names, of which one is wanted
            with suppress(OSError):
                if os.readlink(f"{directory}/{name}") in links:  # noqa: PTH115 - as above
                    return True
    return False
