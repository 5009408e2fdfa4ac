"""One state directory, open for reading: its config, its agents' stores, and what their sessions share."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from msgspec import Struct

from clawmedic.model.session import GatewayOwner, Generation, PendingInput
from clawmedic.stores.config import OpenClawConfig
from clawmedic.stores.cooldowns import Cooldown
from clawmedic.stores.reader import StoreReader, StoreStatus


class StateReader(Struct, frozen=True):
    """What `opening.open_for_reading` gives.

    Attributes:
        generation: the newest generation found; agents may differ during a migration.
        version: OpenClaw's version as "2026.7.1", or None; `version_source` says where it was read.
        owners: gateways that claim this directory (leases, locks, a listening port), newest first.
        problems: things that could not be read, one line each; never a reason to stop.
    """

    root: Path
    generation: Generation
    version: str | None
    version_source: str
    config: OpenClawConfig
    stores: tuple[StoreReader, ...]
    owners: tuple[GatewayOwner, ...]
    problems: tuple[str, ...]
    free_bytes: int | None
    dialect: str = ""
    """Which behaviour the files show: "4.15", "7.1" or "9.6"; "" when there is nothing to judge by."""
    cooldowns: tuple[Cooldown, ...] = ()
    shared: StoreStatus | None = None
    """The state database `state/openclaw.sqlite`, None when there is none."""
    boots: tuple[int, ...] = ()
    """When gateways began with this state directory, newest first, epoch milliseconds (9.6 records them)."""
    unclaimed: tuple[PendingInput, ...] = ()
    """Messages in the ingress spool that belong to no known session."""
    boot_ids: tuple[str, ...] = ()
    """Ids of recorded boots without an end, newest first (9.6): a gateway names its own when it is connected to."""

    def close(self) -> None:
        """Release every store."""
        for store in self.stores:
            store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
