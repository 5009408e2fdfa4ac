from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.errors import UsageError
from clawmedic.gateway.address import Address, Origin, checked
from clawmedic.gateway.credentials import Credentials, find_credentials
from clawmedic.gateway.failures import CredentialsError, InsecureUrlError
from clawmedic.gateway.secret import Secret
from clawmedic.settings import World

LOCAL = "ws://127.0.0.1:18789"


def at(tmp_path: Path, config: str, origin: Origin = Origin.CONFIG, url: str = LOCAL) -> Address:
    path = tmp_path / "openclaw.json"
    path.write_text(config)
    return Address(url, origin, path, own=origin not in (Origin.OPTION, Origin.URL_VARIABLE))


def tokens(found: tuple[Credentials, ...]) -> list[str]:
    return [one.token.reveal() if one.token else "-" for one in found]


def test_options_come_first_and_alone(world: World, tmp_path: Path) -> None:
    given = Credentials.of_options(Secret("mine"), None)
    world = replace(world, env={**world.env, "OPENCLAW_GATEWAY_TOKEN": "env"})
    assert tokens(find_credentials(world, at(tmp_path, '{gateway:{auth:{token:"conf"}}}'), given)) == ["mine"]


def test_environment_then_config(world: World, tmp_path: Path) -> None:
    address = at(tmp_path, "{gateway: {auth: {token: '${WORD}'}}}")
    world = replace(world, env={"OPENCLAW_GATEWAY_TOKEN": " env ", "WORD": "conf"})
    assert tokens(find_credentials(world, address, Credentials())) == ["env", "conf"]
    same = replace(world, env={"OPENCLAW_GATEWAY_TOKEN": "conf", "WORD": "conf"})
    assert tokens(find_credentials(same, address, Credentials())) == ["conf"]


@pytest.mark.parametrize("origin", [Origin.OPTION, Origin.URL_VARIABLE])
def test_the_config_s_secret_goes_to_its_own_gateway_alone(
    world: World, tmp_path: Path, origin: Origin
) -> None:
    address = at(tmp_path, '{"gateway":{"auth":{"token":"conf"}}}', origin)
    assert tokens(find_credentials(world, address, Credentials())) == ["-"]


def test_a_remote_gateway_has_its_own_secret(world: World, tmp_path: Path) -> None:
    config = '{"gateway":{"auth":{"token":"local"},"remote":{"token":"far"}}}'
    address = at(tmp_path, config, Origin.REMOTE_CONFIG, "wss://far.example")
    assert tokens(find_credentials(world, address, Credentials())) == ["far"]


def test_the_mode_chooses(world: World, tmp_path: Path) -> None:
    def found(mode: str) -> Credentials:
        config = f'{{"gateway":{{"auth":{{{mode}"token":"t","password":"p"}}}}}}'
        return find_credentials(world, at(tmp_path, config), Credentials())[0]

    assert found('"mode":"token",') == Credentials(Secret("t"), None, "gateway.auth of the config")
    assert found('"mode":"password",').password == Secret("p")
    assert found('"mode":"password",').token is None
    assert not found('"mode":"none",')
    assert found("").token == Secret("t")


def test_an_include_holds_the_secret(world: World, tmp_path: Path) -> None:
    (tmp_path / "auth.json5").write_text("{token: 'included'}")
    address = at(tmp_path, '{"gateway":{"auth":{"$include":"auth.json5"}}}')
    assert tokens(find_credentials(world, address, Credentials())) == ["included"]


@pytest.mark.parametrize(
    "value",
    [
        '"${NOT_SET}"',
        '{"source":"env","id":"NOT_SET"}',
        '{"source":"exec","id":"x"}',
        '{"source":"file","id":"x"}',
    ],
)
def test_a_secret_that_only_openclaw_can_read(world: World, tmp_path: Path, value: str) -> None:
    address = at(tmp_path, f'{{"gateway":{{"auth":{{"token":{value}}}}}}}')
    with pytest.raises(CredentialsError):
        find_credentials(world, address, Credentials())
    with_env = replace(world, env={"OPENCLAW_GATEWAY_TOKEN": "env"})
    assert tokens(find_credentials(with_env, address, Credentials())) == ["env"]


def test_a_reference_to_the_environment(world: World, tmp_path: Path) -> None:
    address = at(tmp_path, '{"gateway":{"auth":{"token":{"source":"env","provider":"default","id":"WORD"}}}}')
    assert tokens(find_credentials(replace(world, env={"WORD": "w"}), address, Credentials())) == ["w"]


@pytest.mark.parametrize(
    "config", ["", "{", "[]", '{"gateway":7}', '{"gateway":{"auth":[1]}}', '{"gateway":{"auth":{"token":5}}}']
)
def test_a_config_that_says_nothing(world: World, tmp_path: Path, config: str) -> None:
    assert tokens(find_credentials(world, at(tmp_path, config), Credentials())) == ["-"]


@pytest.mark.parametrize(
    "url",
    [
        "ws://gateway.example:18789",
        "ws://192.168.1.5:18789",
        "ws://[2001:db8::1]:1",
        "ws://127.0.0.1.example:1",
    ],
)
def test_no_secret_in_the_clear_over_a_network(world: World, url: str) -> None:
    with pytest.raises(InsecureUrlError) as error:
        find_credentials(world, Address(url, Origin.OPTION), Credentials.of_options(Secret("hunter2"), None))
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["wss://gateway.example", LOCAL, "ws://[::1]:1", "ws://localhost:1", "ws://127.8.9.1:1"]
)
def test_where_a_secret_may_go(world: World, url: str) -> None:
    given = Credentials.of_options(Secret("s"), None)
    assert find_credentials(world, Address(url, Origin.OPTION), given) == (given,)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://x",
        "ws://",
        "ws://host:99999",
        "ws://user:secret-word@host",
        "ws://[::1",
        "127.0.0.1:1",
        "ws://h:0",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(UsageError) as error:
        checked(url, Origin.OPTION)
    assert "secret-word" not in str(error.value)


def test_a_url_is_shown_without_what_may_be_secret() -> None:
    assert Address("wss://h.example/x?token=hunter2#hunter2", Origin.OPTION).shown == "wss://h.example:443"
    assert Address("ws://[::1]:5/", Origin.OPTION).shown == "ws://[::1]:5"
