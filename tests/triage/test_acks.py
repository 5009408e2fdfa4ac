"""Acknowledgements cover one event, and nothing later."""

from __future__ import annotations

import json

import pytest

from clawmedic.errors import NotFoundError, UnreadableError, UsageError
from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings, World
from clawmedic.triage.acknowledge import acknowledge, withdraw
from clawmedic.triage.acks import load_acks
from report_factory import NOW, finding, scan_report, session_report

LOSSY = FindingCode.LOSSY_COMPACTION
KEY = "agent:main:telegram:group:-1001"


def lossy(at=NOW, evidence=("line 40: empty summary",)):
    return finding(LOSSY, Severity.ERROR, subject=KEY, at=at, evidence=evidence)


def report(*findings, session_id="sid-1", key=KEY):
    return session_report(key, Verdict.DAMAGED, session_id=session_id, findings=findings)


@pytest.fixture
def settings(tmp_path):
    world = World(
        env={"XDG_STATE_HOME": str(tmp_path / "own")},
        home=tmp_path,
        cwd=tmp_path,
        tmp=tmp_path,
        uid=0,
        clock=lambda: NOW,
    )
    (tmp_path / "state").mkdir()
    return Settings(world=world, state_dir=tmp_path / "state")


def test_nothing_is_acknowledged_at_first(settings, tmp_path):
    acks = load_acks(settings)
    assert acks.list() == ()
    assert acks.problem == ""
    assert not (tmp_path / "own").exists(), "reading creates nothing"


def test_an_acknowledged_event_is_covered_after_a_reload(settings):
    seen = report(lossy())
    acknowledge(settings, scan_report(seen), "-1001", LOSSY)
    acks = load_acks(settings)
    assert acks.covers(lossy(), seen.session)
    assert acks.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("later", "session_id"),
    [
        (lossy(at=NOW + 1), "sid-1"),
        (lossy(), "sid-2"),
        (finding(FindingCode.HISTORY_ORPHANED, at=NOW), "sid-1"),
    ],
)
def test_a_later_event_another_conversation_or_another_finding_is_not_covered(settings, later, session_id):
    acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
    assert not load_acks(settings).covers(later, report(session_id=session_id).session)


def test_the_same_event_in_other_words_is_still_covered(settings):
    acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
    assert load_acks(settings).covers(lossy(evidence=("line 40 of 90",)), report().session)


def test_without_a_time_the_evidence_decides(settings):
    acknowledge(settings, scan_report(report(lossy(at=None))), KEY, LOSSY)
    acks = load_acks(settings)
    assert acks.covers(lossy(at=None), report().session)
    assert not acks.covers(lossy(at=None, evidence=("line 99: empty summary",)), report().session)


def test_every_event_of_the_code_is_acknowledged_and_twice_is_once(settings):
    both = scan_report(report(lossy(), lossy(at=NOW - 5)))
    acknowledge(settings, both, KEY, LOSSY)
    acknowledge(settings, both, KEY, LOSSY)
    assert len(load_acks(settings).list()) == 2


def test_two_agents_with_one_key_are_two(settings):
    acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
    other = session_report(KEY, Verdict.DAMAGED, agent="work", session_id="sid-1", findings=(lossy(),))
    assert not load_acks(settings).covers(lossy(), other.session)


def test_it_can_be_taken_back_by_key_id_or_part(settings):
    for wanted in (KEY, "sid-1", "GROUP:-1001"):
        acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
        assert withdraw(settings, wanted, LOSSY).list() == ()
        assert load_acks(settings).list() == ()


def test_taking_back_what_is_not_there(settings):
    with pytest.raises(NotFoundError):
        withdraw(settings, KEY, LOSSY)


def test_taking_back_a_part_that_fits_two(settings):
    for number, key in enumerate((KEY, KEY + "2")):
        acknowledge(settings, scan_report(report(lossy(), key=key, session_id=f"s{number}")), key, LOSSY)
    with pytest.raises(NotFoundError) as caught:
        withdraw(settings, "telegram", LOSSY)
    assert "fits 2" in caught.value.message
    assert len(load_acks(settings).list()) == 2


def test_a_finding_that_passes_by_itself_cannot_be_acknowledged(settings):
    dying = report(finding(FindingCode.COMPACTION_FAILING))
    with pytest.raises(UsageError):
        acknowledge(settings, scan_report(dying), KEY, FindingCode.COMPACTION_FAILING)
    with pytest.raises(UsageError):
        withdraw(settings, KEY, FindingCode.COMPACTION_FAILING)


def test_a_session_without_the_finding_says_what_it_has(settings):
    with pytest.raises(NotFoundError) as caught:
        acknowledge(settings, scan_report(report(finding(FindingCode.OVERSIZED))), KEY, LOSSY)
    assert "oversized" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"schema":"clawmedic.acks/1"}', b'{"schema":"clawmedic.acks/1","acks":[1]}',
     b'{"schema":"clawmedic.acks/2","acks":[]}', b'{"schema":"clawmedic.acks/1","acks":[{"at":"x"}]}',
     b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_never_stops_a_scan_and_is_never_overwritten(settings, content):
    path = load_acks(settings).path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    acks = load_acks(settings)
    assert acks.problem
    assert not acks.covers(lossy(), report().session)
    with pytest.raises(UnreadableError):
        acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
    assert path.read_bytes() == content


def test_a_directory_in_place_of_the_file(settings):
    load_acks(settings).path.mkdir(parents=True)
    assert load_acks(settings).problem


def test_the_file_can_be_read_by_others(settings):
    acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
    (item,) = json.loads(load_acks(settings).path.read_bytes())["acks"]
    assert item["key"] == KEY
    assert item["acknowledged_at"] == NOW


def test_two_state_directories_have_their_own(settings, tmp_path):
    acknowledge(settings, scan_report(report(lossy())), KEY, LOSSY)
    (tmp_path / "other").mkdir()
    assert load_acks(Settings(world=settings.world, state_dir=tmp_path / "other")).list() == ()
