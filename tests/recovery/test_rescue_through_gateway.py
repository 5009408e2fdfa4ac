"""Rungs through a gateway: a loopback gateway that changes a real file store as OpenClaw 2026.7.1 does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from crash_cases import tombstoned as tombstoned_session
from crash_cases import tombstoned_chat
from database_stage import Database
from live_stage import DEAD, ORDERED, PRESERVE, OpenLine, ReopeningLine, Store, Ward71, gateway_process
from rescue_stage import RESET, Stage, ids_in, planned, report
from rescue_stage import stage as make_stage

from clawmedic.errors import ExitCode
from clawmedic.gateway.reversal import restoring_model
from clawmedic.model.outcome import OperationState
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict
from clawmedic.operations.history import list_operations
from clawmedic.recovery import live as recovery_live
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rungs.gateway_relax import putting_back
from clawmedic.recovery.rungs.gateway_rewind import fitting
from clawmedic.recovery.sizing import Room
from clawmedic.recovery.table import named
from clawmedic.recovery.telling import once
from clawmedic.stores.typed import Fields
from clawmedic.transcripts.entry import Entry
from gateway_server import FakeGateway, serving

Make = Callable[..., Stage]


@pytest.fixture
def live(stage: Make) -> Iterator[Callable[..., Ward71]]:
    with ExitStack() as running:

        def make(*, now: int | None = None, **more: Any) -> Ward71:
            on = stage(DEAD, now=now)
            store = Store(on, **more)
            fake = FakeGateway(version="2026.7.1", protocols=(3, 4), methods=store.methods())
            gateway = running.enter_context(serving(fake))
            running.enter_context(gateway_process(on))
            return Ward71(on, store, gateway, OpenLine(on, gateway, running))

        yield make


def ids_kept(on: Stage) -> set[str]:
    return set().union(*(ids_in(path) for path in on.sessions.glob("*.jsonl*")))


def test_another_model_compacts_and_the_session_gets_its_own_back(live: Callable[..., Ward71]) -> None:
    ward = live()
    before = ids_in(ward.on.transcript)
    (result,) = ward.rescue(PRESERVE).results
    assert (result.ok, result.action) == (True, "compact"), result
    assert [params.get("model", "none given") for params in ward.asked("sessions.patch")] == [
        "none given",
        "fake/alt",
        "none given",
        None,
    ]
    assert len(ward.asked("sessions.compact")) == 2
    assert "modelOverride" not in ward.on.row
    assert before <= ids_in(ward.on.transcript)
    assert result.backup is not None
    assert ids_in(result.backup) == before
    assert list_operations(ward.on.settings)[0].state is OperationState.DONE


def test_a_model_that_was_chosen_by_hand_is_put_back(live: Callable[..., Ward71]) -> None:
    ward = live()
    ward.store.change(providerOverride="fake", modelOverride="small")
    (result,) = ward.rescue(PRESERVE).results
    assert result.ok, result
    assert (ward.on.row["providerOverride"], ward.on.row["modelOverride"]) == ("fake", "small")


def test_no_model_that_works_is_no_rescue(live: Callable[..., Ward71]) -> None:
    ward = live(working=frozenset())
    before = ward.on.transcript.read_bytes()
    (result,) = ward.rescue(PRESERVE).results
    assert result.exit_code == ExitCode.EXHAUSTED
    assert "Reasoning is required" in result.error
    assert "modelOverride" not in ward.on.row
    assert ward.on.transcript.read_bytes() == before
    assert not list(ward.on.sessions.glob("*.bak.recovered.*")), "the copy of an unchanged file is taken away"
    assert not ward.store.sent, "nobody is told of a rescue that was none"


def test_a_connection_that_ends_leaves_no_other_model_behind(live: Callable[..., Ward71]) -> None:
    ward = live(hang_up_on="sessions.compact")
    (result,) = ward.rescue(PRESERVE).results
    assert not result.ok
    assert result.exit_code == ExitCode.PARTIAL
    assert "modelOverride" not in ward.on.row
    assert list_operations(ward.on.settings)[0].state is OperationState.ROLLED_BACK


def test_a_call_is_put_back_by_a_new_connection_where_the_old_one_is_lost(
    live: Callable[..., Ward71],
) -> None:
    ward = live()
    ward.store.change(providerOverride="fake", modelOverride="alt")
    with ExitStack() as running, ReopeningLine(ward.on, ward.gateway, running) as line:
        back = restoring_model(ward.on.key, "fake/small")
        line.reverse(back)
        assert (ward.on.row["modelOverride"], line.opened) == ("small", 1)
        running.close()
        line.reverse(restoring_model(ward.on.key, None))
        assert ("modelOverride" in ward.on.row, line.opened) == (False, 2)


def test_a_session_that_was_used_since_the_plan_is_looked_at_again(live: Callable[..., Ward71]) -> None:
    ward = live()

    def used() -> None:
        ward.store.append(type="message", message={"role": "user"})
        used_ids.update(ids_in(ward.on.transcript))

    used_ids: set[str] = set()
    (result,) = ward.rescue(PRESERVE, between=used).results
    assert (result.ok, [one.ok for one in result.rungs]) == (True, [True]), result
    assert used_ids <= ids_kept(ward.on)


def test_a_late_write_of_the_row_is_no_use_of_the_session(live: Callable[..., Ward71]) -> None:
    ward = live()
    (result,) = ward.rescue(PRESERVE, between=lambda: ward.store.change(updatedAt=1795420379999)).results
    assert result.ok, result


@pytest.mark.parametrize(("since", "code"), [(10_000, ExitCode.OK), (60_000, ExitCode.BUSY)])
def test_what_is_called_a_run_after_a_refusal_is_none(
    live: Callable[..., Ward71],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    since: int,
    code: ExitCode,
) -> None:
    """7.1 says for 15 s that a refused run goes on: to somebody who writes again and again, always."""
    monkeypatch.setattr(recovery_live, "IDLE_SECONDS", 0.5)
    (tmp_path / "before").mkdir()
    with planned(make_stage(tmp_path / "before", DEAD), PRESERVE) as made:
        refused = made.outlooks[0].patient.case.story.open[-1].at
    assert refused is not None
    ward = live(now=refused + since, active=True)
    (result,) = ward.rescue(PRESERVE).results
    assert result.exit_code == code, result
    assert bool(ward.asked("sessions.compact")) == (code == ExitCode.OK)


@pytest.mark.parametrize("failing", ["", "chat.inject"])
def test_a_reset_keeps_the_history_and_leaves_a_note(live: Callable[..., Ward71], failing: str) -> None:
    ward = live(hang_up_on=failing)
    before, old = ids_in(ward.on.transcript), ward.on.row["sessionId"]
    (result,) = ward.rescue(ORDERED, rungs=named("reset")).results
    assert (result.ok, result.action) == (True, "reset"), result
    assert ward.on.row["sessionId"] != old
    assert before <= ids_kept(ward.on)
    assert result.backup is not None
    assert ids_in(result.backup) == before
    assert len(ward.asked("chat.inject")) == 1


def test_a_digest_is_handed_over_in_one_turn(live: Callable[..., Ward71]) -> None:
    ward = live(working=frozenset())
    before = ids_in(ward.on.transcript)
    (result,) = ward.rescue(Mandate(Policy.REVIVE, explicit=True, named=True, agreed=True)).results
    assert (result.ok, result.action) == (True, "distil"), result
    (turn,) = ward.asked("agent")
    assert turn["deliver"] is False
    assert result.backup is not None
    assert result.backup.name in turn["message"], "the model is told where the history is"
    assert before <= ids_kept(ward.on)


def test_a_digest_that_nobody_read_is_no_rescue(live: Callable[..., Ward71]) -> None:
    ward = live(working=frozenset(), hang_up_on="agent")
    before = ids_in(ward.on.transcript)
    (result,) = ward.rescue(Mandate(Policy.REVIVE, explicit=True, named=True, agreed=True)).results
    assert not result.ok
    assert "the digest was not read" in result.error
    assert before <= ids_kept(ward.on)


@pytest.mark.parametrize("failing", ["", "send"])
def test_people_are_told_once(live: Callable[..., Ward71], failing: str) -> None:
    ward = live(hang_up_on=failing)
    there = {"channel": "telegram", "to": "telegram:-100", "accountId": "default", "threadId": 42}
    ward.store.change(deliveryContext=there)
    outcome = ward.rescue(PRESERVE)
    (result,) = outcome.results
    assert result.ok, "a note that cannot be sent fails nothing"
    assert ward.gateway.calls[-1][0] == "send", "it comes last"
    (asked,) = ward.asked("send")
    assert (asked["to"], asked["accountId"], asked["threadId"]) == ("telegram:-100", "default", "42")
    assert asked["idempotencyKey"] == once(result.rungs[-1].operation_id, ward.on.key)
    assert "not answered" in asked["message"]
    assert result.backup is not None
    assert result.backup.name in asked["message"]
    words = "was told by telegram" if not failing else "nobody in the chat"
    assert any(words in note for note in outcome.notes)


def test_people_are_not_told_in_the_chat_where_nobody_wants_it(live: Callable[..., Ward71]) -> None:
    ward = live()
    ward.store.change(deliveryContext={"channel": "telegram", "to": "telegram:-100"})
    own = ward.on.settings.world.config_file
    own.parent.mkdir(parents=True)
    own.write_text("[notify]\nin_chat = false\n")
    outcome = ward.rescue(PRESERVE)
    assert outcome.results[0].ok
    assert not ward.asked("send")
    assert outcome.notices[0].unanswered == len(outcome.notices[0].quotes) > 0


@pytest.mark.parametrize("policy", [PRESERVE, RESET])
def test_what_never_ran_through_this_gateway_is_not_made(
    live: Callable[..., Ward71], policy: Mandate
) -> None:
    ward = live()
    ward.gateway.methods["sessions.describe"] = lambda _: {"session": None}
    (result,) = ward.rescue(policy).results
    assert not result.ok
    assert not ward.asked("sessions.patch")
    assert not ward.asked("sessions.reset")


@contextmanager
def tombstoned(on: Stage, *, works: bool, chat: bool) -> Iterator[Ward71]:
    """A database whose session its restarts have given up, and a gateway that can (or cannot) recover it."""
    (tombstoned_chat if chat else tombstoned_session)(on)
    methods = Database(on).methods()
    if not works:
        methods["sessions.recover"] = lambda _: {"ok": True}
    with ExitStack() as running:
        fake = running.enter_context(serving(FakeGateway(methods=methods)))
        running.enter_context(gateway_process(on))
        yield Ward71(on, Store(on), fake, OpenLine(on, fake, running))


@pytest.mark.parametrize("works", [True, False])
def test_a_tombstoned_session_goes_on_as_another(stage: Make, works: bool) -> None:  # noqa: FBT001
    on = stage("2026.9.6/healthy-mid")
    with tombstoned(on, works=works, chat=False) as ward:
        (result,) = ward.rescue(PRESERVE).results
    assert (result.ok, result.rungs[0].rung, result.rungs[0].ok) == (works, "recover", works), result
    assert len(ward.asked("sessions.recover")) == 1
    if works:
        seen = report(on)
        assert seen.verdict is not Verdict.DEAD, seen.why
        assert seen.session.recovered_key


def test_a_tombstoned_chat_is_never_recovered_but_told_the_facts(stage: Make) -> None:
    """The gateway would archive the chat and refuse it for good."""
    on = stage("2026.9.6/healthy-mid")
    with tombstoned(on, works=True, chat=True) as ward:
        (result,) = ward.rescue(PRESERVE).results
        assert result.exit_code == ExitCode.EXHAUSTED
        assert not ward.asked("sessions.recover")
        (result,) = ward.rescue(Mandate(Policy.REVIVE, explicit=True, named=True, agreed=True)).results
        assert (result.ok, result.action) == (True, "distil"), result
        assert not ward.asked("sessions.recover")
    assert report(on).verdict is not Verdict.DEAD


OFF = ("a", "guard", "enabled")


@pytest.mark.parametrize(
    ("content", "patch"),
    [
        ({"a": {"guard": {"enabled": True}}}, {"a": {"guard": {"enabled": True}}}),
        ({"a": {"guard": {"other": 1}}}, {"a": {"guard": {"enabled": None}}}),
        ({"a": {}}, {"a": {"guard": None}}),
        ({}, {"a": None}),
    ],
)
def test_a_setting_is_put_back_to_what_the_file_said(content: dict[str, Any], patch: dict[str, Any]) -> None:
    assert (
        putting_back(Fields({"parsed": content, "config": {"a": {"guard": {"enabled": True}}}}), OFF) == patch
    )


def message(number: int, role: str, chars: int) -> Entry:
    return Entry(number, "message", chars, id=f"e{number}", role=role, text_chars=chars)


def test_the_newest_point_that_fits_is_gone_back_to() -> None:
    talk = [message(at, "user" if at % 2 == 0 else "assistant", 4000) for at in range(20)]
    assert fitting(talk, Room(20_000, 2_000, 10_000)) == 10, (
        "ten messages of 1000 tokens, and what stands beside"
    )
    assert fitting(talk, Room(20_000, 2_000, 500)) is None, "nothing would be left"
    reset = Entry(30, "reset", 10, id="r")
    assert fitting([*talk, reset], Room(20_000, 2_000, 10_000)) is None, "a rewind does not cross a reset"
