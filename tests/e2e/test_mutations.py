"""Files changed under real gateways of the file generation: the gate, the locks, and what the gateway makes of it."""

import json
import sys
import threading
import time
from pathlib import Path

import pytest
from lab.gateway import Gateway, read_rows
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "operations"))

import mutation_stage as stage

from clawmedic.disk.locks import LockHooks, OpenClawLocks
from clawmedic.errors import RefusedError
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.execute import execute
from clawmedic.operations.history import list_operations
from clawmedic.operations.run import mutating_run
from clawmedic.operations.undo import plan_undo, undo
from clawmedic.settings import Settings
from clawmedic.stores.editing_gate import prove_nobody_owns
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.processes import ProcessTable

KEY = "agent:main:telegram:group:-100700700711"
FILES = ("2026.4.15", "2026.7.1")
pytestmark = pytest.mark.parametrize("version", FILES)


@pytest.fixture
def settings(gateway: Gateway, tmp_path: Path) -> Settings:
    """Our own files and temporary directory are elsewhere: the gateway's own lock file is not seen from here."""
    (tmp_path / "ours").mkdir()
    return replace(
        stage.settings_for(tmp_path / "ours", now=time.time_ns() // 1_000_000), state_dir=gateway.state_dir
    )


def prove(settings: Settings) -> None:
    with open_for_reading(settings, SilentReporter()) as state:
        prove_nobody_owns(state, settings.world)


def test_a_running_gateway_is_seen_and_a_stopped_one_is_not(gateway: Gateway, settings: Settings) -> None:
    with pytest.raises(RefusedError, match=r"(gateway|OpenClaw) runs"):
        prove(settings)
    gateway.stop()
    prove(settings)


def test_a_run_waits_for_our_lock_and_goes_on(gateway: Gateway, version: str) -> None:
    with gateway.client() as client:
        assert client.chat_send(KEY, "Good morning").useful
    transcript = Path(read_rows(gateway)[KEY]["sessionFile"])
    table = ProcessTable(Path("/proc"))
    now = time.gmtime()
    hooks = LockHooks(
        start_ticks=table.start_ticks,
        now_iso=lambda: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", now),
        announce=lambda *_: None,
        clear_dead=lambda _: False,
        tag="e2e",
    )
    ended: list[float] = []
    useful: list[bool] = []

    def talk() -> None:
        with gateway.client() as client:
            useful.append(client.chat_send(KEY, "And now?").useful)
        ended.append(time.monotonic())

    with OpenClawLocks(hooks, with_max_hold=version == "2026.7.1") as held:
        held.take(transcript)
        before = transcript.read_bytes()
        talking = threading.Thread(target=talk)
        talking.start()
        time.sleep(5)
        held.require_held()
        assert transcript.read_bytes() == before
        assert not ended
        released = time.monotonic()
    talking.join(60)
    assert useful == [True]
    assert ended[0] > released


def test_a_store_edited_while_it_is_stopped_is_loaded_and_undone(
    gateway: Gateway, settings: Settings
) -> None:
    with gateway.client() as client:
        for turn in range(4):
            assert client.chat_send(KEY, f"This is message number {turn}").useful
    gateway.stop()
    rows = read_rows(gateway)
    before = Path(rows[KEY]["sessionFile"]).read_bytes()
    store = gateway.state_dir / "agents/main/sessions/sessions.json"
    store_before = store.read_bytes()
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        session = stage.session_of(state, KEY)
        plan, action = stage.reset_plan(settings, session)
        assert execute(run, plan, action, state=state).ok
    assert stage.NEW_ID in store.read_text()
    others = {key: row for key, row in json.loads(store.read_text()).items() if key != KEY}
    assert others == {key: row for key, row in rows.items() if key != KEY}
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        undo(run, plan_undo(settings, list_operations(settings)[0].operation_id), state=state)
    assert store.read_bytes() == store_before
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        plan, action = stage.reset_plan(settings, stage.session_of(state, KEY))
        assert execute(run, plan, action, state=state).ok
    gateway.start()
    with gateway.client() as client:
        assert client.chat_send(KEY, "Are you still there?").useful
    assert read_rows(gateway)[KEY]["sessionId"] == stage.NEW_ID
    assert Path(rows[KEY]["sessionFile"]).read_bytes() == before
