"""The gateway that clawmedic's own configuration names, and where its token comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.configuration.sections import GatewaySection
from clawmedic.gateway.credentials import token_of
from clawmedic.gateway.failures import CredentialsError
from clawmedic.recovery.line import Line
from clawmedic.settings import Settings
from clawmedic.stores.state import StateReader
from gateway.conftest import Start
from gateway_server import TOKEN, FakeGateway


@pytest.fixture
def alone(settings: Settings, tmp_path: Path) -> Settings:
    """Where no process table speaks against what the gateway says of itself."""
    env = {**settings.world.env, "MINE": f" {TOKEN}\n", "EMPTY": " "}
    return replace(settings, world=replace(settings.world, proc=tmp_path / "no proc", env=env))


def configured(settings: Settings, *lines: str) -> Settings:
    path = settings.state_dir.parent / "own.toml"
    path.write_text("\n".join(["[gateway]", *lines]))
    return replace(settings, config_file=path)


@pytest.mark.parametrize("where", ["token_env", "token_file"])
def test_url_and_token_of_the_configuration(
    start: Start, alone: Settings, state: StateReader, tmp_path: Path, where: str
) -> None:
    ours = start(FakeGateway(state_dir=str(state.root)))
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    value = "MINE" if where == "token_env" else str(tmp_path / "token")
    with Line(configured(alone, f"url = '{ours.url}'", f"{where} = '{value}'")) as line:
        assert line.reach(state) is not None, line.why


def test_its_token_goes_to_its_own_url_alone(start: Start, alone: Settings, state: StateReader) -> None:
    other = start(FakeGateway(state_dir=str(state.root)))
    named = configured(alone, "url = 'ws://127.0.0.1:1'", "token_env = 'MINE'")
    with Line(named, url=other.url) as line:
        assert line.reach(state) is None
    assert TOKEN not in line.why
    with Line(named, url=other.url, token=TOKEN) as line:
        assert line.reach(state) is not None, "what the operator gives goes where he says"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (GatewaySection(token_env="NONE"), "the variable NONE is not set (token_env in [gateway])"),
        (GatewaySection(token_env="EMPTY"), "the variable EMPTY is not set"),
        (GatewaySection(token_file=Path("/none/such")), "/none/such missing (token_file in [gateway])"),
        (GatewaySection(token_file=Path("/dev/null")), "/dev/null"),
    ],
)
def test_a_token_that_is_not_there(alone: Settings, section: GatewaySection, said: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        token_of(section, alone.world)
    assert caught.value.message.startswith(said)


def test_without_a_word_of_it_openclaw_s_own_is_taken(alone: Settings) -> None:
    assert token_of(GatewaySection(), alone.world) is None
