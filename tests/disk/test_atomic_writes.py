"""A file is replaced whole or not at all."""

from __future__ import annotations

import os

import pytest

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.places import state_folder
from clawmedic.errors import RefusedError
from clawmedic.settings import World


def test_a_new_file_is_private_and_so_is_its_directory(tmp_path):
    target = tmp_path / "a" / "b" / "c.json"
    old = os.umask(0)
    try:
        write_atomically(target, b"{}")
    finally:
        os.umask(old)
    assert target.read_bytes() == b"{}"
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.parent.stat().st_mode & 0o777 == 0o700


def test_an_existing_file_is_replaced_and_nothing_else_is_left(tmp_path):
    target = tmp_path / "c.json"
    target.write_bytes(b"old")
    before = target.stat().st_ino
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


def test_a_reader_that_has_it_open_keeps_the_old_content(tmp_path):
    target = tmp_path / "c.json"
    target.write_bytes(b"old content")
    with target.open("rb") as reader:
        write_atomically(target, b"new")
        assert reader.read() == b"old content"


def test_a_symlink_is_refused_and_its_target_untouched(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    link = tmp_path / "link"
    link.symlink_to(victim)
    with pytest.raises(RefusedError):
        write_atomically(link, b"x")
    assert victim.read_bytes() == b"precious"
    assert link.is_symlink()


def test_a_dangling_symlink_and_a_directory_are_refused(tmp_path):
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "directory").mkdir()
    for name in ("dangling", "directory"):
        with pytest.raises(RefusedError):
            write_atomically(tmp_path / name, b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "directory"]


def test_a_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(RefusedError):
        write_atomically(tmp_path / "fifo", b"x")


def test_a_path_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RefusedError) as caught:
        write_atomically(tmp_path / "file" / "x", b"x")
    assert "cannot write" in caught.value.message


def test_two_state_directories_never_share_a_folder(tmp_path):
    world = World(env={"XDG_STATE_HOME": str(tmp_path)}, home=tmp_path, cwd=tmp_path, tmp=tmp_path, uid=0)
    (tmp_path / "one" / ".openclaw").mkdir(parents=True)
    (tmp_path / "two" / ".openclaw").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(tmp_path / "one" / ".openclaw")
    first = state_folder(world, tmp_path / "one" / ".openclaw")
    assert first.parent == tmp_path / "clawmedic"
    assert first.name.startswith("openclaw-")
    assert state_folder(world, tmp_path / "two" / ".openclaw") != first
    assert state_folder(world, tmp_path / "alias") == first
    assert state_folder(world, tmp_path / "one" / ".." / "one" / ".openclaw") == first


@pytest.mark.parametrize("name", ["..", ".", "a/../..", "x" * 200, "ключ", "a\udcffb"])
def test_any_name_gives_one_plain_folder_name(tmp_path, name):
    world = World(env={}, home=tmp_path, cwd=tmp_path, tmp=tmp_path, uid=0)
    folder = state_folder(world, tmp_path / name)
    assert folder.parent == tmp_path / ".local" / "state" / "clawmedic"
    assert folder.name.isascii()
    assert "/" not in folder.name
    assert len(folder.name) <= 45


def test_a_loop_of_links_has_a_folder_too(tmp_path):
    world = World(env={}, home=tmp_path, cwd=tmp_path, tmp=tmp_path, uid=0)
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert state_folder(world, tmp_path / "a").name
