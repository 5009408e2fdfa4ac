from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from clawmedic.disk.digest import digest_file
from clawmedic.disk.files import (
    NotRegularError,
    describe,
    free_bytes,
    is_regular,
    list_directory,
    lstat,
    open_regular,
    read_bounded,
    subdirectories,
)


def words_of(path: Path) -> str:
    try:
        with open_regular(path):
            return "opened"
    except OSError as error:
        return describe(error)


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert words_of(fifo) == "is a FIFO"
    assert not is_regular(fifo)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    with listening:
        listening.bind(str(tmp_path / "socket"))
        assert "socket" in words_of(tmp_path / "socket")
    assert words_of(tmp_path) == "is a directory"
    assert words_of(Path("/dev/null")) == "is a device"
    assert words_of(tmp_path / "missing") == "missing"
    assert "not a possible file name" in words_of(tmp_path / "nul\0byte")
    assert words_of(tmp_path / ("n" * 300)) == "its name is too long"


def test_link_loops_and_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert words_of(tmp_path / "a") == "is a loop of symbolic links"
    (tmp_path / "real").write_text("text")
    (tmp_path / "link").symlink_to("real")
    assert read_bounded(tmp_path / "link", 10).data == b"text"
    assert is_regular(tmp_path / "link")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert words_of(tmp_path / "dangling") == "missing"
    assert lstat(tmp_path / "dangling") is not None


def test_no_permission_is_said(open_to_all: Path, unprivileged) -> None:
    secret = open_to_all / "secret"
    secret.write_text("x")
    secret.chmod(0o000)
    with unprivileged():
        assert words_of(secret) == "permission denied"


def test_reading_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    content = read_bounded(path, 10)
    assert (content.data, content.size_bytes, content.truncated) == (b"x" * 10, 1000, True)
    whole = read_bounded(path, 1000)
    assert (len(whole.data), whole.truncated) == (1000, False)


def test_files_that_say_they_are_empty_are_read() -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc")
    assert read_bounded("/proc/self/stat", 4096).data.startswith(str(os.getpid()).encode())


def test_a_directory_is_listed_once_with_what_lstat_says(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("12345")
    (tmp_path / "a").mkdir()
    (tmp_path / "c").symlink_to("b.txt")
    listed = list_directory(tmp_path)
    assert [(item.name, item.is_regular, item.is_directory) for item in listed] == [
        ("a", False, True),
        ("b.txt", True, False),
        ("c", False, False),
    ]
    assert listed[1].size_bytes == 5
    assert [path.name for path in subdirectories(tmp_path)] == ["a"]
    assert subdirectories(tmp_path / "missing") == []
    with pytest.raises(NotADirectoryError):
        list_directory(tmp_path / "b.txt")


def test_free_space_of_nowhere_is_unknown(tmp_path: Path) -> None:
    assert (free_bytes(tmp_path) or 0) > 0
    assert free_bytes(tmp_path / "missing") is None


def test_digest_is_sha256_of_every_byte(tmp_path: Path) -> None:
    data = os.urandom(3 * 1024 * 1024 + 17)
    (tmp_path / "file").write_bytes(data)
    found = digest_file(tmp_path / "file")
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.size_bytes == len(data)
    with pytest.raises(NotRegularError):
        digest_file(tmp_path)
