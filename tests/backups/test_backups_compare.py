"""Two copies side by side, and how the copies of a key relate."""

from __future__ import annotations

import pytest

from backup_stage import KEY, SESSION_ID, by_name, lines, talk
from clawmedic.backups.compare import Side, compare
from clawmedic.backups.graph import best_of, overlap_of
from clawmedic.backups.reading import CopyReader
from clawmedic.model.backup import Backup, BackupKind, BackupState, Overlap, Place

NAME = f"{SESSION_ID}.jsonl.bak.recovered.1"


def compared(stage, live, copy):
    stage.live(live)
    stage.put(NAME, lines(copy))
    archive = stage.look()
    with CopyReader(stage.world(), stage.state) as reader:
        return compare(
            reader, by_name(archive, NAME), next(item for item in archive.backups if item.kind.is_live)
        )


def test_a_copy_is_the_same_as_itself(stage):
    found = compared(stage, talk(3), talk(3))
    assert (found.same, found.differences) == (6, ())


def test_only_here_only_there_and_changed(stage):
    changed = talk(4, start=0)
    changed[3]["message"]["content"][0]["text"] = "first line\nanother line"
    found = compared(stage, changed[:7], [*talk(3)[:5], *talk(2, start=7, prefix="x")[1:]])
    sides = [(item.side.value, (item.a or item.b).id) for item in found.differences]
    assert sides == [
        ("changed", "e0000002"), ("only-b", "e0000004"), ("only-b", "e0000005"),
        ("only-a", "x0000014"), ("only-a", "x0000015"), ("only-a", "x0000016"), ("only-a", "x0000017"),
    ]  # fmt: skip
    assert found.same == 3
    assert "-question 1" in found.differences[0].diff
    assert "+another line" in found.differences[0].diff


def test_the_same_words_under_another_id_are_told_apart(stage):
    found = compared(stage, talk(3, prefix="a"), talk(3, prefix="b"))
    assert found.count(Side.MOVED) == 6
    assert found.count(Side.ONLY_A) == found.count(Side.ONLY_B) == 0


def test_ids_that_stand_twice_are_compared_in_order(stage):
    twice = talk(2)
    twice[3]["id"] = twice[1]["id"]
    found = compared(stage, twice, twice[:3])
    assert found.same == 2
    assert found.count(Side.ONLY_B) == 2


def test_the_page_and_the_document(stage, run):
    changed = talk(3)
    changed[1]["message"]["content"][0]["text"] = "\x1b[31mred [bold]x[/bold]"
    stage.live(changed)
    stage.put(NAME, lines(talk(3)))
    text = run("backups", "diff", NAME, KEY, *stage.options).expect(0).stdout
    assert "5 entries the same, 0 only in A, 0 only in B, 1 changed" in text
    assert "\x1b" not in text
    assert "+\\x1b[31mred [bold]x[/bold]" in text
    assert run("backups", "diff", NAME, KEY, "--json", *stage.options).document["totals"]["changed"] == 1
    run("backups", "diff", NAME, "nothing-like-it", *stage.options).expect(5)


@pytest.mark.parametrize(
    ("mine", "live", "expected"),
    [
        ({1, 2}, {1, 2}, Overlap.SAME),
        ({1}, {1, 2}, Overlap.SUBSET),
        ({1, 2, 3}, {1, 2}, Overlap.SUPERSET),
        ({1, 3}, {1, 2}, Overlap.DIVERGED),
        ({3}, {1, 2}, Overlap.NONE),
        (set(), {1}, Overlap.NONE),
        ({1}, None, Overlap.NONE),
    ],
)
def test_overlap(mine, live, expected):
    assert overlap_of(mine, live) is expected


def item(tmp_path, state, visible, kind=BackupKind.BAK, at=0):
    return Backup(
        "x",
        KEY,
        "s",
        kind,
        state,
        Place(tmp_path),
        visible=visible,
        messages=visible,
        entries=visible,
        archived_at=at,
    )


def test_validity_and_coverage_before_recency(tmp_path):
    older = item(tmp_path, BackupState.COMPLETE, 40, at=1)
    newer = item(tmp_path, BackupState.COMPLETE, 30, at=2)
    torn = item(tmp_path, BackupState.TRUNCATED, 41, at=3)
    assert best_of([newer, older, torn])[0] is older, "one message more does not outweigh a torn end"
    fuller = item(tmp_path, BackupState.DAMAGED, 90, at=0)
    assert best_of([newer, older, fuller])[0] is fuller
    assert "nothing complete shows as much" in best_of([older, fuller])[1]
    twin = item(tmp_path, BackupState.COMPLETE, 40, at=9)
    assert best_of([older, twin])[0] is twin, "among equals the newest"
    live = item(tmp_path, BackupState.COMPLETE, 40, kind=BackupKind.LIVE, at=0)
    assert best_of([twin, live])[0] is live, "nothing to restore where the live transcript shows as much"
    assert best_of([item(tmp_path, BackupState.EMPTY, 0), item(tmp_path, BackupState.UNREADABLE, 0)]) == (
        None,
        "",
    )


def test_unique_and_missing_entries_and_gaps(stage):
    stage.live(talk(2, start=4), usageFamilySessionIds=["99999999-2222-4333-8444-555555555555"])
    stage.put(NAME, lines(talk(3)))
    stage.put(f"{SESSION_ID}.jsonl.bak.recovered.2", lines(talk(2)))
    archive = stage.look()
    full = by_name(archive, NAME)
    assert (full.unique_entries, full.missing_entries) == (2, 4)
    lineage = archive.lineages[0]
    assert lineage.distinct_entries == 10
    assert lineage.best is not None
    assert lineage.best.id == full.id
    assert ["99999999-2222-4333-8444-555555555555" in gap.reason for gap in lineage.gaps] == [True]


def test_a_hole_in_the_live_branch_is_a_gap_unless_a_copy_fills_it(stage):
    whole = talk(5)
    stage.live([whole[0], *whole[1:3], *whole[5:]])
    gaps = stage.look().lineages[0].gaps
    assert [gap.reason for gap in gaps] == ["the branch breaks: the entry before is in no copy"]
    stage.put(NAME, lines(whole))
    assert stage.look().lineages[0].gaps == ()
