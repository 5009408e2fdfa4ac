from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from clawmedic.disk import sqlite as module
from clawmedic.disk.sqlite import Route, open_read_only, read_only
from clawmedic.errors import UnreadableError

COUNT = "SELECT count(*) FROM t"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    path = tmp_path / "scratch"
    path.mkdir()
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "a directory? with #marks%20"
    path.mkdir()
    return path / "data base.sqlite"


def closed_wal(path: Path, rows: int = 3) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("CREATE TABLE t(a)")
    connection.executemany("INSERT INTO t VALUES(?)", [(number,) for number in range(rows)])
    connection.commit()
    connection.close()


def count(path: Path, scratch: Path) -> tuple[Route, int]:
    database = open_read_only(path, scratch=scratch)
    try:
        return database.route, database.connection.execute(COUNT).fetchone()[0]
    finally:
        database.close()


def test_a_live_database_is_read_fresh_and_not_a_byte_changes(
    place: Path, scratch: Path, writer, snapshot
) -> None:
    alive = writer(place)
    for expected in range(4):
        before = snapshot(place.parent)
        assert count(place, scratch) == (Route.LIVE, expected)
        assert snapshot(place.parent) == before
        alive.run("INSERT INTO t VALUES(1)")
    alive.run("PRAGMA wal_checkpoint(restart)")
    before = snapshot(place.parent)
    assert count(place, scratch) == (Route.LIVE, 4)
    assert snapshot(place.parent) == before


def test_the_ordinary_way_would_change_the_shm(place: Path, writer, snapshot) -> None:
    """Why the live route asks for a read-only -shm: this is what it avoids."""
    alive = writer(place)
    alive.run("INSERT INTO t VALUES(1)")
    before = snapshot(place.parent)
    plain = sqlite3.connect(f"file:{module.quote(str(place))}?mode=ro", uri=True)
    plain.execute(COUNT).fetchone()
    changed = snapshot(place.parent) != before
    plain.close()
    assert changed


def test_what_a_killed_writer_left_is_read_with_its_wal(place: Path, scratch: Path, writer, snapshot) -> None:
    alive = writer(place)
    alive.run("INSERT INTO t VALUES(1)")
    alive.kill()
    before = snapshot(place.parent)
    assert sorted(before) == [place.name, f"{place.name}-shm", f"{place.name}-wal"]
    assert count(place, scratch) == (Route.LIVE, 1)
    assert snapshot(place.parent) == before


def test_an_emptied_wal_beside_a_stale_shm(place: Path, scratch: Path, writer, snapshot) -> None:
    alive = writer(place)
    alive.run("INSERT INTO t VALUES(1)")
    alive.run("PRAGMA wal_checkpoint(truncate)")
    for _ in range(2):
        before = snapshot(place.parent)
        assert before[f"{place.name}-wal"][1] == 0
        assert count(place, scratch)[1] == 1
        assert snapshot(place.parent) == before
        if alive.process.poll() is None:
            alive.kill()


def test_a_wal_without_its_shm_is_copied_whole(place: Path, scratch: Path, writer, snapshot) -> None:
    alive = writer(place)
    alive.run("INSERT INTO t VALUES(1)")
    alive.kill()
    place.with_name(place.name + "-shm").unlink()
    before = snapshot(place.parent)
    assert count(place, scratch) == (Route.COPY, 1)
    assert snapshot(place.parent) == before
    assert list(scratch.iterdir()) == []


def test_a_closed_wal_database_gets_no_files_beside_it(place: Path, scratch: Path, snapshot) -> None:
    closed_wal(place)
    before = snapshot(place.parent)
    assert list(before) == [place.name]
    assert count(place, scratch) == (Route.COPY, 3)
    assert snapshot(place.parent) == before


def test_a_copy_is_private_and_goes_away(place: Path, scratch: Path) -> None:
    closed_wal(place)
    database = open_read_only(place, scratch=scratch)
    (directory,) = scratch.iterdir()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(database.opened.stat().st_mode) == 0o600
    database.close()
    database.close()
    assert list(scratch.iterdir()) == []


def test_a_database_without_wal_is_read_in_place(place: Path, scratch: Path, snapshot) -> None:
    connection = sqlite3.connect(place)
    connection.execute("CREATE TABLE t(a)")
    connection.close()
    before = snapshot(place.parent)
    assert count(place, scratch) == (Route.PLAIN, 0)
    assert snapshot(place.parent) == before


def test_a_rollback_journal_is_played_back_in_the_copy_only(place: Path, scratch: Path, snapshot) -> None:
    connection = sqlite3.connect(place, isolation_level=None)
    connection.execute("CREATE TABLE t(a)")
    connection.execute("INSERT INTO t VALUES(randomblob(100000))")
    connection.execute("PRAGMA cache_size=1")
    connection.execute("BEGIN")
    connection.execute("UPDATE t SET a = randomblob(100000)")
    connection.execute("INSERT INTO t SELECT randomblob(100000) FROM t, t AS u, t AS v")
    crashed = place.with_name("crashed.sqlite")
    crashed.write_bytes(place.read_bytes())
    crashed.with_name("crashed.sqlite-journal").write_bytes(
        place.with_name(place.name + "-journal").read_bytes()
    )
    connection.execute("ROLLBACK")
    connection.close()
    before = snapshot(place.parent)
    assert count(crashed, scratch) == (Route.COPY, 1)
    assert snapshot(place.parent) == before


