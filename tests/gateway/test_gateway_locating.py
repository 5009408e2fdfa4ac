from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.gateway.address import Origin, find_address
from clawmedic.gateway.cli_fallback import CliCaller
from clawmedic.gateway.failures import NotAGatewayError, NotOursError, UnreachableError
from clawmedic.gateway.frames import Hello
from clawmedic.gateway.listeners import listeners
from clawmedic.gateway.locating import Located, Ownership, confirm, find_gateway
from clawmedic.gateway.opening import open_gateway
from clawmedic.gateway.secret import Secret
from clawmedic.model.session import GatewayOwner, Liveness
from clawmedic.settings import Settings
from clawmedic.stores.state import StateReader
from gateway.conftest import Start
from gateway_server import TOKEN, FakeGateway
from harness import ROOT

SPEAK = (
    "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)\n"
    "while True:\n"
    " c, _ = s.accept(); c.recv(4096); c.sendall(b'HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n'); c.close()"
)
"""A gateway whose protocol we do not know."""
LISTEN = (
    "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); "
    "print(s.getsockname()[1], flush=True); sys.stdin.read()"
)


@contextmanager
def process(state_dir: Path | None, *, title: str = "openclaw-gateway", code: str = LISTEN) -> Iterator[int]:
    """A process that looks like a gateway of a state directory and listens; gives its port."""
    env = {"HOME": "/nonexistent"} | ({"OPENCLAW_STATE_DIR": str(state_dir)} if state_dir else {})
    with subprocess.Popen(
        [title, "-c", code],
        executable=sys.executable,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        try:
            yield int(running.stdout.readline())
        finally:
            running.send_signal(signal.SIGTERM)


def url(port: int) -> str:
    return f"ws://127.0.0.1:{port}"


def hello(state_dir: object = "", boot_id: str = "") -> Hello:
    return Hello(4, "2026.9.6", frozenset(), frozenset(), str(state_dir), "", boot_id)


def test_the_process_that_listens_runs_with_this_directory(settings: Settings, state: StateReader) -> None:
    with process(settings.state_dir) as port:
        located = find_gateway(settings, state, url=url(port))
    assert located.ownership is Ownership.OURS, located.why
    located.require_ours()
    assert confirm(located, hello(), settings, state) is located


def test_by_another_name_it_is_the_same_directory(
    settings: Settings, state: StateReader, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(settings.state_dir)
    with process(tmp_path / "link") as port:
        assert find_gateway(settings, state, url=url(port)).ownership is Ownership.OURS


def test_a_gateway_of_another_directory_does_not_count(
    settings: Settings, state: StateReader, tmp_path: Path
) -> None:
    shutil.copytree(settings.state_dir, tmp_path / "copy")
    with process(tmp_path / "copy") as port:
        located = find_gateway(settings, state, url=url(port))
        assert located.ownership is Ownership.SOMEBODY_ELSES
        with pytest.raises(NotOursError):
            open_gateway(settings, state, url=url(port))
        lease = GatewayOwner(os.getpid(), port, None, None, Liveness.ALIVE, "lease: copied with the database")
        claimed = replace(state, owners=(lease,))
        found = find_gateway(settings, claimed)
        assert found.address.origin is Origin.OWNER
        assert found.ownership is Ownership.SOMEBODY_ELSES


def test_nobody_listens(settings: Settings, state: StateReader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    located = find_gateway(settings, state, url=url(port))
    assert located.ownership is Ownership.NONE
    with pytest.raises(UnreachableError):
        open_gateway(settings, state, url=url(port))


def test_our_gateway_listens_elsewhere(settings: Settings, state: StateReader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with process(settings.state_dir):
        located = find_gateway(settings, state, url=url(port))
    assert located.ownership is Ownership.NONE
    assert "does not listen there" in located.why


def test_another_program_listens(settings: Settings, state: StateReader) -> None:
    with process(settings.state_dir, title="nginx") as port:
        located = find_gateway(settings, state, url=url(port))
    assert located.ownership is Ownership.UNPROVABLE
    with pytest.raises(NotOursError):
        located.require_ours()


def test_another_host_is_unprovable_until_it_names_our_boot(settings: Settings, state: StateReader) -> None:
    located = find_gateway(settings, state, url="wss://gateway.example")
    assert located.ownership is Ownership.UNPROVABLE
    recorded = replace(state, boot_ids=("boot-7",))
    assert confirm(located, hello(boot_id="boot-7"), settings, recorded).ownership is Ownership.OURS
    assert confirm(located, hello(boot_id="boot-8"), settings, recorded).ownership is Ownership.UNPROVABLE
    assert confirm(located, hello(boot_id=""), settings, state).ownership is Ownership.UNPROVABLE
    same_name = hello(state.root)
    assert confirm(located, same_name, settings, state).ownership is Ownership.UNPROVABLE
    assert confirm(located, hello("/elsewhere"), settings, state).ownership is Ownership.SOMEBODY_ELSES


def unseen(settings: Settings, state: StateReader) -> Located:
    """A gateway on this host whose process cannot be seen."""
    located = find_gateway(settings, state, url="wss://gateway.example")
    return replace(located, address=replace(located.address, url="ws://127.0.0.1:1"))


def test_a_copied_database_records_the_original_s_boot(
    settings: Settings, state: StateReader, tmp_path: Path
) -> None:
    original = tmp_path / "original"
    original.mkdir()
    copied = replace(state, boot_ids=("boot-7",))
    found = confirm(unseen(settings, state), hello(original, "boot-7"), settings, copied)
    assert found.ownership is Ownership.SOMEBODY_ELSES


def test_its_word_counts_only_where_there_is_no_process_table(
    settings: Settings, state: StateReader, tmp_path: Path
) -> None:
    located = unseen(settings, state)
    assert confirm(located, hello(state.root), settings, state).ownership is Ownership.UNPROVABLE
    without = replace(settings, world=replace(settings.world, proc=tmp_path / "no proc"))
    assert confirm(located, hello(state.root), without, state).ownership is Ownership.OURS
    assert confirm(located, hello("/elsewhere"), without, state).ownership is Ownership.SOMEBODY_ELSES
    assert confirm(located, hello(), without, state).ownership is Ownership.UNPROVABLE


def test_opened_by_its_word_or_refused(
    start: Start, settings: Settings, state: StateReader, tmp_path: Path
) -> None:
    without = replace(settings, world=replace(settings.world, proc=tmp_path / "no proc"))
    ours = start(FakeGateway(state_dir=str(state.root)))
    with open_gateway(without, state, url=ours.url, token=Secret(TOKEN)) as gateway:
        assert gateway.located.ownership is Ownership.OURS
    with pytest.raises(NotOursError):
        open_gateway(settings, state, url=ours.url, token=Secret(TOKEN))
    other = start(FakeGateway(state_dir="/elsewhere"))
    with pytest.raises(NotOursError):
        open_gateway(without, state, url=other.url, token=Secret(TOKEN))


@pytest.mark.parametrize("works", [True, False])
def test_openclaw_s_own_command_line_where_ours_does_not_get_through(
    settings: Settings,
    state: StateReader,
    tmp_path: Path,
    works: bool,  # noqa: FBT001
) -> None:
    program = tmp_path / "openclaw.py"
    program.write_text(f"print('{{\"ok\": true}}'); raise SystemExit({0 if works else 1})")
    command = (sys.executable, str(program))
    with process(settings.state_dir, code=SPEAK) as port:
        if not works:
            with pytest.raises(NotAGatewayError):
                open_gateway(settings, state, url=url(port), command=command)
            return
        with open_gateway(settings, state, url=url(port), command=command) as gateway:
            assert isinstance(gateway.caller, CliCaller)
            assert "openclaw gateway call" in gateway.notes[0]
    with process(tmp_path / "another", code=SPEAK) as port, pytest.raises(NotOursError):
        open_gateway(settings, state, url=url(port), command=command)


def test_an_old_token_in_the_environment_does_not_hide_the_config_s(
    start: Start, settings: Settings, state: StateReader, tmp_path: Path
) -> None:
    ours = start(FakeGateway(state_dir=str(state.root)))
    config = tmp_path / "conf.json5"
    config.write_text(f"{{gateway: {{port: {ours.port}, auth: {{mode: 'token', token: '{TOKEN}'}}}}}}")
    env = {**settings.world.env, "OPENCLAW_GATEWAY_TOKEN": "old"}
    without = replace(settings, world=replace(settings.world, proc=tmp_path / "no proc", env=env))
    named = replace(state, config=replace(state.config, path=str(config), gateway_port=ours.port))
    with open_gateway(without, named) as gateway:
        assert gateway.located.address.origin is Origin.CONFIG


def test_the_config_s_own_gateway_by_another_way_of_naming(settings: Settings, state: StateReader) -> None:
    known = replace(state, config=replace(state.config, gateway_port=23456))
    assert find_address(settings.world, known, "ws://localhost:23456").own
    assert not find_address(settings.world, known, "ws://127.0.0.1:23457").own
    assert not find_address(settings.world, known, "wss://far.example:23456").own


def test_where_the_address_comes_from(settings: Settings, state: StateReader, tmp_path: Path) -> None:
    def origin(config: str = "{}", **env: str) -> tuple[Origin, str]:
        path = tmp_path / "conf.json5"
        path.write_text(config)
        world = replace(settings.world, env={**settings.world.env, **env})
        named = replace(state, config=replace(state.config, path=str(path), gateway_port=23456))
        address = find_gateway(replace(settings, world=world), named).address
        return address.origin, address.url

    assert origin() == (Origin.CONFIG, "ws://127.0.0.1:23456")
    assert origin("{gateway:{tls:{enabled:true}}}")[1] == "wss://127.0.0.1:23456"
    assert origin(OPENCLAW_GATEWAY_PORT="1234")[1] == "ws://127.0.0.1:1234"
    assert origin(OPENCLAW_GATEWAY_PORT="nonsense")[0] is Origin.CONFIG
    remote = "{gateway:{mode:'remote',remote:{url:'wss://far.example'}}}"
    assert origin(remote) == (Origin.REMOTE_CONFIG, "wss://far.example")
    assert origin(remote, OPENCLAW_GATEWAY_URL="wss://env.example")[1] == "wss://env.example"


def test_listeners_of_a_port() -> None:
    proc = Path("/proc")
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        seen = listeners(proc, port)
        assert (seen.known, seen.open, os.getpid() in seen.pids) == (True, True, True)
    assert not listeners(proc, port).open


def test_listeners_where_nothing_can_be_asked(tmp_path: Path) -> None:
    assert not listeners(tmp_path, 1).known
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text("garbage\n  0: short\n" + "x " * 20 + "\n")
    assert listeners(tmp_path, 1).known


def test_the_room_is_light_until_it_connects() -> None:
    code = (
        "import sys, clawmedic.gateway.opening, clawmedic.gateway.chat, clawmedic.gateway.reversal; "
        "print(sorted({'websockets', 'cryptography', 'ssl'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "cli")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
