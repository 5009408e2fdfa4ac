"""Corpus cases under a guard: a clock that can be moved, people who write down what they are told."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from clawmedic.configuration.sections import Configuration, GuardSection, NotifySection
from clawmedic.guard.look import Seen
from clawmedic.guard.memory import Memory, load_memory
from clawmedic.guard.orders import Orders, SilentDiary, Tools
from clawmedic.guard.report import PassReport
from clawmedic.guard.stopping import Stopping
from clawmedic.guard.watch import guard_pass
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.policy import Policy
from clawmedic.notify.post import Post
from clawmedic.recovery.line import Line
from recovery.rescue_stage import Stage, files, ids_on_disk, stage

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DEAD = "2026.7.1/dead-compact-400-chat"
__all__ = ["DAY", "DEAD", "HOUR", "MINUTE", "Clock", "Guarded", "files", "guarded", "ids_on_disk"]


@dataclass
class Clock:
    """Epoch milliseconds that stand still until they are moved."""

    now: int

    def __call__(self) -> int:
        return self.now


@dataclass
class Guarded:
    """A stage, and the guard that watches it."""

    on: Stage
    clock: Clock
    configuration: Configuration
    told: list[Notice] = field(default_factory=list)
    line: Callable[[], Line] | None = None

    def configure(self, **changes: Any) -> None:
        guard = replace(self.configuration.guard, **changes)
        self.configuration = replace(self.configuration, guard=guard)

    def once(self, **orders: Any) -> PassReport:
        """One pass, as a process of its own makes it: nothing is kept but what is on the disk."""
        post = Post.open(self.on.settings, self.configuration)
        tools = Tools(self.line, post, SilentDiary(), Stopping())
        report = guard_pass(self.on.settings, Orders(self.configuration, **orders), tools, kept(orders))
        self.told += report.notices
        return report

    def later(self, ms: int, **orders: Any) -> PassReport:
        self.clock.now += ms
        return self.once(**orders)

    @property
    def memory(self) -> Memory:
        return load_memory(self.on.settings)

    @property
    def kinds(self) -> list[NoticeKind]:
        return [notice.kind for notice in self.told]


def kept(orders: dict[str, Any]) -> Seen | None:
    return orders.pop("seen", None)


def guarded(
    base: Path, name: str = DEAD, *, policy: Policy | None = Policy.REVIVE, after: int = HOUR, **guard: Any
) -> Guarded:
    """Copy a case; the clock stands some time after its newest row or log line."""
    on = stage(base, name)
    clock = Clock(newest_of(on) + after)
    settings = replace(on.settings, world=replace(on.settings.world, clock=clock))
    configuration = Configuration(GuardSection(policy=policy, **guard), NotifySection())
    return Guarded(dataclasses.replace(on, settings=settings), clock, configuration)


@contextmanager
def gateway_process(on: Stage) -> Iterator[None]:
    """What the gate takes for a gateway of this state directory."""
    command, environment = ["openclaw-gateway", "120"], {"OPENCLAW_STATE_DIR": str(on.state)}
    with subprocess.Popen(command, executable="/bin/sleep", env=environment) as process:
        try:
            yield
        finally:
            process.kill()


def newest_of(on: Stage) -> int:
    """The newest time in the rows."""
    rows: Iterable[dict[str, Any]] = ()
    store = on.sessions / "sessions.json"
    if store.is_file():
        rows = json.loads(store.read_text()).values()
    return max((int(row.get("updatedAt", 0)) for row in rows), default=1_795_440_000_000)
