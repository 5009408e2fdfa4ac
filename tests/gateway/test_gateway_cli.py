"""The command line as a way to the gateway: a real program that prints what the three versions print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clawmedic.gateway import methods
from clawmedic.gateway.address import Address, Origin
from clawmedic.gateway.cli_fallback import CliCaller, cli_environment, find_cli
from clawmedic.gateway.credentials import Credentials
from clawmedic.gateway.failures import (
    CredentialsError,
    HungGatewayError,
    MissingScopeError,
    NotAGatewayError,
    OutcomeUnknownError,
    RequestRefusedError,
    SessionChangedError,
    UnknownMethodError,
    UnreachableError,
)
from clawmedic.gateway.secret import Secret
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.state import StateReader

SECRET = "hunter2-hunter2"
LOCAL = "ws://127.0.0.1:18789"
Fake = Callable[..., CliCaller]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """An `openclaw` that prints this, notes how it was called, and leaves with this code."""

    def make(out: str = "", err: str = "", code: int = 0, pause: float = 0) -> CliCaller:
        program = tmp_path / "openclaw.py"
        program.write_text(
            "import json, os, sys, time\n"
            f"json.dump([sys.argv[1:], dict(os.environ)], open({str(tmp_path / 'seen.json')!r}, 'w'))\n"
            f"sys.stdout.write({out!r}); sys.stderr.write({err!r}); sys.stdout.flush(); time.sleep({pause})\n"
            f"sys.exit({code})\n"
        )
        credentials = Credentials(Secret(SECRET), None, "option")
        return CliCaller((sys.executable, str(program)), {"PATH": "/usr/bin"}, credentials)

    return make


def seen(tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    argv, env = json.loads((tmp_path / "seen.json").read_text())
    return argv, env


def printed(sort: str, message: str, **more: Any) -> str:
    return json.dumps({"ok": False, "error": {"type": sort, "message": message, **more}}, indent=2)


def test_a_payload_and_how_it_was_asked(fake: Fake, tmp_path: Path) -> None:
    caller = fake('[plugins] loaded\n{\n  "ok": true,\n  "key": "k"\n}\n')
    assert caller.ask("sessions.resolve", {"key": "k"}, timeout=90).text("key") == "k"
    argv, _ = seen(tmp_path)
    assert argv[:3] == ["gateway", "call", "sessions.resolve"]
    assert argv[argv.index("--timeout") + 1] == "90000", "the default of 10 s is too short"
    assert json.loads(argv[argv.index("--params") + 1]) == {"key": "k"}
    assert not any(word.startswith(("--token", "--password")) for word in argv)


def test_a_run_waits_for_its_end(fake: Fake, tmp_path: Path) -> None:
    fake('{"status":"ok"}').run("agent", {})
    assert "--expect-final" in seen(tmp_path)[0]


def test_a_refused_compaction_leaves_with_0(fake: Fake) -> None:
    payload = fake('{"ok":false,"compacted":false,"reason":"no"}').change("sessions.compact", {})
    assert not methods.compacted_of(payload).compacted


@pytest.mark.parametrize(
    ("out", "err", "kind"),
    [
        ("", "Gateway call failed: GatewayClientRequestError: unknown method: m", UnknownMethodError),
        (
            "",
            "Gateway call failed: GatewayClientRequestError: missing scope: operator.admin",
            MissingScopeError,
        ),
        ("", "Gateway call failed: GatewayClientRequestError: session not found", RequestRefusedError),
        (
            "",
            "noise\nGateway call failed: Error: gateway closed (1008): unauthorized: gateway token mismatch",
            CredentialsError,
        ),
        (
            "",
            "Gateway call failed: Error: gateway url override requires explicit credentials\nFix:",
            CredentialsError,
        ),
        (
            printed("gateway_request_error", "unknown method: m", code="INVALID_REQUEST"),
            "",
            UnknownMethodError,
        ),
        (
            printed("gateway_request_error", "Retry.", code="X", details={"reason": "session-changed"}),
            "",
            SessionChangedError,
        ),
        (
            printed("gateway_request_error", "unauthorized: gateway token mismatch", code="INVALID_REQUEST"),
            "",
            CredentialsError,
        ),
        (
            printed("gateway_credentials_required", "gateway url override requires explicit credentials"),
            "",
            CredentialsError,
        ),
        (
            printed("gateway_transport_error", "gateway closed (1008): unauthorized: x", kind="closed"),
            "",
            CredentialsError,
        ),
        (
            printed("gateway_transport_error", "Gateway not reachable at ws://x (ECONNREFUSED)."),
            "",
            UnreachableError,
        ),
        (printed("cli_error", "Gateway not reachable at ws://x (ECONNREFUSED)."), "", UnreachableError),
    ],
)
def test_refusals_of_three_versions(fake: Fake, out: str, err: str, kind: type[Exception]) -> None:
    caller = fake(out, err, 1)
    for call in (caller.ask, caller.change):
        with pytest.raises(kind):
            call("m", {})


@pytest.mark.parametrize(
    ("out", "err", "asking"),
    [
        (
            "",
            "Gateway call failed: Error: gateway timeout after 60000ms\nGateway target: ws://x",
            HungGatewayError,
        ),
        (
            "",
            "Gateway call failed: Error: gateway closed (1006 abnormal closure (no close frame)): no",
            NotAGatewayError,
        ),
        (printed("gateway_transport_error", "gateway closed (1006 …)", kind="closed"), "", NotAGatewayError),
        ("", "Segmentation fault", NotAGatewayError),
        ("", "", NotAGatewayError),
    ],
)
def test_no_answer_leaves_a_change_open(fake: Fake, out: str, err: str, asking: type[Exception]) -> None:
    caller = fake(out, err, 1)
    with pytest.raises(asking):
        caller.ask("m", {})
    with pytest.raises(OutcomeUnknownError):
        caller.change("m", {})


def test_it_does_not_wait_for_ever(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clawmedic.gateway.cli_fallback._START_SECONDS", 0.2)
    with pytest.raises(HungGatewayError):
        fake(pause=20).ask("m", {}, timeout=0.2)
    with pytest.raises(OutcomeUnknownError):
        fake(pause=20).change("m", {}, timeout=0.2)


def test_a_program_that_cannot_be_run() -> None:
    with pytest.raises(UnreachableError):
        CliCaller(("/nonexistent/openclaw",), {}, Credentials()).ask("m", {})


def test_a_secret_that_is_printed_back_is_not_passed_on(fake: Fake) -> None:
    with pytest.raises(RequestRefusedError) as error:
        fake("", f"Gateway call failed: GatewayClientRequestError: no {SECRET}\x1b[31m", 1).ask("m", {})
    assert SECRET not in str(error.value)
    assert "\x1b" not in str(error.value)
    assert SECRET not in repr(fake())


def test_what_it_supports_is_known_by_version(fake: Fake) -> None:
    for version, describe, rewind in (
        ("2026.4.15", False, False),
        ("2026.7.1", True, False),
        ("2026.9.6", True, True),
    ):
        caller = fake(json.dumps({"runtimeVersion": version}))
        assert caller.supports("sessions.patch")
        assert (caller.supports("sessions.describe"), caller.supports("sessions.rewind")) == (
            describe,
            rewind,
        )


@pytest.fixture
def state(settings: Settings) -> Iterator[StateReader]:
    with open_for_reading(settings, SilentReporter()) as reader:
        yield reader


def test_the_environment_names_directory_and_gateway(settings: Settings, state: StateReader) -> None:
    world = replace(settings.world, env={"PATH": "/bin", "OPENCLAW_GATEWAY_TOKEN": "old", "HOME": "/h"})
    configured = Credentials(Secret("conf"), None, "gateway.auth of the config")
    own = cli_environment(world, state, Address(LOCAL, Origin.CONFIG, own=True), configured)
    assert own["OPENCLAW_STATE_DIR"] == str(state.root)
    assert own["OPENCLAW_GATEWAY_PORT"] == "18789"
    assert "conf" not in own.values()
    assert "OPENCLAW_GATEWAY_TOKEN" not in own, "the command line finds the config's own"
    given = cli_environment(
        world, state, Address(LOCAL, Origin.CONFIG, own=True), Credentials(Secret("mine"), None, "option")
    )
    assert (given["OPENCLAW_GATEWAY_TOKEN"], given["OPENCLAW_GATEWAY_URL"]) == ("mine", LOCAL)
    remote = cli_environment(
        world, state, Address("wss://far.example", Origin.REMOTE_CONFIG, own=True), Credentials()
    )
    assert not {"OPENCLAW_GATEWAY_URL", "OPENCLAW_GATEWAY_PORT"} & set(remote)


def test_no_program_no_fallback(settings: Settings, state: StateReader) -> None:
    assert find_cli(settings.world, state, Address(LOCAL, Origin.CONFIG, own=True), Credentials()) is None
