"""The pages of `info` and `ack`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clawmedic.model.overview import GatewayView, Overview, SettingView
from clawmedic.model.session import Liveness
from clawmedic.model.verdict import Verdict
from clawmedic.output.palette import STORES, VERDICTS
from clawmedic.output.screen import Cell, Column, Screen
from clawmedic.output.text import count_of, duration, moment, size, visible
from clawmedic.triage.acks import Ack

ROOM = 12


def show_info(screen: Screen, view: Overview) -> None:
    """What clawmedic sees."""
    report = view.report
    store = STORES[report.generation]
    screen.labelled(
        "OpenClaw", (visible(report.version or "version unknown"), "bold"), f", {store}", indent=0, room=ROOM
    )
    _path(screen, "state", report.state_dir)
    _path(screen, "config", view.config_path)
    agents = sorted({item.session.agent for item in report.sessions})
    bytes_total = sum(item.session.transcript.size_bytes for item in report.sessions)
    sessions = count_of(len(report.sessions), "session")
    of_agents = f" of {count_of(len(agents), 'agent')} ({', '.join(agents)})" if agents else ""
    screen.labelled("sessions", visible(f"{sessions}{of_agents}, {size(bytes_total)}"), indent=0, room=ROOM)
    counts = [(verdict, report.totals[verdict]) for verdict in Verdict if report.totals[verdict]]
    words = ", ".join(f"{count} {VERDICTS[verdict].word}" for verdict, count in counts)
    screen.labelled("verdicts", words or "none", indent=0, room=ROOM)
    _gateways(screen, view.gateways)
    _several(screen, "logs", report.log_sources, "none found: name one with --log FILE, or use --journal")
    _path(screen, "own config", view.own_config)
    policy = view.policy or "none configured: the guard observes"
    screen.labelled("policy", visible(policy), indent=0, room=ROOM)
    _several(
        screen,
        "settings",
        [_setting(one) for one in view.settings if one.chosen and one.name != "guard.policy"],
        "",
    )
    _path(screen, "own data", view.data_folder)
    _several(screen, "notes", report.problems, "")


def _setting(one: SettingView) -> str:
    """A setting as the configuration file spells it."""
    value = one.value
    if isinstance(value, bool):
        words = "true" if value else "false"
    elif isinstance(value, tuple):
        words = ", ".join(value)
    elif isinstance(value, int) and one.name.endswith("_ms"):
        words = duration(value)
    elif isinstance(value, int) and one.name.endswith("_bytes"):
        words = size(value)
    else:
        words = str(value)
    return f"{one.name.removesuffix('_ms').removesuffix('_bytes')} = {words}"


def _path(screen: Screen, label: str, path: Path | None) -> None:
    """A path can be copied: it is never broken into two lines."""
    screen.exact(label, visible(str(path)) if path else "none", style="", indent=0, room=ROOM)


def _gateways(screen: Screen, gateways: Sequence[GatewayView]) -> None:
    if not gateways:
        screen.labelled("gateway", "none claims this directory", indent=0, room=ROOM)
    shown = gateways if screen.settings.verbose else [item for item in gateways if not _is_over(item)]
    for gateway in shown:
        owner = gateway.owner
        port = f"port {owner.port}, " if owner.port else ""
        answer = {True: "reachable", False: "not reachable", None: "no port known"}[gateway.listening]
        style = "green" if gateway.listening else "yellow" if owner.liveness is Liveness.ALIVE else "dim"
        since = f", since {moment(owner.started_at, screen.settings.times)}" if owner.started_at else ""
        pid = f"pid {owner.pid} is {owner.liveness.value}, " if owner.pid else ""
        screen.labelled(
            "gateway", (answer, style), f" ({visible(f'{port}{pid}{owner.why}{since}')})", indent=0, room=ROOM
        )

    if len(shown) < len(gateways):
        starts = count_of(len(gateways) - len(shown), "start")
        screen.labelled(
            "", (f"{starts} without a recorded end, all dead: -v shows them", "dim"), indent=0, room=ROOM
        )


def _is_over(gateway: GatewayView) -> bool:
    """A start of long ago that left no lease and no port: it says nothing about who owns the directory now."""
    return gateway.owner.liveness is Liveness.DEAD and gateway.owner.port is None


def _several(screen: Screen, label: str, lines: Sequence[str], otherwise: str) -> None:
    for place, line in enumerate(lines or ([otherwise] if otherwise else [])):
        screen.labelled(label if place == 0 else "", visible(line), indent=0, room=ROOM)


def show_acks(screen: Screen, acks: Sequence[Ack]) -> None:
    """Everything acknowledged, oldest first."""
    if not acks:
        screen.line("nothing is acknowledged")
        return
    times = screen.settings.times
    screen.table(
        [Column("ACKNOWLEDGED"), Column("FINDING"), Column("SESSION", flexible=True)],
        [
            [Cell(moment(ack.acknowledged_at, times)), Cell(visible(ack.code)), Cell(visible(ack.key))]
            for ack in acks
        ],
    )
