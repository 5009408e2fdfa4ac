"""A mutation is done whole or not at all, and the journal says which."""

from __future__ import annotations

import json
from pathlib import Path

import mutation_stage as stage
import pytest
from msgspec.structs import replace

from clawmedic.errors import BusyError, RefusedError
from clawmedic.model.outcome import OperationState
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.execute import execute
from clawmedic.operations.history import list_operations
from clawmedic.operations.run import mutating_run
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading


def test_a_done_rescue_leaves_a_verified_backup_and_nothing_else(settings: Settings) -> None:
    sessions = settings.state_dir / "agents/main/sessions"
    before = stage.tree(settings.state_dir)
    old = (sessions / f"{stage.SESSION_ID}.jsonl").read_bytes()
    result = stage.rescue(settings)
    assert result.ok
    assert result.state is OperationState.DONE
    assert result.backup is not None
    assert result.backup.name == f"{stage.SESSION_ID}.jsonl.bak.recovered.2026-11-23T08-15-41.674Z"
    assert result.backup.read_bytes() == old
    assert result.backup.stat().st_mode & 0o777 == 0o600
    after = stage.tree(settings.state_dir)
    assert set(after) - set(before) == {str(result.backup.relative_to(settings.state_dir))}
    assert (sessions / f"{stage.SESSION_ID}.jsonl").stat().st_mode & 0o777 == 0o644
    (line,) = list_operations(settings)
    assert (line.state, line.keys, line.backups) == (OperationState.DONE, (stage.KEY,), (result.backup,))


def test_only_the_touched_fields_of_the_row_change(settings: Settings) -> None:
    store = settings.state_dir / "agents/main/sessions/sessions.json"
    before = store.read_text().splitlines()
    stage.rescue(settings)
    after = store.read_text().splitlines()
    gone = [line for line in before if line not in after]
    new = [line for line in after if line not in before]
    assert new == ['    "label": "rescued ✓"']
    assert gone == ['    "totalTokens": 24365,']  # the other row has the two other lines too
    row = json.loads(store.read_text())[stage.KEY]
    assert "totalTokens" not in row
    assert "totalTokensFresh" not in row
    assert list(json.loads(store.read_text())) == [stage.OTHER, stage.KEY]


def test_a_proof_that_does_not_hold_is_rolled_back_with_its_backup(settings: Settings) -> None:
    before = stage.tree(settings.state_dir)
    result = stage.rescue(settings, holds=False)
    assert not result.ok
    assert result.state is OperationState.ROLLED_BACK
    assert "it was not" in result.error
    assert stage.tree(settings.state_dir) == before
    assert list_operations(settings)[0].state is OperationState.ROLLED_BACK


def test_a_source_that_changed_after_the_plan_is_refused(settings: Settings) -> None:
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        session = stage.session_of(state)
        plan, action = stage.distil_plan(settings, session)
        with session.transcript.path.open("ab") as file:
            file.write(stage.entry(99, "news").encode() + b"\n")
        before = stage.tree(settings.state_dir)
        with pytest.raises(RefusedError, match="has changed"):
            execute(run, plan, action, state=state)
    assert stage.tree(settings.state_dir) == before
    assert list_operations(settings) == ()


def test_a_source_that_changes_while_it_acts_is_refused_and_nothing_is_lost(settings: Settings) -> None:
    class Late(stage.Distil):
        def act(self, work: stage.Work) -> None:
            with self.session.transcript.path.open("ab") as file:
                file.write(stage.entry(99, "news").encode() + b"\n")
            super().act(work)

    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        plan, action = stage.distil_plan(settings, stage.session_of(state))
        late = Late(action.session, action.expected, action.row)
        with pytest.raises(RefusedError, match="has changed"):
            execute(run, plan, late, state=state)
    path = settings.state_dir / "agents/main/sessions" / f"{stage.SESSION_ID}.jsonl"
    assert b"news" in path.read_bytes()
    assert list_operations(settings)[0].state is OperationState.ROLLED_BACK


def test_another_row_that_changes_meanwhile_does_not_matter(settings: Settings) -> None:
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        plan, action = stage.distil_plan(settings, stage.session_of(state))
        store = settings.state_dir / "agents/main/sessions/sessions.json"
        store.write_text(store.read_text().replace('"totalTokens": 900', '"totalTokens": 901'))
        assert execute(run, plan, action, state=state).ok
    assert json.loads(store.read_text())[stage.OTHER]["totalTokens"] == 901


def test_two_runs_on_one_state_directory_one_is_busy(settings: Settings) -> None:
    with mutating_run(settings), pytest.raises(BusyError, match="another clawmedic"), mutating_run(settings):
        pass
    with mutating_run(settings):
        pass


def test_two_state_directories_do_not_disturb_each_other(settings: Settings, tmp_path: Path) -> None:
    other = replace(settings, state_dir=stage.build(tmp_path / "second"))
    with mutating_run(settings), mutating_run(other):
        pass


def test_a_symbolic_link_in_place_of_the_transcript_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = settings.state_dir / "agents/main/sessions" / f"{stage.SESSION_ID}.jsonl"
    elsewhere = tmp_path / "elsewhere.jsonl"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with pytest.raises(RefusedError, match="symbolic link"):
        stage.rescue(settings)
    assert elsewhere.read_bytes() == before
    assert path.is_symlink()


def test_an_error_in_the_action_rolls_back_and_comes_through(settings: Settings) -> None:
    class Breaks(stage.Distil):
        def act(self, work: stage.Work) -> None:
            super().act(work)
            raise KeyboardInterrupt

    before = stage.tree(settings.state_dir)
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        plan, action = stage.distil_plan(settings, stage.session_of(state))
        with pytest.raises(KeyboardInterrupt):
            execute(run, plan, Breaks(action.session, action.expected, action.row), state=state)
    assert stage.tree(settings.state_dir) == before
