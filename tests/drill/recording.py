"""The whole drill played at a fixed time, its screen recorded: `PYTHONPATH=tests python tests/drill/recording.py`."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape, unescape
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace
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
_TEXT = re.compile(
    r'<text class="(drill-r\d+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" (clip-path="[^"]+")>(.*?)</text>'
)
_CELL = 12.2
"""The width of a character in rich's picture."""


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
    return Recording(report, _TEXT.sub(_bare, _FONTS.sub("", svg)) + "\n")


@contextmanager
def recorded_screen(
    settings: Settings, width: int = WIDTH, *, terminal: bool = True
) -> Iterator[tuple[Screen, Console]]:
    """A screen that keeps what is drawn on it."""
    screen = Screen(settings)
    console = Console(
        file=io.StringIO(),
        record=True,
        width=width,
        markup=False,
        highlight=False,
        emoji=False,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        legacy_windows=False,
        _environ={},
    )
    screen._console = console
    yield screen, console


def _bare(found: re.Match[str]) -> str:
    """A piece of text without blanks around it: some viewers leave out those at its beginning."""
    style, x, y, _, clip, text = found.groups()
    words = unescape(text)
    bare = words.strip("\xa0 ")
    if not bare:
        return ""
    left = float(x) + _CELL * (len(words) - len(words.lstrip("\xa0 ")))
    return (
        f'<text class="{style}" x="{left:g}" y="{y}" textLength="{_CELL * len(bare):g}" {clip}>'
        f"{escape(bare, quote=False)}</text>"
    )


def words_of(svg: str) -> list[list[str]]:
    """The pieces of every line of a recorded screen, without their looks."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for _, x, y, _, _, text in _TEXT.findall(svg):
        lines.setdefault(float(y), []).append((float(x), unescape(text)))
    return [[text for _, text in sorted(parts)] for _, parts in sorted(lines.items())]


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        made = record(Path(place) / "drill")
    SVG.parent.mkdir(exist_ok=True)
    SVG.write_text(made.svg, encoding="utf-8")
    sys.exit(bool(made.report.wrong))
