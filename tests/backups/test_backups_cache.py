"""The cache of summaries: a second listing reads nothing twice, and nothing wrong is ever believed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_stage import SESSION_ID, by_name, fingerprint, lines, talk
from clawmedic.backups.cache import MAGIC, decode, encode
from clawmedic.backups.summary import Summary
from clawmedic.model.backup import BackupState

NAME = f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z"


@pytest.fixture
def read(stage):
    stage.live(talk(3))
    stage.put(NAME, lines(talk(2)))
    return stage


def cache_file(stage):
    (path,) = (stage.root / "data").rglob("backups-cache.bin")
    return path


def test_a_second_listing_takes_everything_from_the_cache_and_says_the_same(read):
    first = read.look(cache=True)
    before = fingerprint(read.root / "data")
    second = read.look(cache=True)
    assert (first.cached, second.cached) == (0, 2)
    assert second.backups == first.backups
    assert [item.fingerprints for item in second.backups] == [item.fingerprints for item in first.backups]
    assert fingerprint(read.root / "data") == before, "an unchanged cache is not written again"
    assert cache_file(read).stat().st_mode & 0o777 == 0o600


def test_a_changed_file_is_read_again(read):
    read.look(cache=True)
    read.put(NAME, lines(talk(3)))
    third = read.look(cache=True)
    assert third.cached == 1
    assert by_name(third, NAME).entries == 6


def test_a_replaced_file_of_the_same_size_and_time_is_read_again(read):
    read.look(cache=True)
    path = read.sessions / NAME
    seen = path.stat()
    other = read.put("other", path.read_bytes().replace(b"question 1", b"question 9"))
    os.utime(other, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
    other.rename(path)
    assert read.look(cache=True).cached == 1


def test_it_forgets_files_that_are_gone(read):
    read.look(cache=True)
    (read.sessions / NAME).unlink()
    read.look(cache=True)
    assert len(decode(cache_file(read).read_bytes())) == 1


def test_without_a_cache_nothing_is_written(read):
    read.look(cache=False)
    assert not (read.root / "data").exists()


@pytest.mark.parametrize("harm", [b"", b"junk", MAGIC, MAGIC + b"\x00" * 40, None])
def test_a_damaged_cache_is_no_cache(read, harm):
    first = read.look(cache=True)
    path = cache_file(read)
    path.write_bytes(path.read_bytes()[:-1] if harm is None else harm)
    again = read.look(cache=True)
    assert again.cached == 0
    assert again.backups == first.backups
    assert read.look(cache=True).cached == 2


def test_a_data_home_that_refuses_is_no_failure(read):
    (read.root / "data").write_text("a file in place of a directory")
    assert len(read.look(cache=True).backups) == 2


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_decoding_never_raises(data):
    assert decode(MAGIC + data) == {}


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.text(max_size=20), st.tuples(st.text(max_size=20), st.binary(max_size=64)), max_size=5)
)
def test_what_is_written_is_read(entries):
    given_in = {
        path: (
            (1, 2, 3),
            Summary(BackupState.COMPLETE, preview=preview.encode("utf-8", "replace").decode(), marks=marks),
        )
        for path, (preview, marks) in entries.items()
        if path.encode("utf-8", "replace").decode() == path
    }
    assert decode(encode(given_in)) == given_in


def test_it_is_not_kept_inside_openclaws_state(read):
    before = fingerprint(read.state)
    read.look(cache=True)
    assert fingerprint(read.state) == before
