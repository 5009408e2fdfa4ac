"""Whether files may be changed: only after proving that nobody owns this state directory (design.md 6.1).

Three answers: somebody owns it (refused, whatever is said), nobody does (go on), and it cannot be proven, which is
refused too unless the operator says that the gateway is stopped (`--gateway-stopped`).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from clawmedic.disk.files import describe, list_directory, read_bounded
from clawmedic.errors import BusyError, RefusedError
from clawmedic.model.session import GatewayOwner, Liveness, LockState
from clawmedic.settings import World
from clawmedic.stores.config import DEFAULT_PORT, config_path
from clawmedic.stores.editing_processes import serves_another, users_of
from clawmedic.stores.locks import read_lock
from clawmedic.stores.owners import gateway_locks
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.state import StateReader

_CONNECT_SECONDS = 1.0
_NET_BYTES = 4 * 1024 * 1024
_LISTENING = "0A"
STOP_HINT = "stop the gateway first (`openclaw gateway stop`), or let the gateway do it: see `clawmedic info`"


def prove_nobody_owns(state: StateReader, world: World, *, gateway_stopped: bool = False) -> None:
    """Return when files of this state directory may be changed.

    Looked at anew, not as they were when `state` was read: gateway locks, processes, lock files of transcripts and
    stores, the port of its config. `state` gives the leases of its database.

    Args:
        state: the state directory as it was read.
        world: where processes and gateway locks are looked for.
        gateway_stopped: the operator vouches for what cannot be proven.

    Raises:
        BusyError: a running process holds the lock of a transcript or store.
        RefusedError: a gateway runs with it, or that none does cannot be proven.
    """
    table = ProcessTable(world.proc)
    doubts: list[str] = []
    for owner in (*state.owners, *_fresh_locks(state, world, table)):
        if owner.liveness is Liveness.ALIVE:
            raise RefusedError(f"a gateway runs with this state directory ({owner.why})", hint=STOP_HINT)
        if owner.liveness is Liveness.UNKNOWN:
            doubts.append(owner.why)
    for pid in users_of(world.proc, state.root):
        raise RefusedError(f"OpenClaw runs with this state directory (pid {pid})", hint=STOP_HINT)
    doubts += _lock_doubts(state, table, world)
    doubts += _port_doubts(state, world)
    if not table.available:
        doubts.append("there is no process table to ask")
    if doubts and not gateway_stopped:
        raise RefusedError(
            f"cannot prove that nobody owns this state directory: {'; '.join(dict.fromkeys(doubts))}",
            hint="when you are sure that no gateway uses it, say so with --gateway-stopped",
        )


def store_locks(state: StateReader, table: ProcessTable, now: int) -> Iterator[LockState]:
    """Every lock file of the file-generation stores, judged."""
    for directory in dict.fromkeys(store.status().path.parent for store in state.stores):
        try:
            names = [listed.path for listed in list_directory(directory)]
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RefusedError(f"{directory} {describe(error)}", hint="nothing was changed") from error
        for name in names:
            if name.endswith((".jsonl.lock", "/sessions.json.lock")):
                found = read_lock(Path(name), table, now)
                if found is not None:
                    yield found


def _fresh_locks(state: StateReader, world: World, table: ProcessTable) -> Iterator[GatewayOwner]:
    config = Path(state.config.path) if state.config.path else config_path(world, state.root)
    uids = {world.uid}
    with suppress(OSError):
        uids.add(state.root.stat().st_uid)  # root looks after another user's store
    for uid in sorted(uids):
        yield from gateway_locks(
            replace(world, uid=uid), state.root, config or state.root / "openclaw.json", table
        )


def _lock_doubts(state: StateReader, table: ProcessTable, world: World) -> Iterator[str]:
    for lock in store_locks(state, table, world.clock()):
        if lock.liveness is Liveness.ALIVE:
            raise BusyError(
                f"{lock.path.name} is held: {lock.why}", hint="a run is going on; wait until it ends"
            )
        if lock.liveness is Liveness.UNKNOWN:
            yield f"{lock.path.name}: {lock.why}"


def _port_doubts(state: StateReader, world: World) -> Iterator[str]:
    named = {owner.port for owner in state.owners if owner.port and owner.liveness is not Liveness.DEAD}
    for port in sorted({state.config.gateway_port or DEFAULT_PORT, *named}):
        why = port_in_use(port, world.proc)
        if why and not serves_another(world.proc, port, state.root):
            yield why


def port_in_use(port: int, proc: Path = Path("/proc")) -> str:
    """Why a TCP port of this host is not free, "" when it is: nobody listens, and connections are refused."""
    if port in _listening(proc):
        return f"port {port} of its config is open"
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.settimeout(_CONNECT_SECONDS)
                probe.connect((address, port))
        except ConnectionRefusedError:
            continue
        except TimeoutError:
            return f"port {port} of its config does not say whether it is open"
        except OSError:  # no such family or address on this host
            continue
        return f"port {port} of its config is open"
    return ""


def _listening(proc: Path) -> set[int]:
    """Ports with a listener on any address, as far as the system tells."""
    found: set[int] = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = (
                read_bounded(proc / "net" / name, _NET_BYTES).data.decode("ascii", "replace").splitlines()[1:]
            )
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 3 and fields[3] == _LISTENING:
                with suppress(ValueError):
                    found.add(int(fields[1].rpartition(":")[2], 16))
    return found
