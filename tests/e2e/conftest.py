"""Fixtures around real gateways. They take minutes and need package registries: run them with `-m e2e`."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypedDict, Unpack
from unittest.mock import patch

import pytest
from lab.gateway import Gateway
from lab.install import VERSIONS, Installation, RegistryUnreachableError, cache_root, install
from lab.isolation import Network, isolated_if_possible
from lab.provider import Provider
from lab.telegram import Telegram


class Options(TypedDict, total=False):
    """What `start_gateway` passes on to `Gateway`."""

    telegram_url: str
    network: Network
    overrides: dict[str, Any]
    verbose: bool


StartGateway = Callable[..., Gateway]
HERE = Path(__file__).parent
CACHE = cache_root()
ENVIRONMENT = dict(os.environ)
"""As it was before any fixture put another home in place: pip and npm read their settings there."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def installed() -> Callable[[str], Installation]:
    """Gives one installed release; skips when a package registry does not answer, and for nothing else."""

    def give(version: str) -> Installation:
        try:
            with patch.dict(os.environ, ENVIRONMENT, clear=True):
                return install(version, CACHE)
        except RegistryUnreachableError as error:
            pytest.skip(f"package registry does not answer: {error}")

    return give


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Every release in turn; override with `@pytest.mark.parametrize("version", [...])`."""
    return str(request.param)


@pytest.fixture
def isolated_network() -> Iterator[Network]:
    """A network that holds only a loopback device, where the machine allows one."""
    made = isolated_if_possible()
    yield made
    made.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A healthy scripted provider on the machine's loopback device; rules make it fail."""
    with Provider() as running:
        yield running


@pytest.fixture
def start_gateway(
    installed: Callable[[str], Installation], provider: Provider, tmp_path: Path
) -> Iterator[StartGateway]:
    """Starts gateways that end with the test. Further arguments go to `Gateway`."""
    with ExitStack() as running:

        def start(version: str, provider_url: str = "", **options: Unpack[Options]) -> Gateway:
            root = tmp_path / f"openclaw-{version}"
            made = Gateway(installed(version), root, provider_url or provider.base_url, **options)
            return running.enter_context(made)

        yield start


@pytest.fixture
def gateway(version: str, start_gateway: StartGateway) -> Gateway:
    """A running gateway of `version` without channels."""
    return start_gateway(version)


@pytest.fixture
def isolated_provider(isolated_network: Network) -> Iterator[Provider]:
    """The provider inside the isolated network."""
    with Provider(listener=isolated_network.listen()) as running:
        yield running


@pytest.fixture
def telegram(isolated_network: Network) -> Iterator[Telegram]:
    """The Telegram stand-in inside the isolated network."""
    with Telegram(listener=isolated_network.listen()) as running:
        yield running


@pytest.fixture
def telegram_gateway(
    version: str,
    start_gateway: StartGateway,
    isolated_network: Network,
    isolated_provider: Provider,
    telegram: Telegram,
) -> Gateway:
    """A running gateway of `version` with a Telegram channel, in the isolated network."""
    return start_gateway(
        version,
        provider_url=isolated_provider.base_url,
        telegram_url=telegram.url,
        network=isolated_network,
    )