def test_an_unwritable_directory_and_a_read_only_file(open_to_all: Path, unprivileged, snapshot) -> None:
    scratch = open_to_all / "scratch"
    scratch.mkdir(mode=0o777)
    scratch.chmod(0o777)
    place = open_to_all / "state" / "database.sqlite"
    place.parent.mkdir()
    closed_wal(place)
    place.chmod(0o444)
    place.parent.chmod(0o555)
    before = snapshot(place.parent)
    try:
        with unprivileged():
            with pytest.raises(PermissionError):
                (place.parent / "proof").touch()
            assert count(place, scratch) == (Route.COPY, 3)
        assert snapshot(place.parent) == before
    finally:
        place.parent.chmod(0o755)


def test_a_live_database_of_somebody_else(open_to_all: Path, unprivileged, writer, snapshot) -> None:
    place = open_to_all / "database.sqlite"
    writer(place).run("INSERT INTO t VALUES(1)")
    before = snapshot(open_to_all)
    with unprivileged():
        route, rows = count(place, open_to_all)
    assert (route, rows) == (Route.LIVE, 1)
    assert snapshot(open_to_all) == before


def test_nothing_can_be_written(place: Path, scratch: Path) -> None:
    closed_wal(place)
    with (
        read_only(place, scratch=scratch) as connection,
        pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only"),
    ):
        connection.execute("INSERT INTO t VALUES(9)")


def test_octet_length_is_there_for_checks_that_name_it(place: Path, scratch: Path) -> None:
    connection = sqlite3.connect(place)
    connection.create_function("octet_length", 1, len, deterministic=True)
    connection.execute("CREATE TABLE t(a TEXT CHECK(octet_length(a) < 100))")
    connection.execute("INSERT INTO t VALUES('häé')")
    connection.commit()
    connection.close()
    with read_only(place, scratch=scratch) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert connection.execute(
            "SELECT octet_length(a), octet_length(NULL), octet_length(x'00ff') FROM t"
        ).fetchone() == (
            5,
            None,
            2,
        )


def test_text_that_is_not_utf8_is_damage_of_one_value(place: Path, scratch: Path) -> None:
    connection = sqlite3.connect(place)
    connection.execute("CREATE TABLE t(a)")
    connection.execute("INSERT INTO t VALUES(CAST(x'61ff62' AS TEXT))")
    connection.commit()
    connection.close()
    with read_only(place, scratch=scratch) as connection:
        assert connection.execute("SELECT a FROM t").fetchone() == ("a\N{REPLACEMENT CHARACTER}b",)


@pytest.mark.parametrize("data", [b"", b"not a database at all" * 20, b"SQLite format 3\0"])
def test_what_is_no_database_is_refused(place: Path, scratch: Path, data: bytes) -> None:
    place.write_bytes(data)
    with pytest.raises(UnreadableError, match="is not a database"):
        open_read_only(place, scratch=scratch)


def test_other_things_in_its_place_are_refused(place: Path, scratch: Path) -> None:
    with pytest.raises(UnreadableError, match="missing"):
        open_read_only(place, scratch=scratch)
    os.mkfifo(place)
    with pytest.raises(UnreadableError, match="FIFO"):
        open_read_only(place, scratch=scratch)


def test_a_damaged_schema_is_refused_with_the_words_of_sqlite(place: Path, scratch: Path) -> None:
    closed_wal(place)
    data = bytearray(place.read_bytes())
    data[100:200] = b"\xff" * 100
    place.write_bytes(data)
    with pytest.raises(UnreadableError, match="malformed"):
        open_read_only(place, scratch=scratch)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("damage", [b"CREATE TABLE \xe9(", b"CREATE TABLX bad("])
def test_one_malformed_definition_does_not_hide_the_other_tables(
    place: Path, scratch: Path, damage: bytes, snapshot
) -> None:
    closed_wal(place)
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA journal_mode=delete")
    connection.execute("CREATE TABLE bad(a)")
    connection.close()
    place.write_bytes(place.read_bytes().replace(b"CREATE TABLE bad(", damage.ljust(17)[:17]))
    before = snapshot(place.parent)
    database = open_read_only(place, scratch=scratch)
    assert "malformed database schema" in database.damage
    assert database.connection.execute(COUNT).fetchone() == (3,)
    with pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only"):
        database.connection.execute("DELETE FROM t")
    with pytest.raises(sqlite3.OperationalError):
        database.connection.execute("DELETE FROM sqlite_schema")
    database.close()
    assert snapshot(place.parent) == before


def test_a_database_that_never_stands_still_is_not_half_copied(
    place: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_wal(place)
    real = module._copy_file

    def while_it_grows(source: Path, target: Path) -> None:
        real(source, target)
        place.with_name(place.name + "-wal").write_bytes(os.urandom(64))

    monkeypatch.setattr(module, "_copy_file", while_it_grows)
    with pytest.raises(UnreadableError, match="changed each time"):
        open_read_only(place, scratch=scratch)
    assert list(scratch.iterdir()) == []


def test_no_room_is_said_before_anything_is_copied(
    place: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_wal(place)
    monkeypatch.setattr(module, "free_bytes", lambda _: 1000)
    with pytest.raises(UnreadableError, match="no room"):
        open_read_only(place, scratch=scratch)
