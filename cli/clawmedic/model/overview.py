"""What clawmedic sees of a state directory, for `info`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from clawmedic.model.report import ScanReport
from clawmedic.model.session import GatewayOwner

Shown: TypeAlias = bool | int | float | str | tuple[str, ...] | None


class SettingView(Struct, frozen=True):
    """One setting in force, as "section.name". `value` is never a secret; `chosen` says it is not the default."""

    name: str
    value: Shown
    chosen: bool


class GatewayView(Struct, frozen=True):
    """A gateway that claims the directory. `listening` is None where no port is known."""

    owner: GatewayOwner
    listening: bool | None


class Overview(Struct, frozen=True):
    """The report, and what is beside it.

    Attributes:
        config_path: OpenClaw's config file, None when there is none.
        own_config: clawmedic's own config file, None when there is none.
        data_folder: where clawmedic keeps what it remembers about this directory.
        policy: the guard's configured policy, None when none is configured.
        settings: everything that own_config can set, in its order.
    """

    report: ScanReport
    gateways: tuple[GatewayView, ...]
    config_path: Path | None
    own_config: Path | None
    data_folder: Path
    policy: str | None
    settings: tuple[SettingView, ...] = ()
