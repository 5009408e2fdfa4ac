"""A fake gateway for each test, and a connection to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.client import GatewayClient, Introduction, connect
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.identity import load_or_make_identity
from clawmedic.gateway.secret import Secret
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings, World
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.state import StateReader
from gateway_server import TOKEN, FakeGateway, serving
from harness import CORPUS

Start = Callable[[FakeGateway], FakeGateway]
Connect = Callable[..., GatewayClient]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:
        yield lambda gateway: running.enter_context(serving(gateway))


@pytest.fixture
def world(tmp_path: Path) -> World:
    env = {"XDG_STATE_HOME": str(tmp_path / "own"), "PATH": "/usr/bin:/bin"}
    return World(env, tmp_path, tmp_path, tmp_path / "tmp", 0)


@pytest.fixture
def join(world: World) -> Iterator[Connect]:
    """Connect to a fake gateway with this token."""
    with ExitStack() as running:

        def call(gateway: FakeGateway, token: str | None = TOKEN, timeout: float = 5.0) -> GatewayClient:
            credentials = Credentials(Secret.of(token), None, "option" if token else "nowhere")
            introduction = Introduction(credentials, lambda: load_or_make_identity(world), world.clock)
            return running.enter_context(
                connect(Address(gateway.url, Origin.OPTION), introduction, timeout=timeout)
            )

        yield call


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A copy of a real state directory."""
    target = tmp_path / "state"
    shutil.copytree(CORPUS / "2026.7.1" / "dead-compact-400-chat" / "state", target, symlinks=True)
    return target


@pytest.fixture
def settings(world: World, state_dir: Path) -> Settings:
    return Settings(world, state_dir)


@pytest.fixture
def state(settings: Settings) -> Iterator[StateReader]:
    with open_for_reading(settings, SilentReporter()) as reader:
        yield reader
