"""The gateway room against real gateways: whose it is, what it can be asked, and a dead session that comes back."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab.config import TOKEN
from lab.faults import REASONING_REQUIRED
from lab.gateway import Gateway as RealGateway
from lab.isolation import Network
from lab.provider import Provider
from lab.telegram import Telegram
from msgspec.structs import replace

from clawmedic.gateway import branches, chat, live_config, methods
from clawmedic.gateway.address import find_address
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.cli_fallback import find_cli
from clawmedic.gateway.client import GatewayClient
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.failures import (
    CredentialsError,
    NotOursError,
    OutcomeUnknownError,
    RequestRefusedError,
    SessionChangedError,
    UnknownKeyError,
    UnknownMethodError,
    UnreachableError,
)
from clawmedic.gateway.locating import Ownership, find_gateway
from clawmedic.gateway.opening import Gateway, open_gateway
from clawmedic.gateway.secret import Secret
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Delivery
from clawmedic.settings import Settings, World
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.state import StateReader

KEY = "agent:main:telegram:group:-100700700700"
UNKNOWN = "agent:main:telegram:group:-1"
CHAT = -1_001_000_000_021
LONG = "please keep this in mind. " * 320


def settings_of(real: RealGateway, state_dir: Path | None = None) -> Settings:
    """As an operator on this host would call, with clawmedic's own state below the gateway's root."""
    home = real.root / "operator"
    home.mkdir(exist_ok=True)
    env = {"PATH": real.environment()["PATH"], "XDG_STATE_HOME": str(home / "state")}
    return Settings(World(env, home, home, real.root / "tmp", 0), state_dir or real.state_dir)


@contextmanager
def reading(settings: Settings) -> Iterator[StateReader]:
    with open_for_reading(settings, SilentReporter()) as state:
        yield state


@contextmanager
def opened(real: RealGateway) -> Iterator[Gateway]:
    settings = settings_of(real)
    with reading(settings) as state, open_gateway(settings, state) as gateway:
        yield gateway


def test_it_is_ours_for_its_own_directory_and_for_no_other(gateway: RealGateway, version: str) -> None:
    settings = settings_of(gateway)
    with reading(settings) as state:
        located = find_gateway(settings, state)
        assert located.ownership is Ownership.OURS, located.why
        with open_gateway(settings, state) as found:
            assert found.caller.version == version
            assert found.caller.supports("sessions.patch")
            assert found.caller.supports("sessions.rewind") == (version == "2026.9.6")
            assert not found.notes
        with pytest.raises(CredentialsError) as refused:
            open_gateway(settings, state, token=Secret("wrong-secret-token"))
        assert "wrong-secret-token" not in str(refused.value)

    key = settings.world.data_home / "device-key.pem"
    assert key.exists() == (version == "2026.4.15"), "only 4.15 wants a device identity"
    if key.exists():
        assert stat.S_IMODE(key.stat().st_mode) == 0o600

    copied = gateway.root / "copy of the state"
    shutil.copytree(gateway.state_dir, copied, symlinks=True)
    other = settings_of(gateway, copied)
    with reading(other) as state:
        assert find_gateway(other, state).ownership is Ownership.SOMEBODY_ELSES
        with pytest.raises(NotOursError):
            open_gateway(other, state)
        with pytest.raises(NotOursError):
            open_gateway(other, state, url=f"ws://127.0.0.1:{gateway.port}", token=Secret(TOKEN))
        blind = replace(other, world=replace(other.world, proc=gateway.root / "no process table"))
        with pytest.raises(NotOursError):
            open_gateway(blind, state)

    blind = replace(settings, world=replace(settings.world, proc=gateway.root / "no process table"))
    with reading(blind) as state, open_gateway(blind, state) as found:
        assert found.located.ownership is Ownership.OURS, found.located.why

    gateway.stop()
    with reading(settings) as state:
        assert find_gateway(settings, state).ownership is Ownership.NONE
        with pytest.raises(UnreachableError):
            open_gateway(settings, state)


def test_an_unknown_key_stays_unknown(gateway: RealGateway) -> None:
    with opened(gateway) as found:
        caller = found.caller
        assert methods.describe(caller, UNKNOWN) is None
        for change in (
            lambda: methods.patch_model(caller, UNKNOWN, "fake/alt"),
            lambda: methods.reset(caller, UNKNOWN),
            lambda: methods.compact(caller, UNKNOWN),
            lambda: chat.inject(caller, UNKNOWN, "hello"),
            lambda: chat.agent(caller, UNKNOWN, "hello", idempotency_key="k"),
        ):
            with pytest.raises(UnknownKeyError):
                change()
        assert methods.list_sessions(caller) == ()


def kill(real: RealGateway) -> None:
    """Fill the session until its compaction fails for good; the provider must be set to fail."""
    with real.client() as client:
        for turn in range(30):
            text = f"Message {turn}: {LONG}"
            on_chat = real.version != "2026.4.15"  # whose chat path throws the session away
            answer = client.chat_send(KEY, text) if on_chat else client.agent(KEY, text)
            if not answer.useful:
                return
    pytest.fail("the session does not die")


def answers(real: RealGateway) -> bool:
    with real.client() as client:
        text = f"And now? {LONG}"
        if real.version == "2026.4.15":
            return client.agent(KEY, text).useful
        return client.chat_send(KEY, text).useful


def test_a_dead_session_comes_back_by_another_model(gateway: RealGateway, provider: Provider) -> None:
    provider.fail(REASONING_REQUIRED, kind="compaction", model="big")
    kill(gateway)
    with opened(gateway) as found:
        caller = found.caller
        before = methods.require(caller, KEY)

        failed = methods.compact(caller, KEY)
        assert not failed.compacted
        assert "Reasoning is required" in failed.reason

        patched = methods.patch_model(caller, KEY, "fake/alt")
        assert (patched.previous, patched.override) == (None, "fake/alt")
        assert methods.require(caller, KEY).model == "fake/alt"
        done = methods.compact(caller, KEY)
        assert done.compacted, done.reason
        assert done.tokens_after
        assert done.tokens_before is None or done.tokens_after < done.tokens_before
        back = methods.patch_model(caller, KEY, patched.previous)
        assert (back.previous, back.override) == ("fake/alt", None)
        assert methods.require(caller, KEY).session_id == before.session_id
    assert answers(gateway), "the fault lasts, and the session answers"


def talk(real: RealGateway, turns: int) -> None:
    with real.client() as client:
        for turn in range(turns):
            assert client.chat_send(KEY, f"Message {turn}").useful


def test_every_other_method(gateway: RealGateway, version: str, provider: Provider) -> None:
    talk(gateway, 3)
    with opened(gateway) as found:
        caller = found.caller
        assert methods.active_run(caller, KEY) is (None if version == "2026.4.15" else False)
        messages = chat.history(caller, KEY, limit=4)
        assert [message.role for message in messages][-2:] == ["user", "assistant"]
        assert messages[-1].text.startswith("Understood")

        assert isinstance(caller, GatewayClient)
        said = chat.say(caller, KEY, "By the path of channels.", idempotency_key=f"say-{time.time_ns()}")
        assert said.status == "ok"
        assert chat.inject(caller, KEY, "A note for people.")
        turn = chat.agent(caller, KEY, "Hello?", idempotency_key=f"turn-{time.time_ns()}")
        assert turn.status == "ok"
        assert turn.text.startswith("Understood")
        assert turn.model == "big"

        check_branches(caller, version)
        session = methods.require(caller, KEY).session_id
        with pytest.raises(SessionChangedError):
            methods.reset(caller, KEY, expected_session_id="somebody-else")
        reset = methods.reset(caller, KEY, expected_session_id=session)
        assert (reset.session_id == session) == (version == "2026.9.6")
        assert not any("Message 1" in message.text for message in chat.history(caller, KEY))

        with pytest.raises(RequestRefusedError):
            chat.send(
                caller, Delivery("telegram", "telegram:1", None, None), "x", idempotency_key="no-channel"
            )
        check_config(caller, version, gateway)
    check_command_line(gateway, version)
    assert provider.count("chat") > 3


def check_branches(caller: Caller, version: str) -> None:
    assert branches.can_branch(caller) == (version == "2026.9.6")
    if version != "2026.9.6":
        with pytest.raises(UnknownMethodError):
            branches.rewind(caller, KEY, "x")
        return
    with pytest.raises(RequestRefusedError):
        branches.rewind(caller, KEY, "no-such-entry")
    with pytest.raises(RequestRefusedError):
        branches.recover(caller, KEY)
    whole = next(branch for branch in branches.list_branches(caller, KEY) if branch.active)
    second = [message for message in chat.history(caller, KEY, limit=50) if message.role == "user"][1]
    forked = branches.fork(caller, KEY, second.id)
    assert forked.startswith("agent:main:")
    assert methods.describe(caller, forked) is not None
    branches.rewind(caller, KEY, second.id)
    assert not any("Message 1" in message.text for message in chat.history(caller, KEY))
    branches.switch_branch(caller, KEY, whole.leaf)
    assert any("Message 1" in message.text for message in chat.history(caller, KEY))


def check_config(caller: Caller, version: str, real: RealGateway) -> None:
    config = live_config.config_get(caller)
    assert (config.path, config.valid, config.compaction_model) == (str(real.config_path), True, None)
    patch = {"agents": {"defaults": {"compaction": {"model": "fake/alt"}}}}
    with pytest.raises(RequestRefusedError):
        live_config.config_patch(caller, patch, "another-hash")
    if version == "2026.4.15":  # it restarts itself before it answers
        with pytest.raises(OutcomeUnknownError):
            live_config.config_patch(caller, patch, config.hash)
        return
    live_config.config_patch(caller, patch, config.hash)
    changed = live_config.config_get(caller)
    assert changed.compaction_model == "fake/alt"
    live_config.config_patch(caller, {"agents": {"defaults": {"compaction": {"model": None}}}}, changed.hash)
    assert live_config.config_get(caller).compaction_model is None


def check_command_line(real: RealGateway, version: str) -> None:
    settings = settings_of(real)
    if version == "2026.4.15":
        time.sleep(20)  # it is restarting
    with reading(settings) as state:
        command = real.installation.command()
        address = find_address(settings.world, state)
        caller = find_cli(settings.world, state, address, Credentials(), command=command)
        assert caller is not None
        assert caller.version == version
        assert methods.require(caller, KEY).key == KEY
        with pytest.raises(UnknownMethodError):
            caller.ask("no.such.method", {})
        wrong = Credentials(Secret("wrong-secret-token"), None, "option")
        refused = find_cli(settings.world, state, address, wrong, command=command)
        assert refused is not None
        with pytest.raises(CredentialsError) as error:
            refused.change("sessions.patch", {"key": KEY})
        assert "wrong-secret-token" not in str(error.value)


def test_a_message_reaches_the_chat(
    telegram_gateway: RealGateway, telegram: Telegram, isolated_network: Network
) -> None:
    begun = time.time()
    telegram.write(CHAT, "Good morning, are you there?")
    telegram.wait_answer(CHAT, begun, timeout=120)
    with isolated_network._entered(), opened(telegram_gateway) as found:
        settings = settings_of(telegram_gateway)
        with reading(settings) as state:
            session = next(row for store in state.stores for row in store.sessions() if str(CHAT) in row.key)
        assert session.delivery is not None
        sent = chat.send(found.caller, session.delivery, "You were not heard.", idempotency_key="note-1")
    assert sent.channel == "telegram"
    assert sent.message_id
    assert any(each.text == "You were not heard." for each in telegram.sent if each.chat == CHAT)
