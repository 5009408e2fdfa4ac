"""Rescues of sessions whose people go on writing: runs in the way, and branches that grow meanwhile (2026.9.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import database_stage
import pytest
from crash_cases import DEAD_DATABASE, Bed, CrashCase, bed

import branch_stage
from gateway_server import FakeGateway
from harness import Ran, Run

Scene = Callable[..., tuple[Bed, database_stage.Database, Ran]]


@pytest.fixture
def rescue(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Rescue a dead session of a database beside a gateway of this kind."""
    with ExitStack() as running:

        def do(
            *working: str,
            before: Callable[[database_stage.Database], object] = lambda _: None,
            words: tuple[str, ...] = ("rescue", "KEY", "--policy", "preserve"),
            **kind: object,
        ) -> tuple[Bed, database_stage.Database, Ran]:
            made: list[database_stage.Database] = []

            def gateway(on: object) -> FakeGateway:
                made.append(database_stage.Database(on, frozenset(working), **kind))  # type: ignore[arg-type]
                return FakeGateway(methods=made[0].methods())

            here = running.enter_context(
                bed(tmp_path, CrashCase("rewind", DEAD_DATABASE, words, gateway=gateway))
            )
            monkeypatch.setenv("XDG_STATE_HOME", here.env["XDG_STATE_HOME"])
            before(made[0])
            return here, made[0], run(*here.argv(), "--json")

        yield do


def undo(run: Run, here: Bed, ran: Ran) -> Ran:
    state = ("--state-dir", str(here.on.state))
    return run("undo", ran.document["operation_id"], "--yes", *here.reach, *state)


def branch_with(database: database_stage.Database, words: str) -> str:
    """The id of the message with these words."""
    return next(
        str(event["id"]) for event in database.events() if event.get("message", {}).get("content") == words
    )


def test_a_compaction_waits_for_the_moment_between_two_runs(rescue: Scene) -> None:
    _, database, ran = rescue("fake/alt", busy=3)
    (result,) = ran.expect(0).document["results"]
    assert (result["action"], [one["ok"] for one in result["rungs"]]) == ("compact", [True])
    assert database.busy == 0


def test_a_compaction_that_a_run_made_meanwhile_will_do(rescue: Scene) -> None:
    """A run of the session compacts with the model that the session was given for the rescue's own compaction."""
    _, database, ran = rescue("fake/alt", run_compacts=True)
    (result,) = ran.expect(0).document["results"]
    assert (result["action"], [one["ok"] for one in result["rungs"]]) == ("compact", [True])
    (check,) = [one for one in result["proof"]["checks"] if one["name"] == "compacted"]
    assert check["detail"] == "by a run meanwhile"
    assert "modelOverride" not in database_stage.row(database.on)


def test_one_that_was_there_before_will_not(rescue: Scene) -> None:
    _, _, ran = rescue(
        before=database_stage.Database.write_compaction, words=("compact", "KEY"), run_compacts=True
    )
    (result,) = ran.expect(8).document["results"]
    assert [one["error"] for one in result["rungs"]] == ["compacted: fake/big: Already compacted"]


def test_a_rewind_waits_too_and_so_does_undo(rescue: Scene, run: Run) -> None:
    here, database, ran = rescue()
    (result,) = ran.expect(0).document["results"]
    assert result["action"] == "rewind"
    before = here.branch()
    database.busy = 3
    undo(run, here, ran).expect(0)
    assert (database.busy, here.branch() != before) == (0, True)


def test_undo_goes_back_to_the_branch_with_what_was_written_at_the_last_moment(
    rescue: Scene, run: Run
) -> None:
    here, database, ran = rescue(written="is anybody there?")
    (result,) = ran.expect(0).document["results"]
    assert (result["action"], result["reversible"]) == ("rewind", "state")
    undo(run, here, ran).expect(0)
    assert here.branch() == branch_with(database, "is anybody there?")


def test_undo_of_what_a_person_has_put_back_already(rescue: Scene, run: Run) -> None:
    here, database, ran = rescue()
    ran.expect(0)
    (left,) = [one["leafEntryId"] for one in database.branches() if not one["active"]]
    database.switch({"leafEntryId": left})
    undo(run, here, ran).expect(0)
    assert here.branch() == left


def test_undo_says_so_where_another_conversation_stands_behind_the_key(rescue: Scene, run: Run) -> None:
    here, database, ran = rescue(written="is anybody there?")
    ran.expect(0)
    with branch_stage.opened(here.on.state) as connection:
        window = branch_stage.window_of(connection, here.on.key)
        connection.execute("DELETE FROM transcript_events WHERE session_id = ? AND seq > 3", (window,))
    refused = undo(run, here, ran)
    assert "another conversation" in refused.expect(6).stderr
    assert len(database.events()) == 4
