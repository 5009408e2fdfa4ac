"""Which lines make a turn, and whose turn it is."""

from __future__ import annotations

from clawmedic.logs.records import Level, LogRecord
from clawmedic.logs.signals import Signal, SignalKind
from clawmedic.model.cause import Cause
from clawmedic.triage.events import EventKind
from clawmedic.triage.logbook import OPEN_TURNS, OPEN_UNTRACED, TURNS_KEPT, LogBook
from clawmedic.triage.logreading import read_turn

KEY = "agent:main:telegram:group:-1"
OTHER = "agent:main:telegram:group:-2"
SID = "11111111-1111-4111-8111-111111111111"
FOREIGN = "22222222-2222-4222-8222-222222222222"


def line(
    kind: SignalKind,
    at: int,
    *,
    key: str = "",
    session_id: str = "",
    trace: str = "",
    cause: Cause | None = None,
    trigger: str = "",
    run_id: str = "",
    model: str = "",
    failure_class: str = "",
) -> Signal:
    record = LogRecord("gateway.log", at, at, Level.WARN, "agent/embedded", f"{kind} {at}", trace)
    return Signal(
        kind,
        record,
        key=key,
        session_id=session_id,
        cause=cause,
        trigger=trigger,
        run_id=run_id,
        model=model,
        failure_class=failure_class,
    )


