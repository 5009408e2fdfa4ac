"""Retention: dry by default, quarantine first, and never the only complete copy of anything."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_stage import KEY, NOW, SESSION_ID, Stage, fingerprint, lines, packed, talk
from clawmedic.backups.reading import CopyReader
from clawmedic.backups.retention import Retention, plan_prune
from clawmedic.disk import quarantine
from clawmedic.errors import UsageError


def name(number: int, kind: str = "reset") -> str:
    return f"{SESSION_ID}.jsonl.{kind}.2026-11-{number + 1:02d}T07-44-32.054Z"


@pytest.fixture
def sprawl(stage):
    """A live transcript with everything, and ten copies of parts of it."""
    stage.live(talk(12))
    for number in range(10):
        stage.put(name(number), lines(talk(number + 2)))
    return stage


def plan(stage, **rules):
    archive = stage.look()
    with CopyReader(stage.world(), stage.state) as reader:
        return plan_prune(archive, reader, Retention(**rules), NOW)


def names(plan):
    return sorted(item.backup.path.name for item in plan.prunes)


def test_it_is_dry_unless_told_otherwise(sprawl, run):
    before = fingerprint(sprawl.state)
    text = run("backups", "prune", "--keep", "2", *sprawl.options).expect(0).stdout
    assert "8 copies" in text
    assert "Nothing was changed" in text
    assert fingerprint(sprawl.state) == before
    run("backups", "prune", *sprawl.options).expect(2)
    run("backups", "prune", "--keep", "1", "--kind", "live", *sprawl.options).expect(2)


def test_count_age_and_bytes(sprawl):
    assert names(plan(sprawl, keep=2)) == [name(number) for number in range(8)]
    day = 86_400_000
    newest = 1_795_419_872_054 - 13 * day  # the tenth of November
    assert names(plan(sprawl, older_than_ms=NOW - newest + day)) == [name(number) for number in range(8)]
    total = sum((sprawl.sessions / name(number)).stat().st_size for number in (8, 9))
    assert names(plan(sprawl, max_bytes=total)) == [name(number) for number in range(8)]
    assert plan(sprawl, max_bytes=10**9).prunes == []


def test_acting_moves_into_quarantine_and_nothing_is_lost(sprawl, run):
    contents = {path.name: path.read_bytes() for path in sprawl.sessions.iterdir()}
    document = run("backups", "prune", "--keep", "2", "--yes", "--json", *sprawl.options).expect(0).document
    assert document["done"]
    assert len(document["put_aside"]) == 8
    assert document["refused"] == []
    left = {path.name for path in sprawl.sessions.iterdir()}
    assert left == set(contents) - {name(number) for number in range(8)}
    from pathlib import Path

    folder = Path(document["quarantine"])
    assert folder.stat().st_mode & 0o777 == 0o700
    rows = [json.loads(line) for line in (folder / quarantine.MANIFEST).read_text().splitlines()]
    assert len(rows) == 8
    for row in rows:
        data = (folder / row["target"]).read_bytes()
        assert data == contents[Path(row["source"]).name]
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
    again = run("backups", "prune", "--keep", "2", "--yes", "--json", *sprawl.options).expect(0).document
    assert again["put_aside"] == []
    (journal,) = (folder.parents[1] / "operations").glob("*/journal.jsonl")
    begun, ended = (json.loads(line) for line in journal.read_text().splitlines())
    assert (begun["command"], begun["keys"]) == ("backups prune", [KEY])
    assert (ended["state"], journal.parent.name) == ("done", folder.name)
    assert str(folder) in ended["detail"]


def test_the_only_complete_copy_of_anything_stays(stage):
    stage.live(talk(2, start=20))
    stage.put(name(0), lines(talk(6)))
    stage.put(name(1), lines(talk(4)))
    stage.put(name(2), lines(talk(7))[:-30])
    found = plan(stage, keep=0)
    assert names(found) == [name(1)]
    reasons = {item.backup.path.name: item.reason for item in found.kept}
    assert "entries stand in no other complete copy" in reasons[name(2)]
    assert name(0) in reasons


def test_the_same_id_with_another_text_is_another_entry(stage):
    stage.live(talk(4))
    other = talk(4)
    other[2]["message"]["content"][0]["text"] = "the only place where this stands"
    stage.put(name(0), lines(other))
    assert plan(stage, keep=0).prunes == []


def test_of_equal_copies_one_stays(stage):
    stage.live(talk(1, start=30))
    for number in range(4):
        stage.put(name(number), lines(talk(5)))
    assert len(names(plan(stage, keep=0))) == 3


def test_live_referenced_locked_and_unreadable_copies_stay(stage, run):
    checkpoint = f"{SESSION_ID}.checkpoint.0ea1b2fc-4967-427d-bfa3-493cc3ec002a.jsonl"
    referenced = {"preCompaction": {"sessionFile": f"/x/{checkpoint}", "sessionId": SESSION_ID}}
    stage.live(talk(9), compactionCheckpoints=[referenced])
    stage.put(checkpoint, lines(talk(3)))
    stage.put(checkpoint.replace("0ea1", "1ea1"), lines(talk(3)))
    os.mkfifo(stage.sessions / name(5))
    found = plan(stage, keep=0)
    assert names(found) == [checkpoint.replace("0ea1", "1ea1")]
    kept = {item.backup.path.name: item.reason for item in found.kept}
    assert kept[checkpoint] == "a row of the store names it"
    assert "cannot be read" in kept[name(5)]
    lock = {"pid": os.getpid(), "createdAt": datetime.now(UTC).isoformat()}
    (stage.sessions / f"{SESSION_ID}.jsonl.lock").write_text(json.dumps(lock))
    document = run("backups", "prune", "--keep", "0", "--yes", "--json", *stage.options).expect(4).document
    assert document["put_aside"] == []
    assert "is locked" in document["refused"][0]["reason"]


def test_database_copies_are_never_pruned(corpus_case, run):
    case = corpus_case("2026.9.6/reset-revived")
    before = fingerprint(case.state)
    document = run("backups", "prune", "--keep", "0", "--yes", "--json", *case.options).expect(0).document
    assert document["prunes"] == []
    assert fingerprint(case.state) == before


def test_a_file_that_changed_since_is_left_alone(sprawl):
    from clawmedic.backups.pruning import carry_out

    found = plan(sprawl, keep=2)
    (sprawl.sessions / name(0)).write_bytes(lines(talk(3)))
    (sprawl.sessions / name(1)).unlink()
    done = carry_out(sprawl.settings(), found)
    assert len(done.done) == 6
    assert sorted(reason.split()[-1] for _, reason in done.refused) == ["at", "gone"]


def test_across_file_systems_it_is_copied_verified_and_then_removed(sprawl, monkeypatch):
    import errno

    from clawmedic.backups.pruning import carry_out

    def refuse(*_, **__):
        raise OSError(errno.EXDEV, "cross-device")

    monkeypatch.setattr(quarantine.os, "link", refuse)
    contents = (sprawl.sessions / name(0)).read_bytes()
    done = carry_out(sprawl.settings(), plan(sprawl, keep=9))
    assert [aside.target.read_bytes() for _, aside in done.done] == [contents]
    assert not (sprawl.sessions / name(0)).exists()


def test_no_room_means_nothing_is_removed(sprawl, monkeypatch):
    import errno

    from clawmedic.backups.pruning import carry_out

    def refuse(*_, **__):
        raise OSError(errno.EXDEV, "cross-device")

    monkeypatch.setattr(quarantine.os, "link", refuse)
    monkeypatch.setattr(quarantine, "free_bytes", lambda _: 1000)
    before = fingerprint(sprawl.state)
    done = carry_out(sprawl.settings(), plan(sprawl, keep=2))
    assert done.done == []
    assert len(done.refused) == 8
    assert fingerprint(sprawl.state) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.integers(1, 5),
            st.sampled_from(["plain", "gzip", "zstd"]),
            st.integers(0, 1),
        ),
        max_size=7,
    ),
    st.integers(0, 2),
)
def test_every_entry_that_stood_in_a_complete_copy_still_does(tmp_path_factory, copies, keep):
    stage = Stage(tmp_path_factory.mktemp("prune")).begin()
    stage.live(talk(2, start=3))
    for number, (start, turns, codec, torn) in enumerate(copies):
        data = lines(talk(turns, start=start))
        stage.put(name(number), packed(data[: len(data) - 25 * torn], codec))

    def held(archive, without=()):
        found = set()
        with CopyReader(stage.world(), stage.state) as reader:
            for item in archive.backups:
                if item.state.value == "complete" and item.id not in without:
                    found |= {
                        raw.data
                        for raw in reader.entries(item)
                        if not raw.data.startswith(b'{"type":"session"')
                    }
        return found

    archive = stage.look()
    before = held(archive)
    with CopyReader(stage.world(), stage.state) as reader:
        found = plan_prune(archive, reader, Retention(keep=keep), NOW)
    assert held(archive, {item.backup.id for item in found.prunes}) == before


def test_nothing_says_what_may_go(stage):
    stage.live(talk(1))
    with pytest.raises(UsageError):
        plan(stage)
