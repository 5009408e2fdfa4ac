"""The whole drill played once, at a fixed time, and its screen recorded: `python tests/drill/recording.py` renews it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from clawmedic.drill.rehearsal import rehearse
from clawmedic.drill.report import DrillReport
from clawmedic.drill.scenes import scenes
from clawmedic.output.drill import DrillPage, show_introduction, show_sum
from clawmedic.output.screen import Screen
from clawmedic.settings import Settings, World

SVG = Path(__file__).parents[2] / "docs" / "drill.svg"
WIDTH = 116
NOON = 1_795_867_200_000  # 2026-11-28T12:00:00Z
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_LINE = re.compile(r'<text class="[^"]*-matrix" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')


@dataclass(frozen=True)
class Recording:
    report: DrillReport
    svg: str


def record(directory: Path) -> Recording:
    """Play all of it in a directory that is not there yet."""
    ticks = count(NOON)
    world = World({}, directory / "home", directory, directory, 0, clock=lambda: next(ticks))
    settings = Settings(world, directory)
    played = scenes()
    with recorded_screen(settings) as (screen, console):
        show_introduction(screen)
        page = DrillPage(screen, lambda _: None, directory / "made", played)
        report = rehearse(world, directory / "made", page, played=played)
        show_sum(screen, replace(report, elapsed_ms=0), kept=False)
    svg = console.export_svg(title="clawmedic drill", unique_id="drill")
    return Recording(report, _FONTS.sub("", svg) + "\n")


@contextmanager
def recorded_screen(settings: Settings) -> Iterator[tuple[Screen, Console]]:
    """A screen that keeps what is drawn on it."""
    screen = Screen(settings)
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        markup=False,
        highlight=False,
        emoji=False,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        _environ={},
    )
    screen._console = console
    yield screen, console


def words_of(svg: str) -> list[str]:
    """The lines of a recorded screen, without their looks."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in _LINE.findall(svg):
        lines.setdefault(float(y), []).append((float(x), unescape(text).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(parts)).rstrip() for _, parts in sorted(lines.items())]


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        made = record(Path(place) / "drill")
    SVG.parent.mkdir(exist_ok=True)
    SVG.write_text(made.svg, encoding="utf-8")
    sys.exit(bool(made.report.wrong))
