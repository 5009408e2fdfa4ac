"""What clawmedic sees of a state directory, for `info`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clawmedic.model.report import ScanReport
from clawmedic.model.session import GatewayOwner


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway that claims the directory. `listening` is None where no port is known."""

    owner: GatewayOwner
    listening: bool | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The report, and what is beside it.

    Attributes:
        config_path: OpenClaw's config file, None when there is none.
        own_config: clawmedic's own config file, None when there is none.
        data_folder: where clawmedic keeps what it remembers about this directory.
        policy: the guard's configured policy, None when none is configured.
    """

    report: ScanReport
    gateways: tuple[GatewayView, ...]
    config_path: Path | None
    own_config: Path | None
    data_folder: Path
    policy: str | None
