"""Which sessions the operator means."""

from __future__ import annotations

import pytest

from clawmedic.errors import AmbiguousError, NotFoundError
from clawmedic.model.verdict import Verdict
from clawmedic.triage.select import select, select_incidents, select_present
from report_factory import NOW, incident, scan_report, session_report

A = session_report("agent:main:telegram:group:-1001", Verdict.DEAD, session_id="aaaa-1111", size=900_000)
B = session_report(
    "agent:main:telegram:group:-10012", session_id="bbbb-2222", size=1_000, updated_at=NOW - 10**9
)
C = session_report(
    "agent:work:main", Verdict.AT_RISK, agent="work", session_id="cccc-3333", previous=("old-9999",)
)
REPORT = scan_report(A, B, C)


def test_no_filter_means_all_in_order():
    assert select(REPORT) == (A, B, C)


def test_an_exact_key_wins_over_longer_ones():
    assert select(REPORT, keys=["agent:main:telegram:group:-1001"]) == (A,)


@pytest.mark.parametrize(
    ("wanted", "meant"), [("bbbb-2222", B), ("BBBB", B), ("work:MAIN", C), ("old-9999", C), ("3333", C)]
)
def test_an_id_or_an_unambiguous_part_will_do(wanted, meant):
    assert select(REPORT, keys=[wanted]) == (meant,)


def test_several_keys_come_in_the_reports_order_and_once():
    assert select(REPORT, keys=["cccc", "aaaa", "agent:work:main"]) == (A, C)


def test_an_ambiguous_part_names_the_candidates():
    with pytest.raises(AmbiguousError) as caught:
        select(REPORT, keys=["telegram"])
    assert "-1001 (aaaa-1111)" in caught.value.message
    assert "-10012 (bbbb-2222)" in caught.value.message
    assert caught.value.hint


def test_at_most_five_candidates_are_named():
    report = scan_report(*[session_report(f"agent:main:x{n}") for n in range(9)])
    with pytest.raises(AmbiguousError) as caught:
        select(report, keys=["agent:main"])
    assert caught.value.message.count("(id-of-") == 5
    assert "and 4 more" in caught.value.message


@pytest.mark.parametrize("wanted", ["nobody", "", "   ", "agent:main:telegram:group:-1001 x", "[a-z]*"])
def test_nothing_fits(wanted):
    with pytest.raises(NotFoundError):
        select(REPORT, keys=[wanted])


def test_the_same_key_in_two_stores_is_ambiguous_and_an_agent_resolves_it():
    twin = scan_report(session_report("main", agent="a"), session_report("main", agent="b"))
    with pytest.raises(AmbiguousError):
        select(twin, keys=["main"])
    assert select(twin, keys=["main"], agent="b") == (twin.sessions[1],)


def test_filters():
    assert select(REPORT, agent="work") == (C,)
    assert select(REPORT, verdicts={Verdict.DEAD, Verdict.AT_RISK}) == (A, C)
    assert select(REPORT, min_size=100_000) == (A, C)
    assert select(REPORT, since=NOW - 10**6) == (A, C)
    assert select(REPORT, keys=["bbbb"], verdicts={Verdict.DEAD}) == ()


def test_a_session_without_a_time_passes_since():
    unknown = session_report("k", updated_at=None)
    assert select(scan_report(unknown), since=NOW) == (unknown,)


def test_an_agent_nobody_knows_is_no_empty_success():
    with pytest.raises(NotFoundError) as caught:
        select(REPORT, agent="mian")
    assert "main, work" in caught.value.hint


def test_incidents_by_key_and_window():
    early = incident(A.session.key, started_at=NOW - 1000, ended_at=NOW - 900)
    late = incident(C.session.key, started_at=NOW - 100)
    gone = incident("agent:main:deleted", started_at=NOW - 500, ended_at=NOW - 400)
    report = scan_report(A, B, C, incidents=(late, early, gone))
    assert select_incidents(report) == (early, gone, late)
    assert select_incidents(report, keys=["aaaa"]) == (early,)
    assert select_incidents(report, keys=["agent:main:deleted"]) == (gone,)
    assert select_incidents(report, since=NOW - 450) == (gone, late)
    assert select_incidents(report, until=NOW - 300) == (early, gone)
    assert select_incidents(report, since=NOW - 50) == (late,), "it still lasts"
    with pytest.raises(NotFoundError):
        select_incidents(report, keys=["nobody"])


def test_a_key_only_incidents_know_is_passed_over():
    report = scan_report(A, incidents=(incident("gone"),))
    assert select_present(report, keys=["gone"]) == ()
    assert select_present(report, keys=["gone", "aaaa"]) == (A,)
    assert select_present(report) == (A,)
