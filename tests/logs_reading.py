"""How the tests of this room read logs: the public way, and line by line."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from clawmedic.logs.opening import HEAD_BYTES
from clawmedic.logs.scan import LogScan, signals
from clawmedic.logs.shapes import LineParser
from clawmedic.logs.signals import Signal
from clawmedic.logs.signatures import match
from clawmedic.logs.sniffing import sniff
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings, World
from clawmedic.stores.config import OpenClawConfig

NOW = 1795500000000


def world(root: Path, **env: str) -> World:
    return World(
        MappingProxyType(env), root / "home", root, root / "tmp", uid=root.stat().st_uid, clock=lambda: NOW
    )


def settings(root: Path, *logs: Path | str, **more: object) -> Settings:
    return Settings(world(root), root / "state", logs=tuple(str(log) for log in logs), **more)


def scan(root: Path, *logs: Path | str, window: TimeWindow | None = None) -> LogScan:
    sources = find_sources(settings(root, *logs), OpenClawConfig())
    return signals(sources, window or TimeWindow(), SilentReporter())


def line_by_line(path: Path) -> list[Signal]:
    data = path.read_bytes()
    shape = sniff(data[:HEAD_BYTES])
    parser = LineParser(str(path), int(path.stat().st_mtime * 1000), timestamped=shape.timestamped)
    records = (parser.parse(raw, number) for number, raw in enumerate(data.split(b"\n"), start=1))
    found = (match(record) for record in records if record is not None)
    return [signal for signal in found if signal is not None]
