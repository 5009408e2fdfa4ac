"""What `info` says: the examination, and whether a gateway answers on its port."""

from __future__ import annotations

import socket
from pathlib import Path

from clawmedic.configuration.load import load_configuration
from clawmedic.configuration.summary import in_force
from clawmedic.disk.places import state_folder
from clawmedic.model.overview import GatewayView, Overview
from clawmedic.model.report import ScanReport
from clawmedic.model.session import GatewayOwner
from clawmedic.settings import Settings

CONNECT_SECONDS = 0.3


def overview(settings: Settings, report: ScanReport) -> Overview:
    """Add what stands beside the stores; connects to each known port of a gateway for at most 0.3 s.

    Raises:
        UsageError: clawmedic's own configuration is wrong.
    """
    configuration = load_configuration(settings)
    return Overview(
        report=report,
        gateways=tuple(GatewayView(owner=owner, listening=_answers(owner)) for owner in report.owners),
        config_path=_openclaw_config(settings),
        own_config=configuration.path,
        data_folder=state_folder(settings.world, settings.state_dir),
        policy=configuration.guard.policy,
        settings=in_force(configuration),
    )


def is_listening(port: int, *, timeout: float = CONNECT_SECONDS) -> bool:
    """Whether something on this host accepts a connection to the port. Sends nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout):
            return True
    except (OSError, OverflowError):  # refused, timed out, or no port number at all
        return False


def _answers(owner: GatewayOwner) -> bool | None:
    return is_listening(owner.port) if owner.port else None


def _openclaw_config(settings: Settings) -> Path | None:
    named = settings.world.env.get("OPENCLAW_CONFIG_PATH", "").strip()
    candidate = Path(named) if named else settings.state_dir / "openclaw.json"
    return candidate if candidate.is_file() else None
