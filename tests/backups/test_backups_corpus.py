"""Every copy in every real store: found, named rightly, joined to its key; and reading leaves no trace."""

from __future__ import annotations

import json
import re

import pytest

from backup_stage import Stage, corpus_archive, fingerprint
from clawmedic.backups.catalogue import catalogue
from clawmedic.backups.conversation import branch_lines, converse
from clawmedic.backups.reading import CopyReader
from clawmedic.model.backup import BackupKind, BackupState
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings
from harness import CORPUS

CASES = sorted(
    f"{path.parent.name}/{path.name}" for path in CORPUS.glob("*/*") if (path / "truth.json").is_file()
)
OLD = [name for name in CASES if name.startswith("2026.4.15/")]
KINDS = (
    (r"\.jsonl\.reset\.", BackupKind.RESET),
    (r"\.jsonl\.deleted\.", BackupKind.DELETED),
    (r"\.checkpoint\.", BackupKind.CHECKPOINT),
)


def truth(name):
    return json.loads((CORPUS / name / "truth.json").read_text())


def transcripts(name):
    sessions = CORPUS / name / "state" / "agents" / "main" / "sessions"
    return [path for path in sessions.glob("*.jsonl*") if not re.search(r"trajectory|\.lock$", path.name)]


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_listed_with_its_kind_and_the_key_of_the_case(name, tmp_path):
    archive = corpus_archive(name, tmp_path)
    listed = {item.path.name: item for item in archive.backups if item.place.is_file}
    assert set(listed) == {path.name for path in transcripts(name)}
    for path in transcripts(name):
        item = listed[path.name]
        expected = next((kind for shape, kind in KINDS if re.search(shape, path.name)), None)
        if expected:
            assert item.kind is expected
        else:
            assert item.kind in (BackupKind.LIVE, BackupKind.TOPIC, BackupKind.ORPHAN)
        assert item.key == truth(name)["session_key"], (path.name, item.key_reason)
        assert item.state is BackupState.COMPLETE
        assert item.entries == len(path.read_bytes().splitlines()) - 1
    assert archive.problems == ()


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("2026.9.6/")])
def test_databases_give_windows_and_archives(name, tmp_path):
    archive = corpus_archive(name, tmp_path)
    live = [item for item in archive.backups if item.kind is BackupKind.LIVE]
    assert [item.key for item in live] == [truth(name)["session_key"]]
    for item in archive.backups:
        assert item.kind in (BackupKind.LIVE, BackupKind.PRE_RESET, BackupKind.DB_ARCHIVE)
        assert item.state is BackupState.COMPLETE
        assert item.key
        assert item.session_id
        assert item.entries > 0


def test_what_stood_before_a_reset_in_the_database_is_a_copy_and_the_one_to_restore(tmp_path):
    archive = corpus_archive("2026.9.6/reset-revived", tmp_path)
    lineage = next(item for item in archive.lineages if item.key.endswith("0624"))
    before, live = lineage.copies
    assert (before.kind, live.kind) == (BackupKind.PRE_RESET, BackupKind.LIVE)
    assert before.session_id == live.session_id
    assert before.last_at < live.first_at
    assert before.best
    assert lineage.best is before
    assert "14 more than of the live transcript" in before.best_reason


@pytest.mark.parametrize("with_logs", [True, False], ids=["with the log", "by time alone"])
@pytest.mark.parametrize("name", [name for name in OLD if truth(name).get("memory_lost")])
def test_each_lost_conversation_of_an_automatic_reset_is_joined_to_its_key(name, with_logs, tmp_path):
    archive = corpus_archive(name, tmp_path, logs=with_logs)
    orphans = [item for item in archive.backups if item.kind is BackupKind.ORPHAN]
    assert [line.key for line in archive.lineages] == [truth(name)["session_key"]]
    assert len(orphans) == (name != "2026.4.15/alive-empty-summary")
    for orphan in orphans:
        assert orphan.key == truth(name)["session_key"]
        assert orphan.best
        assert archive.lineages[0].chain[0].session_id == orphan.session_id


def test_the_orphan_of_a_channel_group_is_joined_too(tmp_path):
    archive = corpus_archive("2026.4.15/tg-group-compact-400", tmp_path)
    orphan = next(item for item in archive.backups if item.kind is BackupKind.ORPHAN)
    assert orphan.key == "agent:main:telegram:group:-1001000000021"
    assert orphan.unique_entries == orphan.entries


def test_the_checkpoint_is_chosen_where_it_is_the_fullest_copy(tmp_path):
    archive = corpus_archive("2026.4.15/healthy-after-reset", tmp_path)
    best = archive.lineages[0].best
    assert best is not None
    assert best.kind is BackupKind.CHECKPOINT
    others = [item for item in archive.backups if item is not best]
    assert best.visible > max(item.visible for item in others)
    assert best.at < max(item.at for item in others), "an older copy wins by what it holds"


def test_a_checkpoint_that_shows_no_more_than_the_live_transcript_is_not_chosen(tmp_path):
    archive = corpus_archive("2026.4.15/dead-already-compacted-loop", tmp_path)
    best = archive.lineages[0].best
    assert best is not None
    assert best.kind is BackupKind.LIVE


def test_checkpoints_of_a_session_are_parts_of_its_transcript(tmp_path):
    archive = corpus_archive("2026.4.15/alive-empty-summary", tmp_path)
    checkpoints = [item for item in archive.backups if item.kind is BackupKind.CHECKPOINT]
    assert len(checkpoints) == 6
    assert {item.overlap.value for item in checkpoints} == {"subset"}
    assert all(item.referenced and item.unique_entries == 0 for item in checkpoints)


@pytest.mark.parametrize("name", CASES)
def test_reading_changes_nothing(name, tmp_path, corpus_case):
    case = corpus_case(name)
    before = fingerprint(case.state)
    stage = Stage(tmp_path)
    archive = catalogue(Settings(stage.world(), case.state, logs=("/dev/null",)), SilentReporter())
    with CopyReader(stage.world(), case.state) as reader:
        for item in archive.backups:
            assert len(list(converse(reader.entries(item)))) == item.entries
            assert branch_lines(reader.entries(item))
    assert fingerprint(case.state) == before
    assert list((tmp_path / "tmp").iterdir()) == []
