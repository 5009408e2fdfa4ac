"""Exit threshold, following, and whether a gateway answers."""

from __future__ import annotations

import socket

import pytest

from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.incident import IncidentOutcome
from clawmedic.model.session import GatewayOwner, Liveness
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings, World
from clawmedic.triage.follow import follow
from clawmedic.triage.overview import is_listening, overview
from clawmedic.triage.threshold import reaches
from report_factory import NOW, finding, incident, scan_report, session_report


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("threshold", list(Verdict))
def test_a_verdict_reaches_itself_and_milder_thresholds(verdict, threshold):
    assert reaches([session_report("k", verdict)], (), threshold) == (verdict.rank <= threshold.rank)


def test_none_is_never_reached():
    critical = finding(FindingCode.STORE_CORRUPT, Severity.CRITICAL)
    assert not reaches([session_report("k", Verdict.DEAD)], [critical], None)


@pytest.mark.parametrize(
    ("severity", "mildest"),
    [
        (Severity.CRITICAL, Verdict.DEAD),
        (Severity.ERROR, Verdict.SUSPECT),
        (Severity.WARNING, Verdict.AT_RISK),
        (Severity.INFO, Verdict.HEALTHY),
    ],
)
def test_a_store_finding_counts_by_its_severity(severity, mildest):
    found = [finding(FindingCode.DISK_FULL, severity)]
    assert reaches([], found, mildest)
    stricter = [verdict for verdict in Verdict if verdict.rank < mildest.rank]
    assert not any(reaches([], found, verdict) for verdict in stricter)


def test_an_acknowledged_store_finding_does_not_count():
    assert not reaches([], [finding(severity=Severity.CRITICAL, acknowledged=True)], Verdict.HEALTHY)


class EnoughError(Exception):
    pass


def test_following_tells_what_is_new_or_changed():
    first, grown = incident("a", count=1), incident("a", count=2)
    other, ended = incident("b"), incident("b", ended_at=NOW, outcome=IncidentOutcome.RECOVERED)
    looks = iter([[first], [first], [grown], [grown, other], [grown, ended]])
    waits = iter(range(4))

    def wait():
        if next(waits, None) is None:
            raise EnoughError

    told = []
    with pytest.raises(EnoughError):
        told.extend(follow(lambda: next(looks), wait=wait))
    assert told == [(first,), (grown,), (other,), (ended,)]


def test_a_listening_port_is_seen_and_a_closed_one_is_not():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert is_listening(port)
    assert not is_listening(port)


@pytest.mark.parametrize("port", [-1, 70_000, 10**12])
def test_a_port_that_is_none_is_not_listening(port):
    assert not is_listening(port)


def test_the_overview_says_what_stands_beside_the_stores(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    world = World(
        env={"XDG_STATE_HOME": str(tmp_path / "own")}, home=tmp_path, cwd=tmp_path, tmp=tmp_path, uid=0
    )
    owners = (
        GatewayOwner(1, None, None, None, Liveness.UNKNOWN, "lock"),
        GatewayOwner(2, 1, None, None, Liveness.DEAD, "lease"),
    )
    report = scan_report(owners=owners)
    bare = overview(Settings(world=world, state_dir=state), report)
    assert bare.config_path is None
    assert bare.own_config is None
    assert [gateway.listening for gateway in bare.gateways] == [None, False]
    assert not bare.data_folder.exists()
    (state / "openclaw.json").write_text("{}")
    (tmp_path / "mine.toml").write_text("")
    settings = Settings(world=world, state_dir=state, config_file=tmp_path / "mine.toml")
    full = overview(settings, report)
    assert full.config_path == state / "openclaw.json"
    assert full.own_config == tmp_path / "mine.toml"
