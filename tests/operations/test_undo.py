"""`undo` gives back the very bytes, refuses when the session has moved on, and can itself be undone."""

from __future__ import annotations

import json
from pathlib import Path

import mutation_stage as stage
import pytest

from clawmedic.disk.locks import state_lock
from clawmedic.errors import AmbiguousError, NotFoundError, RefusedError
from clawmedic.model.outcome import OperationState, Outcome
from clawmedic.model.plan import Reversible
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.history import list_operations, own_folder
from clawmedic.operations.run import mutating_run
from clawmedic.operations.undo import plan_undo, undo
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading


def undo_now(settings: Settings, name: str, *, force: bool = False) -> Outcome:
    with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
        return undo(run, plan_undo(settings, name, force=force), state=state)


def transcript(settings: Settings) -> Path:
    return settings.state_dir / "agents/main/sessions" / f"{stage.SESSION_ID}.jsonl"


@pytest.mark.parametrize("kind", ["distil", "reset"])
def test_undo_gives_back_the_very_bytes_modes_and_times(settings: Settings, kind: str) -> None:
    before = stage.tree(settings.state_dir)
    times = {path: path.stat().st_mtime_ns for path in settings.state_dir.rglob("*.json*") if path.is_file()}
    done = stage.rescue(settings, kind)
    assert stage.without_backups(stage.tree(settings.state_dir)) != before
    outcome = undo_now(settings, done.operation_id)
    assert outcome.exit_code == 0
    assert stage.without_backups(stage.tree(settings.state_dir)) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times
    states = {one.operation_id: one.state for one in list_operations(settings)}
    assert states == {done.operation_id: OperationState.UNDONE, outcome.operation_id: OperationState.DONE}


def test_an_undo_can_be_undone_and_the_operation_is_done_again(settings: Settings) -> None:
    done = stage.rescue(settings, "reset")
    planned = stage.tree(settings.state_dir)
    first = undo_now(settings, done.operation_id)
    second = undo_now(settings, first.operation_id)
    assert stage.without_backups(stage.tree(settings.state_dir)) == stage.without_backups(planned)
    states = {one.operation_id: one.state for one in list_operations(settings)}
    assert states[done.operation_id] is OperationState.DONE
    assert states[first.operation_id] is OperationState.UNDONE
    assert states[second.operation_id] is OperationState.DONE


def test_a_stale_lock_that_was_cleared_comes_back(settings: Settings) -> None:
    lock = transcript(settings).with_name(f"{stage.SESSION_ID}.jsonl.lock")
    lock.write_bytes(b'{"pid": 4194303, "createdAt": "2026-11-23T08:00:00.000Z", "starttime": 5}')
    before = stage.tree(settings.state_dir)
    done = stage.rescue(settings)
    assert not lock.exists()
    undo_now(settings, done.operation_id)
    assert stage.without_backups(stage.tree(settings.state_dir)) == before


def test_a_session_that_has_moved_on_is_refused_and_nothing_changes(settings: Settings) -> None:
    done = stage.rescue(settings)
    with transcript(settings).open("ab") as file:
        file.write(stage.entry(50, "a new question").encode() + b"\n")
    moved_on = stage.tree(settings.state_dir)
    with pytest.raises(RefusedError, match="moved on") as refused:
        undo_now(settings, done.operation_id)
    assert "--force" in refused.value.hint
    assert stage.tree(settings.state_dir) == moved_on


def test_force_keeps_what_is_there_now_and_puts_the_old_back(settings: Settings) -> None:
    before = stage.tree(settings.state_dir)
    done = stage.rescue(settings)
    with transcript(settings).open("ab") as file:
        file.write(stage.entry(50, "a new question").encode() + b"\n")
    present = transcript(settings).read_bytes()
    outcome = undo_now(settings, done.operation_id, force=True)
    assert stage.without_backups(stage.tree(settings.state_dir)) == before
    backup = outcome.results[0].backup
    assert backup is not None
    assert backup.read_bytes() == present
    undo_now(settings, outcome.operation_id)
    assert transcript(settings).read_bytes() == present


