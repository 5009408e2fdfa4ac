"""What operations leave behind is bounded, and nothing that is still needed goes."""

from __future__ import annotations

import mutation_stage as stage
import pytest
from msgspec.structs import replace
from test_undo import undo_now

from clawmedic.configuration.sections import BackupsSection
from clawmedic.errors import RefusedError
from clawmedic.model.outcome import OperationState
from clawmedic.operations.history import list_operations, own_folder
from clawmedic.operations.retention import Keep, keep_of, needed_backups, tidy
from clawmedic.operations.run import mutating_run
from clawmedic.settings import Settings


def rescues(settings: Settings, count: int) -> list[stage.RungResult]:
    """So many rescues at different times, each undone; the last one stands."""
    found = []
    for number in range(count):
        later = stage.settings_for(settings.state_dir.parent, now=settings.now() + number * 60_000)
        found.append(stage.rescue(later))
        if number < count - 1:
            undo_now(later, found[-1].operation_id)
    return found


def backups(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.state_dir.rglob("*.bak.recovered.*"))


def test_within_the_bounds_nothing_goes(settings: Settings) -> None:
    rescues(settings, 3)
    before = stage.tree(settings.state_dir)
    assert tidy(settings) == tidy(settings)
    assert stage.tree(settings.state_dir) == before
    assert all(
        (own_folder(settings) / "operations" / one.operation_id / "before/0001").exists()
        for one in list_operations(settings)[:1]
    )


def test_surplus_backups_go_to_quarantine_and_needed_ones_never(settings: Settings) -> None:
    done = rescues(settings, 4)
    foreign = (
        settings.state_dir
        / f"agents/main/sessions/{stage.SESSION_ID}.jsonl.bak.recovered.2020-01-01T00-00-00.000Z"
    )
    foreign.write_bytes(b"not ours")
    assert needed_backups(settings) == {done[-1].backup}
    tidied = tidy(settings, Keep(backups=1))
    assert set(tidied.aside) == {one.backup for one in done[:-1]}
    assert done[-1].backup is not None
    assert backups(settings) == sorted([foreign.name, done[-1].backup.name])
    kept = list((own_folder(settings) / "quarantine").rglob("*.bak.recovered.*"))
    assert len(kept) == 3
    assert all(path.read_bytes() == stage.transcript(stage.SESSION_ID, 12) for path in kept)
    assert tidy(settings, Keep(backups=1)).aside == ()


def test_the_configuration_s_bounds_are_kept_after_each_run(settings: Settings) -> None:
    done = rescues(settings, 3)
    own = settings.state_dir.parent / "own.toml"
    own.write_text("[backups]\nkeep = 1\n")
    with mutating_run(replace(settings, config_file=own)):
        assert len(backups(settings)) == 3
    assert done[-1].backup is not None
    assert backups(settings) == [done[-1].backup.name]
    assert keep_of(BackupsSection()) == Keep(), "both say the same default"


def test_old_copies_are_given_up_and_undo_says_so(settings: Settings) -> None:
    first = stage.rescue(settings)
    later = stage.settings_for(settings.state_dir.parent, now=settings.now() + 1000)
    second = stage.rescue(later, "reset")
    assert tidy(later, Keep(operations=1)).expired == (first.operation_id,)
    with pytest.raises(RefusedError, match="retention"):
        undo_now(later, first.operation_id)
    states = {one.operation_id: (one.state, one.reversible.value) for one in list_operations(later)}
    assert states[first.operation_id] == (OperationState.DONE, "no")
    assert undo_now(later, second.operation_id).exit_code == 0


def test_the_quarantine_is_bounded_but_keeps_its_newest(settings: Settings) -> None:
    quarantine = own_folder(settings) / "quarantine"
    for name in ("2026-01-01T00-00-00.000Z", "2026-02-01T00-00-00.000Z", "2026-03-01T00-00-00.000Z"):
        (quarantine / name).mkdir(parents=True)
        (quarantine / name / "copy").write_bytes(b"x" * 1000)
    assert [path.name for path in tidy(settings, Keep(quarantine_bytes=2000)).forgotten] == [
        "2026-01-01T00-00-00.000Z"
    ]
    assert [path.name[:7] for path in tidy(settings, Keep(quarantine_bytes=0)).forgotten] == ["2026-02"]
    assert (quarantine / "2026-03-01T00-00-00.000Z/copy").exists()
