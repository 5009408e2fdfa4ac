"""What the drill makes has the shapes of what real gateways left behind."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clawmedic.drill.versions import Version

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = (Version.V4, Version.V7)
NEVER_SEEN = {"message:None"}
"""A message without a role was reported (openclaw#77228) and not measured."""
DOCUMENTED = {
    "archivedAt",
    "pendingFinalDelivery",
    "pendingFinalDeliveryText",
    "pendingFinalDeliveryCreatedAt",
}
"""Row fields of 7.1 that none of the measured rows had (openclaw-files.md 4)."""
OWN_NAMES_ANYWHERE = {"customType", "data"}


def entry_shapes(paths) -> dict[str, set[str]]:
    """For each kind of entry, every field name seen."""
    shapes: dict[str, set[str]] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            collect(entry, shapes)
    return shapes


def collect(entry, shapes) -> None:
    shapes.setdefault(entry["type"], set()).update(entry)
    message = entry.get("message")
    if message:
        shapes.setdefault(f"message:{message['role']}", set()).update(message)


def transcripts(state: Path) -> list[Path]:
    return [path for path in state.glob("agents/*/sessions/*.jsonl") if "trajectory" not in path.name]


def corpus_cases(version: Version) -> list[Path]:
    return sorted(path for path in (CORPUS / version).iterdir() if path.is_dir())


def corpus_transcripts(version: Version) -> list[Path]:
    return [path for case in corpus_cases(version) for path in transcripts(case / "state")]


@pytest.mark.parametrize("version", FILES)
def test_entries_have_no_field_that_real_ones_lack(trees, version):
    real, made = entry_shapes(corpus_transcripts(version)), entry_shapes(transcripts(trees[version].state))
    assert made.keys() - NEVER_SEEN <= real.keys()
    for kind, names in made.items():
        if kind in NEVER_SEEN:
            continue
        assert names - OWN_NAMES_ANYWHERE <= real[kind], kind


@pytest.mark.parametrize("version", FILES)
def test_rows_have_no_field_that_real_ones_lack(trees, version):
    real: set[str] = set()
    for case in corpus_cases(version):
        for row in json.loads((case / "state/agents/main/sessions/sessions.json").read_text()).values():
            real.update(row)
    rows = json.loads((trees[version].state / "agents/main/sessions/sessions.json").read_text())
    assert rows
    gone = {story.key for story in trees[version].stories if story.no_transcript}
    for key, row in rows.items():
        assert row.keys() - DOCUMENTED <= real, key
        assert Path(row["sessionFile"]).is_file() is (key not in gone)


@pytest.mark.parametrize("version", list(Version))
def test_log_records_are_shaped_like_real_ones(trees, version):
    real_keys: set[str] = set()
    real_meta: set[str] = set()
    for case in corpus_cases(version):
        for log in case.glob("logs/*.log"):
            for line in log.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                real_keys.update(record)
                real_meta.update(record["_meta"])
    for line in trees[version].log.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        assert record.keys() <= real_keys
        assert record["_meta"].keys() <= real_meta
        assert ("message" in record) is (version is not Version.V4)


def test_log_is_in_the_order_of_time(trees):
    for tree in trees.values():
        times = [json.loads(line)["time"] for line in tree.log.read_text(encoding="utf-8").splitlines()]
        assert times == sorted(times)


def columns(database: sqlite3.Connection) -> dict[str, list[tuple]]:
    """Name, type, NOT NULL, default and key of every column of every table."""
    names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1:] for row in database.execute(f"PRAGMA table_info('{name}')")] for name in names}


def copied(path: Path, into: Path) -> sqlite3.Connection:
    """A private copy with its write-ahead log: the original stays as it is."""
    into.mkdir(parents=True, exist_ok=True)
    for part in path.parent.glob(path.name + "*"):
        shutil.copy(part, into / part.name)
    return sqlite3.connect(into / path.name)


@pytest.mark.parametrize(
    ("name", "case", "version"),
    [
        ("agents/main/agent/openclaw-agent.sqlite", "compact-400-reasoning", 23),
        ("state/openclaw.sqlite", "tg-group-compact-400-dead", 18),
    ],
)
def test_databases_have_the_columns_of_real_ones(trees, tmp_path, name, case, version):
    real_path = CORPUS / Version.V9 / case / "state" / name
    with (
        closing(copied(trees[Version.V9].state / name, tmp_path / "made")) as made,
        closing(copied(real_path, tmp_path / "real")) as real,
    ):
        assert made.execute("PRAGMA user_version").fetchone() == (version,)
        assert made.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        theirs = columns(real)
        for table, shape in columns(made).items():
            assert shape == theirs[table], table
        assert made.execute("PRAGMA foreign_key_check").fetchall() == []


def test_everything_in_a_database_is_in_its_write_ahead_log(trees):
    path = trees[Version.V9].state / "agents/main/agent/openclaw-agent.sqlite"
    assert path.stat().st_size == 4096
    assert path.with_name(path.name + "-wal").stat().st_size > 1_000_000
    assert not path.with_name(path.name + "-shm").exists()


def test_large_events_are_compressed_and_small_ones_are_not(trees, tmp_path):
    path = trees[Version.V9].state / "agents/main/agent/openclaw-agent.sqlite"
    with closing(copied(path, tmp_path / "made")) as made:
        plain, packed = made.execute(
            "SELECT max(CASE WHEN event_zstd IS NULL THEN event_utf8_bytes END), "
            "min(CASE WHEN event_zstd IS NOT NULL THEN event_utf8_bytes END) FROM transcript_events"
        ).fetchone()
        magic = made.execute(
            "SELECT hex(substr(event_zstd, 1, 4)) FROM transcript_events WHERE event_zstd IS NOT NULL"
        )
        assert plain < 2157 <= packed
        assert {row[0] for row in magic} == {"28B52FFD"}


def test_lock_files_name_a_process_that_is_gone(trees):
    for version in FILES:
        locks = list(trees[version].state.glob("agents/main/sessions/*.lock"))
        assert len(locks) == 1
        pid = json.loads(locks[0].read_text())["pid"]
        assert pid == trees[version].gateway.pid
        assert not Path(f"/proc/{pid}").exists()
