from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from clawmedic.disk import building
from clawmedic.errors import RefusedError


def test_a_file_is_private_and_has_the_time_it_was_given(tmp_path):
    path = tmp_path / "deep" / "file"
    building.write_text(path, "Grüße", mtime_ms=1_795_420_397_268)
    assert path.read_bytes() == "Grüße".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mtime_ns == 1_795_420_397_268_000_000


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(RefusedError):
        building.write_bytes(path, b"yours")
    with pytest.raises(RefusedError):
        building.create_database(path, "", 1, lambda _: None)
    assert path.read_text() == "mine"


def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "target"
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(RefusedError):
        building.write_bytes(tmp_path / "link", b"x")
    assert not target.exists()


@pytest.mark.parametrize("kind", ["file", "occupied"])
def test_a_directory_must_be_new_or_empty(tmp_path, kind):
    place = tmp_path / "place"
    if kind == "file":
        place.write_text("")
    else:
        place.mkdir()
        (place / "mine").write_text("")
    with pytest.raises(RefusedError):
        building.make_directory(place)


def test_an_empty_directory_will_do(tmp_path):
    (tmp_path / "empty").mkdir()
    assert building.make_directory(tmp_path / "empty").is_dir()


def test_a_passing_directory_passes(tmp_path):
    with building.passing_directory(tmp_path) as place:
        building.write_text(place / "file", "x")
        assert place.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_in_words(tmp_path):
    with pytest.raises(RefusedError, match="cannot write"), building.passing_directory(tmp_path / "missing"):
        pass


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), sqlite3.OperationalError("disk full")]
)
def test_a_full_disk_is_refused_in_words(tmp_path, error):
    with pytest.raises(RefusedError, match=r"space left|disk full"), building.failing_politely(tmp_path):
        raise error


def test_a_database_is_found_whole_through_its_log(tmp_path):
    path = tmp_path / "x.sqlite"
    building.create_database(
        path,
        "CREATE TABLE t (a TEXT) STRICT;",
        23,
        lambda db: db.execute("INSERT INTO t VALUES ('é')") and None,
    )
    assert {item.name for item in tmp_path.iterdir()} == {"x.sqlite", "x.sqlite-wal"}
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT a FROM t").fetchall() == [("é",)]
        assert database.execute("PRAGMA user_version").fetchone() == (23,)