def test_other_rows_that_changed_since_stay(settings: Settings) -> None:
    store = settings.state_dir / "agents/main/sessions/sessions.json"
    old = json.loads(store.read_text())
    done = stage.rescue(settings)
    store.write_text(store.read_text().replace('"totalTokens": 900', '"totalTokens": 1234'))
    assert undo_now(settings, done.operation_id).exit_code == 0
    now = json.loads(store.read_text())
    assert now[stage.KEY] == old[stage.KEY]
    assert now[stage.OTHER] == {**old[stage.OTHER], "totalTokens": 1234}


def test_a_row_that_changed_since_is_refused_and_forced_alone(settings: Settings) -> None:
    store = settings.state_dir / "agents/main/sessions/sessions.json"
    old = json.loads(store.read_text())
    done = stage.rescue(settings)
    store.write_text(
        store.read_text()
        .replace("rescued ✓", "somebody else")
        .replace('"totalTokens": 900', '"totalTokens": 7')
    )
    with pytest.raises(RefusedError, match="row"):
        undo_now(settings, done.operation_id)
    assert undo_now(settings, done.operation_id, force=True).exit_code == 0
    now = json.loads(store.read_text())
    assert now[stage.KEY] == old[stage.KEY]
    assert now[stage.OTHER]["totalTokens"] == 7


def test_what_is_undone_or_rolled_back_is_not_undone_again(settings: Settings) -> None:
    done = stage.rescue(settings)
    undo_now(settings, done.operation_id)
    with pytest.raises(RefusedError, match="undone already"):
        undo_now(settings, done.operation_id)
    failed = stage.rescue(settings, holds=False)
    with pytest.raises(RefusedError, match="rolled-back already"):
        undo_now(settings, failed.operation_id)
    assert all(
        one.reversible is Reversible.NO
        for one in list_operations(settings)
        if one.state is not OperationState.DONE
    )


def test_operations_are_found_by_a_part_of_their_name(settings: Settings) -> None:
    first, second = stage.rescue(settings), stage.rescue(settings, "reset")
    assert plan_undo(settings, second.operation_id[-6:])[0].plan.undoes == second.operation_id
    with pytest.raises(AmbiguousError):
        plan_undo(settings, first.operation_id[:8])
    for wanted in ("nothing", ""):
        with pytest.raises(NotFoundError):
            plan_undo(settings, wanted)


def test_a_damaged_copy_is_never_put_back(settings: Settings) -> None:
    done = stage.rescue(settings)
    (copy,) = [
        path
        for path in (own_folder(settings) / "operations" / done.operation_id / "before").iterdir()
        if b"message 1 " in path.read_bytes()
    ]
    copy.write_bytes(copy.read_bytes()[:-5])
    planned = stage.tree(settings.state_dir)
    with pytest.raises(Exception, match="damaged"):
        undo_now(settings, done.operation_id)
    assert stage.without_backups(stage.tree(settings.state_dir)) == stage.without_backups(planned)


def test_a_journal_with_a_torn_last_line_and_foreign_lines_is_read(settings: Settings) -> None:
    done = stage.rescue(settings)
    journal = own_folder(settings) / "operations" / done.operation_id / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"kind":"from-the-future","x":1}\n[1,2]\n\xff\xfe\n{"kind":"ended","sta')
    (own_folder(settings) / "operations" / "20261123T000000-000000").mkdir()
    assert [one.state for one in list_operations(settings)] == [OperationState.DONE]
    assert undo_now(settings, done.operation_id).exit_code == 0


def test_own_files_are_private(settings: Settings) -> None:
    stage.rescue(settings)
    with state_lock(own_folder(settings)):
        pass
    for path in (settings.world.data_home, *settings.world.data_home.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