def test_lines_of_one_trace_are_one_turn_although_others_stand_between():
    book = LogBook.read(
        [
            line(SignalKind.COMPACTION_CAUSE, 1, trace="a", cause=Cause.QUOTA),
            line(SignalKind.COMPACTION_CAUSE, 2, trace="b", cause=Cause.AUTH),
            line(SignalKind.COMPACTION_FAILED, 3, trace="a", key=KEY, trigger="budget", run_id=SID),
            line(SignalKind.COMPACTION_FAILED, 4, trace="b", key=OTHER, trigger="budget", run_id=FOREIGN),
        ],
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    event = read_turn(turn, dialect="9.6")
    assert event is not None
    assert (event.kind, event.cause) == (EventKind.REFUSED, Cause.QUOTA)


def test_a_class_is_never_the_cause():
    book = LogBook.read(
        [line(SignalKind.COMPACTION_FAILED, 3, key=KEY, trigger="budget", failure_class="guard_blocked")]
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    event = read_turn(turn, dialect="9.6")
    assert event is not None
    assert event.cause is None


def test_without_traces_the_cause_after_the_end_line_is_taken():
    book = LogBook.read(
        [
            line(SignalKind.PRECHECK, 1000, key=KEY, session_id=SID),
            line(SignalKind.COMPACTION_FAILED, 1400, key=KEY, trigger="overflow", model="p/m"),
            line(SignalKind.COMPACTION_CAUSE, 1401, cause=Cause.REASONING_REQUIRED, model="p/m"),
        ],
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    event = read_turn(turn, dialect="4.15")
    assert event is not None
    assert event.cause is Cause.REASONING_REQUIRED


def test_without_traces_the_cause_before_the_end_line_is_taken():
    book = LogBook.read(
        [
            line(SignalKind.COMPACTION_CAUSE, 1399, cause=Cause.TIMEOUT),
            line(SignalKind.COMPACTION_FAILED, 1400, key=KEY, session_id=SID, trigger="overflow"),
        ],
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    assert {signal.cause for signal in turn.signals} == {None, Cause.TIMEOUT}


def test_a_neighbour_of_another_model_is_another_sessions():
    book = LogBook.read(
        [
            line(
                SignalKind.COMPACTION_FAILED, 1400, key=KEY, session_id=SID, trigger="overflow", model="p/m"
            ),
            line(SignalKind.COMPACTION_CAUSE, 1401, cause=Cause.AUTH, model="q/n"),
        ],
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    assert Cause.AUTH not in {signal.cause for signal in turn.signals}


def test_the_same_key_of_another_gateway_is_not_ours():
    book = LogBook.read(
        [
            line(
                SignalKind.COMPACTION_FAILED, 10, key=KEY, session_id=FOREIGN, trigger="overflow", trace="x"
            ),
            line(SignalKind.COMPACTION_FAILED, 20, key=KEY, run_id=FOREIGN, trigger="budget", trace="y"),
        ],
    )
    assert book.turns(KEY, {SID}, born_at=None) == []


def test_a_line_with_the_key_alone_counts_within_the_rows_lifetime_only():
    book = LogBook.read([line(SignalKind.TURN_REFUSED, at, key=KEY, trace=f"t{at}") for at in (10, 30)])
    assert [turn.at for turn in book.turns(KEY, {SID}, born_at=20)] == [30]


def test_a_preflight_failure_of_the_oldest_release_is_not_fatal():
    book = LogBook.read([line(SignalKind.COMPACTION_FAILED, 3, key=KEY, trigger="budget")])
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    assert read_turn(turn, dialect="4.15") is None
    later = read_turn(turn, dialect="7.1")
    assert later is not None
    assert later.kind is EventKind.REFUSED


def test_maintenance_after_a_good_turn_refuses_nobody():
    book = LogBook.read(
        [
            line(SignalKind.COMPACTION_FAILED, 3, key=KEY, trigger="budget", trace="a"),
            line(SignalKind.OPTIONAL_MAINTENANCE_FAILED, 4, trace="a", cause=Cause.QUOTA),
        ],
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    event = read_turn(turn, dialect="9.6")
    assert event is not None
    assert event.kind is EventKind.STRAINED


def test_memory_does_not_grow_with_the_log():
    book = LogBook.read(
        line(SignalKind.COMPACTION_FAILED, number, key=KEY, trace=f"t{number}", trigger="budget")
        for number in range(OPEN_TURNS + 3 * TURNS_KEPT)
    )
    turns = book.turns(KEY, {SID}, born_at=None)
    assert len(turns) == TURNS_KEPT
    assert turns[-1].at == OPEN_TURNS + 3 * TURNS_KEPT - 1


def test_a_trace_shared_by_two_sessions_gives_each_its_own_lines():
    """2026.7.1: the run of one session goes on in the trace of the one that it waited for."""
    book = LogBook.read(
        [
            line(SignalKind.RUN_FAILED, 1, trace="a", run_id="run-1", cause=Cause.PROVIDER_5XX),
            line(SignalKind.RUN_FAILED, 2, trace="a", key=KEY, cause=Cause.PROVIDER_5XX),
            line(SignalKind.RUN_FAILED, 3, trace="a", run_id="run-1", session_id=SID),
            line(SignalKind.RUN_FAILED, 4, trace="a", run_id="run-2", cause=Cause.NETWORK),
            line(
                SignalKind.RUN_FAILED, 5, trace="b", run_id="run-2", session_id=FOREIGN, cause=Cause.NETWORK
            ),
        ],
    )
    (turn,) = book.turns(KEY, {SID}, born_at=None)
    assert [signal.at for signal in turn.signals] == [1, 2, 3]
    event = read_turn(turn, dialect="7.1")
    assert event is not None
    assert event.cause == Cause.PROVIDER_5XX


def test_sessions_at_work_at_once_keep_their_own_lines_without_a_trace():
    """As 2026.4.15 writes when two sessions wait for the same dead summariser."""
    book = LogBook.read(
        [
            line(SignalKind.PRECHECK, 1_000, key=KEY, session_id=SID, model="fake/big"),
            line(SignalKind.PRECHECK, 3_000, key=OTHER, session_id=FOREIGN, model="fake/big"),
            line(SignalKind.COMPACTION_FAILED, 16_000, key=KEY, model="fake/big", trigger="overflow"),
            line(SignalKind.COMPACTION_CAUSE, 16_001, cause=Cause.TIMEOUT, model="fake/big"),
            line(SignalKind.AUTO_RESET, 17_000, key=KEY),
            line(SignalKind.COMPACTION_FAILED, 18_000, key=OTHER, model="fake/big", trigger="overflow"),
            line(SignalKind.COMPACTION_CAUSE, 18_001, cause=Cause.QUOTA, model="fake/big"),
            line(SignalKind.AUTO_RESET, 19_000, key=OTHER),
        ]
    )
    for key, cause in ((KEY, Cause.TIMEOUT), (OTHER, Cause.QUOTA)):
        (turn,) = book.turns_of_key(key)
        assert turn.keys == {key}
        assert len(turn.session_ids) == 1
        assert len(turn.signals) == 4
        assert [one.cause for one in turn.of(SignalKind.COMPACTION_CAUSE)] == [cause]


def test_a_failed_run_of_another_model_does_not_wait_for_this_session():
    book = LogBook.read(
        [
            line(SignalKind.RUN_FAILED, 1_000, cause=Cause.NETWORK, model="gone/big", run_id="r1"),
            line(SignalKind.RUN_FAILED, 1_001, cause=Cause.RATE_LIMIT, model="fake/big", run_id="r2"),
            line(SignalKind.PRECHECK, 1_500, key=KEY, session_id=SID, model="fake/big"),
        ]
    )
    (turn,) = book.turns_of_key(KEY)
    assert [one.model for one in turn.signals] == ["fake/big", "fake/big"]
    assert [one.model for stray in book.strays for one in stray.signals] == ["gone/big"]


def test_open_turns_without_a_trace_are_bounded():
    keys = [f"agent:main:telegram:group:-{number}" for number in range(3 * OPEN_UNTRACED)]
    book = LogBook()
    for at, key in enumerate(keys, 1):
        book.add(line(SignalKind.PRECHECK, at, key=key))
    assert len(book._untraced["gateway.log"]) == OPEN_UNTRACED
    book.close()
    assert all(len(book.turns_of_key(key)) == 1 for key in keys)
