"""Where the gateway is, whether one listens there, and whether it serves *this* state directory (design.md 6.1).

Another OpenClaw on the host does not count, and what cannot be proven is not ours. Two proofs hold: the process that
listens runs with this very directory (device and inode, seen through its own root), or the gateway names the boot that
this directory's state database records. A directory's name alone proves something only where there is no process
table to ask: a container, a tunnel or a copy may use the same name.
"""

from __future__ import annotations

import socket
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.gateway.address import Address, find_address
from clawmedic.gateway.failures import NotOursError, UnreachableError
from clawmedic.gateway.frames import Hello, one_line
from clawmedic.gateway.listeners import Listeners, listeners
from clawmedic.settings import Settings, World
from clawmedic.stores.editing_processes import looks_like_work, users_of
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.running import argv_of
from clawmedic.stores.state import StateReader

_PROBE_SECONDS = 1.0


class Ownership(StrEnum):
    """Whose gateway it is."""

    OURS = "ours"
    SOMEBODY_ELSES = "somebody else's"
    UNPROVABLE = "unprovable"
    NONE = "none"


class Located(Struct, frozen=True):
    """Where the gateway should be, and what is known of it without or after connecting.

    `reasons` are for people, one line each, the newest last.
    """

    address: Address
    ownership: Ownership
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        """All reasons as one line."""
        return "; ".join(self.reasons)

    def require_ours(self) -> None:
        """Return only for a gateway that provably serves this state directory.

        Raises:
            UnreachableError: there is none.
            NotOursError: it serves another one, or nobody can tell.
        """
        if self.ownership is Ownership.NONE:
            raise UnreachableError(f"no gateway runs: {self.why}", hint="start it (`openclaw gateway run`)")
        if self.ownership is not Ownership.OURS:
            raise NotOursError(
                f"the gateway at {self.address.shown} is not proven to serve this state directory: {self.why}",
                hint="name the right one with --url, or the right state directory with --state-dir",
            )


def find_gateway(settings: Settings, state: StateReader, *, url: str | None = None) -> Located:
    """Where the gateway of a state directory is, and whose it is as far as this host tells without connecting.

    `url` is the operator's `--url`; None means owner, environment, config and default, in this order.

    Raises:
        UsageError: a URL that is none.
    """
    world = settings.world
    address = find_address(world, state, url)
    origin = f"{address.shown} by {address.origin}"
    if not address.loopback:
        return Located(address, Ownership.UNPROVABLE, (origin, "it is on another host"))
    # A lease will not do for a proof: a copy of the state database holds it, too.
    users = frozenset(users_of(world.proc, state.root))
    seen = listeners(world.proc, address.port, sorted(users))
    if not (seen.open if seen.known else _answers(address)):
        why = "nobody listens there"
        if users:
            why = f"pid {min(users)} runs with this state directory, but does not listen there"
        return Located(address, Ownership.NONE, (origin, why))
    ownership, why = _judge(world, seen, users)
    return Located(address, ownership, (origin, why))


def _judge(world: World, seen: Listeners, users: frozenset[int]) -> tuple[Ownership, str]:
    ours = sorted(seen.pids & users)
    if ours:
        return Ownership.OURS, f"pid {ours[0]} listens there and runs with this state directory"
    for pid in sorted(seen.pids):
        if looks_like_work(argv_of(world.proc, pid)):
            return Ownership.SOMEBODY_ELSES, f"pid {pid} listens there and runs with another state directory"
    if seen.pids:
        return Ownership.UNPROVABLE, f"pid {min(seen.pids)} listens there, which is no OpenClaw process"
    return Ownership.UNPROVABLE, "which process listens there cannot be seen"


def _answers(address: Address) -> bool:
    """Whether a TCP connection is taken; asked only where the system does not list its listeners."""
    try:
        socket.create_connection((address.host, address.port), _PROBE_SECONDS).close()
    except TimeoutError:
        return True  # something is there, and it hangs
    except OSError:
        return False
    return True


def confirm(located: Located, hello: Hello, settings: Settings, state: StateReader) -> Located:
    """What is known once the gateway has introduced itself: `hello` names its state directory and its boot."""
    if located.ownership in (Ownership.OURS, Ownership.SOMEBODY_ELSES):
        return located
    alone = located.address.loopback and not ProcessTable(settings.world.proc).available
    ownership, why = _told(hello, state, loopback=located.address.loopback, alone=alone)
    return replace(located, ownership=ownership, reasons=(*located.reasons, why))


def _told(hello: Hello, state: StateReader, *, loopback: bool, alone: bool) -> tuple[Ownership, str]:
    """By what the gateway says of itself. `alone`: its word is all there is, for want of a process table."""
    told = hello.state_dir
    here = _same(told, state.root)
    recorded = hello.boot_id != "" and hello.boot_id in state.boot_ids
    copied = bool(told) and not here and loopback and Path(told).is_dir()
    if recorded and not copied:  # a copy of a state directory records the boot of the original, too
        return Ownership.OURS, "it names the boot that this state directory records"
    if not told:
        return Ownership.UNPROVABLE, "it does not say which state directory it serves"
    if not here:
        return Ownership.SOMEBODY_ELSES, f"it serves {one_line(told)}"
    if alone:
        return Ownership.OURS, "it says that it serves this directory, and nothing speaks against it"
    return Ownership.UNPROVABLE, "it serves a directory of this name, perhaps in another place"


def _same(told: str, root: Path) -> bool:
    if not told:
        return False
    try:
        return Path(told) == root or Path(told).samefile(root)
    except (OSError, ValueError):
        return False
