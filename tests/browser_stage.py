"""The browser on a screen that is not there: run a scenario, then read the rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from backup_stage import Stage
from clawmedic.backups.catalogue import catalogue
from clawmedic.model.backup import Backup
from clawmedic.model.reporter import SilentReporter
from clawmedic.output.browser.app import Browser
from clawmedic.settings import Settings, Times
from harness import CorpusCase

SMALL, LARGE = (80, 24), (200, 50)


@dataclass
class Seat:
    """Somebody in front of the browser."""

    app: Browser
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until everything that they began is over."""
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def write(self, text: str) -> None:
        """Put a text into the field that has the keyboard."""
        field = self.app.focused
        assert isinstance(field, Input), field
        field.value = text

    async def settle(self) -> None:
        """Wait for reading, searching, judging; and for the screen."""
        for _ in range(600):
            await asyncio.sleep(0.005)
            busy = any(not worker.is_finished for worker in self.app.workers)
            if not busy and (self.app._open is None or self.app._loaded):
                break
        else:
            raise AssertionError("the browser does not come to rest\n" + self.text())
        await self.pilot.pause()

    def rows(self) -> list[str]:
        """The rows of the screen; each as wide as the screen is."""
        rows = [
            "".join(segment.text for segment in strip)
            for strip in self.app.screen._compositor.render_strips()
        ]
        width, height = self.app.size
        assert len(rows) == height
        assert {cell_len(row) for row in rows} == {width}, rows
        return rows

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(row.rstrip() for row in self.rows())

    def notices(self) -> str:
        """What was told in notices."""
        return "\n".join(f"{note.title}: {note.message}" for note in self.app._notifications)

    def node(self) -> Backup | None:
        """The copy under the cursor of the shelf."""
        return self.app.shelf.node.copy if self.app.shelf.node else None


Scenario = Callable[[Seat], Awaitable[None]]


def sit(settings: Settings, scenario: Scenario, *, size: tuple[int, int] = SMALL) -> None:
    """Run a scenario in the browser of a state directory, from the moment when the verdicts are there."""
    archive = catalogue(settings, SilentReporter(), use_cache=False)

    async def run() -> None:
        app = Browser(settings, archive)
        try:
            async with app.run_test(size=size) as pilot:
                seat = Seat(app, pilot)
                await seat.settle()
                await scenario(seat)
        finally:
            app.close_desks()

    asyncio.run(run())


def settings_of(case: CorpusCase, tmp: Path, **env: str) -> Settings:
    """Settings for a copy of a corpus case, with its logs; files are made in `tmp`/out."""
    from msgspec.structs import replace

    world = Stage(tmp).world()
    (tmp / "out").mkdir(exist_ok=True)
    logs = tuple(str(path) for path in sorted((case.root / "logs").glob("*.log"))) or ("/dev/null",)
    return Settings(
        replace(world, env={**world.env, **env}, cwd=tmp / "out"),
        case.state,
        logs=logs,
        times=Times(utc=True),
    )
