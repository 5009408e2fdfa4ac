"""Files are changed only when nobody owns this very state directory; what cannot be proven is refused."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutation_stage as stage
import pytest

from clawmedic.errors import RefusedError
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings
from clawmedic.stores.editing_gate import port_in_use, prove_nobody_owns
from clawmedic.stores.editing_processes import looks_like_work
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.processes import ProcessTable


def prove(settings: Settings, *, gateway_stopped: bool = False) -> None:
    with open_for_reading(settings, SilentReporter()) as state:
        prove_nobody_owns(state, settings.world, gateway_stopped=gateway_stopped)


def gateway_lock(settings: Settings, config: Path, *, pid: int, ticks: int | None) -> None:
    folder = settings.world.tmp / f"openclaw-{settings.world.uid}"
    folder.mkdir(exist_ok=True)
    payload = {
        "pid": pid,
        "createdAt": "2026-11-23T08:15:51.024Z",
        "configPath": str(config),
        "startTime": ticks,
    }
    (folder / "gateway.0123abcd.lock").write_text(json.dumps(payload))


def test_nobody_is_nobody(settings: Settings) -> None:
    prove(settings)


def test_a_living_gateway_of_this_directory_is_refused_whatever_is_said(settings: Settings) -> None:
    ticks = ProcessTable(Path("/proc")).start_ticks(os.getpid())
    gateway_lock(settings, settings.state_dir / "openclaw.json", pid=os.getpid(), ticks=ticks)
    for said in (False, True):
        with pytest.raises(RefusedError, match="a gateway runs"):
            prove(settings, gateway_stopped=said)


def test_a_gateway_of_another_directory_does_not_count(settings: Settings, tmp_path: Path) -> None:
    ticks = ProcessTable(Path("/proc")).start_ticks(os.getpid())
    gateway_lock(settings, tmp_path / "elsewhere" / "openclaw.json", pid=os.getpid(), ticks=ticks)
    prove(settings)


def test_a_dead_gateway_does_not_count(settings: Settings) -> None:
    gateway_lock(settings, settings.state_dir / "openclaw.json", pid=4194303, ticks=5)
    prove(settings)


@contextmanager
def listening(address: str) -> Iterator[int]:
    with socket.socket() as server:
        server.bind((address, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.3"])
def test_an_open_port_of_its_config_cannot_be_explained(settings: Settings, address: str) -> None:
    with listening(address) as port:
        config = settings.state_dir / "openclaw.json"
        config.write_text(json.dumps({"gateway": {"port": port}}))
        with pytest.raises(RefusedError, match=f"port {port}") as refused:
            prove(settings)
        assert "--gateway-stopped" in refused.value.hint
        prove(settings, gateway_stopped=True)
    assert port_in_use(port) == ""


def test_without_a_process_table_nothing_is_proven(base: Path) -> None:
    settings = stage.settings_for(base, proc=base / "no-proc")
    with pytest.raises(RefusedError, match="no process table"):
        stage.rescue(settings)
    assert stage.rescue(settings, gateway_stopped=True).ok


def test_a_lock_of_an_unknown_owner_is_a_doubt(settings: Settings) -> None:
    now = time.time_ns() // 1_000_000
    settings = stage.settings_for(settings.state_dir.parent, now=now)
    lock = settings.state_dir / "agents/main/sessions" / f"{stage.OTHER_ID}.jsonl.lock"
    lock.touch()
    with pytest.raises(RefusedError, match="may be being written"):
        prove(settings)
    assert lock.exists()


@contextmanager
def pretended_gateway(words: list[str], env: dict[str, str]) -> Iterator[int]:
    """A process with these arguments; `sleep` under another name."""
    environment = {"PATH": os.environ["PATH"], **env}
    with subprocess.Popen(
        [*words], executable=sys.executable, env=environment, stdin=subprocess.PIPE
    ) as process:
        time.sleep(0.3)
        yield process.pid
        process.kill()


def script(tmp_path: Path, name: str) -> str:
    path = tmp_path / name
    path.write_text("input()")
    return str(path)


def test_a_gateway_without_a_lock_file_is_seen_by_its_process(settings: Settings, tmp_path: Path) -> None:
    words = ["node", script(tmp_path, "openclaw.mjs"), "gateway", "run"]
    with pretended_gateway(words, {"OPENCLAW_STATE_DIR": str(settings.state_dir)}) as pid:
        for said in (False, True):
            with pytest.raises(RefusedError, match=f"pid {pid}"):
                prove(settings, gateway_stopped=said)
    with pretended_gateway(words, {"OPENCLAW_STATE_DIR": str(tmp_path)}):
        prove(settings)


def test_a_gateway_by_its_home_and_profile_is_seen(settings: Settings, tmp_path: Path) -> None:
    home = tmp_path / "somebody"
    home.mkdir()
    (home / ".openclaw-work").symlink_to(settings.state_dir)
    words = ["node", script(tmp_path, "openclaw"), "--profile", "work", "gateway"]
    with pretended_gateway(words, {"HOME": str(home)}), pytest.raises(RefusedError, match="OpenClaw runs"):
        prove(settings)
    with pretended_gateway([*words[:2], "gateway"], {"HOME": str(home)}):
        prove(settings)


LISTENER = """
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
input()
"""


@pytest.mark.parametrize("elsewhere", [True, False])
def test_an_open_port_of_another_directory_s_gateway_does_not_count(
    settings: Settings,
    tmp_path: Path,
    elsewhere: bool,  # noqa: FBT001
) -> None:
    """A copied state directory names the port of the original's gateway."""
    (tmp_path / "openclaw.mjs").write_text(LISTENER)
    words = [sys.executable, str(tmp_path / "openclaw.mjs"), *(["gateway"] if elsewhere else [])]
    env = {"PATH": os.environ["PATH"], "OPENCLAW_STATE_DIR": str(tmp_path)}
    with subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        (settings.state_dir / "openclaw.json").write_text(json.dumps({"gateway": {"port": port}}))
        if elsewhere:
            prove(settings)
        else:
            with pytest.raises(RefusedError, match="is open"):
                prove(settings)
        process.kill()


@pytest.mark.parametrize(
    ("argv", "counts"),
    [
        (["openclaw-gateway"], True),
        (["openclaw", "gateway"], True),
        (["/usr/bin/node", "/opt/node_modules/openclaw/dist/index.js", "gateway", "--port", "1"], True),
        (["node", "/usr/local/bin/openclaw", "agent", "--local"], True),
        (["node", "/usr/local/bin/openclaw", "status"], False),
        (["vim", "/home/me/openclaw"], False),
        (["python", "-m", "clawmedic", "rescue", "--state-dir", "/x/openclaw"], False),
        ([], False),
    ],
)
def test_which_processes_count(argv: list[str], counts: bool) -> None:  # noqa: FBT001
    assert looks_like_work(argv) is counts


def test_a_store_of_the_other_generation_offers_no_editor(settings: Settings, corpus_case) -> None:
    case = next(
        path
        for path in (Path(__file__).parents[1] / "corpus/2026.9.6").iterdir()
        if (path / "state").is_dir()
    )
    copied = corpus_case(f"2026.9.6/{case.name}")
    shutil.rmtree(settings.state_dir)
    shutil.copytree(copied.state, settings.state_dir)
    with open_for_reading(settings, SilentReporter()) as state:
        from clawmedic.stores.editor import open_for_repair

        with pytest.raises(RefusedError, match="SQLite"):
            open_for_repair(settings, state, None)  # type: ignore[arg-type]  # it refuses before it looks
