"""A state directory, a clock that tests put forward, and the post on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

from clawmedic.configuration.sections import Configuration, NotifySection
from clawmedic.notify.post import Post
from clawmedic.settings import Settings, World

NOW = 1_790_000_000_000


@dataclass
class Desk:
    """Opens the post as a new process would."""

    root: Path
    now: int = NOW
    env: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        world = World(
            MappingProxyType({"XDG_STATE_HOME": str(self.root / "own"), **self.env}),
            self.root,
            self.root,
            self.root,
            0,
            clock=lambda: self.now,
            host="rose",
        )
        state = self.root / "state"
        state.mkdir(exist_ok=True)
        return Settings(world=world, state_dir=state)

    def post(self, *urls: str, **section: object) -> Post:
        return Post.open(self.settings, Configuration(notify=NotifySection(urls=urls, **section)))

    @property
    def file(self) -> Path:
        return next((self.root / "own").rglob("post.json"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
