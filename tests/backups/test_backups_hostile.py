"""Files that mean harm: they are listed with a word that says why, in bounded memory and time."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zstandard

from backup_stage import SESSION_ID, by_name, header, lines, talk
from clawmedic.model.backup import BackupState
from harness import process_environment

RECOVERED = f"{SESSION_ID}.jsonl.bak.recovered.1"
MEMORY = 420 * 1024 * 1024
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from clawmedic.app import run
code = run(sys.argv[1:])
sys.stdout.flush()
sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
sys.exit(code)
"""


@pytest.fixture
def limited(stage, tmp_path):
    """Run the command line with little memory; gives the document and the seconds it took."""
    stage.live(talk(2))

    def run(*args, memory=MEMORY):
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", LIMITED.format(memory=memory), *args, "--json", *stage.options],
            capture_output=True,
            env=process_environment(tmp_path / "own", 120, None),
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout), time.monotonic() - begun

    return run


def one(document: dict, name: str) -> dict:
    found = [item for item in document["backups"] if Path(item["path"]).name == name]
    assert len(found) == 1
    return found[0]


def zstd_bomb(path: Path, size: int, head: bytes = b"") -> None:
    machine = zstandard.ZstdCompressor(level=1).compressobj()
    with path.open("wb") as file:
        file.write(machine.compress(head))
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            file.write(machine.compress(block))
        file.write(machine.flush())


def gzip_bomb(path: Path, size: int) -> None:
    member = gzip.compress(bytes(1 << 26))  # what follows a member is another one
    with path.open("wb") as file:
        for _ in range(size >> 26):
            file.write(member)


@pytest.mark.parametrize("head", [b"", lines(talk(3))], ids=["zeros alone", "after a transcript"])
def test_a_zstd_bomb_of_two_gigabytes(stage, limited, head):
    zstd_bomb(stage.sessions / RECOVERED, 2 << 30, head)
    assert (stage.sessions / RECOVERED).stat().st_size < 1_000_000
    document, seconds = limited("backups", "list")
    item = one(document, RECOVERED)
    assert item["state"] in ("damaged", "not-a-transcript")
    assert "unpacks to more than" in item["note"]
    assert seconds < 20
    found, seconds = limited("backups", "search", "question")
    assert found["hits"]
    assert seconds < 20


def test_a_gzip_bomb(stage, limited):
    gzip_bomb(stage.sessions / RECOVERED, 1 << 30)
    document, seconds = limited("backups", "list")
    assert "unpacks to more than" in one(document, RECOVERED)["note"]
    assert seconds < 20


def test_a_line_of_thirty_megabytes_and_binary_junk(stage, limited):
    long = json.dumps({**talk(1)[1], "message": {"role": "user", "content": "x" * 30_000_000}}).encode()
    stage.put(f"{SESSION_ID}.jsonl.bak.a", lines([header()]) + long + b"\n")
    stage.put(f"{SESSION_ID}.jsonl.bak.b", os.urandom(3_000_000).replace(b"\n", b"?"))
    stage.put(f"{SESSION_ID}.jsonl.bak.c", lines(talk(2)) + os.urandom(100_000) + b"\n")
    stage.put(f"{SESSION_ID}.jsonl.bak.d", lines([header()]) + b"[" * 1_000_000 + b"\n" + lines(talk(2)[1:]))
    # The JSON reader reserves twelve times a line's length of address space, and uses little of it.
    document, seconds = limited("backups", "list", memory=2 * MEMORY)
    assert one(document, f"{SESSION_ID}.jsonl.bak.a")["state"] == "complete"
    assert one(document, f"{SESSION_ID}.jsonl.bak.b")["state"] == "not-a-transcript"
    assert one(document, f"{SESSION_ID}.jsonl.bak.c")["state"] == "damaged"
    assert one(document, f"{SESSION_ID}.jsonl.bak.d")["state"] == "damaged"
    assert seconds < 20


def test_a_line_above_the_limit_is_not_held(stage, limited):
    with (stage.sessions / RECOVERED).open("wb") as file:
        file.write(lines(talk(2)))
        for _ in range(80):
            file.write(b"y" * (1 << 20))
        file.write(b"\n" + lines(talk(1, start=5)[1:]))
    document, _ = limited("backups", "list")
    item = one(document, RECOVERED)
    assert (item["state"], item["entries"]) == ("damaged", 6)
    assert "longer than the limit" in item["note"]


def test_a_fifo_does_not_block(stage, limited):
    os.mkfifo(stage.sessions / RECOVERED)
    os.mkfifo(stage.sessions / "fifo")
    os.mkfifo(stage.sessions / f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z")
    document, seconds = limited("backups", "list")
    assert seconds < 15
    item = one(document, f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z")
    assert (item["state"], item["note"]) == ("unreadable", "is a FIFO")
    assert one(document, RECOVERED)["state"] == "unreadable"
    assert len(document["backups"]) == 3


def test_links_are_not_followed_out_of_the_state_directory(stage, tmp_path):
    stage.live(talk(2))
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(lines(talk(3)))
    inside = stage.put("inside", lines(talk(3)))
    names = {kind: f"{SESSION_ID}.jsonl.bak.{kind}" for kind in ("out", "in", "gone", "loop", "self")}
    (stage.sessions / names["out"]).symlink_to(outside)
    (stage.sessions / names["in"]).symlink_to(inside)
    (stage.sessions / names["gone"]).symlink_to(tmp_path / "nothing")
    (stage.sessions / names["loop"]).symlink_to(stage.sessions / names["self"])
    (stage.sessions / names["self"]).symlink_to(stage.sessions / names["loop"])
    (stage.sessions / "circle").symlink_to(stage.sessions)
    archive = stage.look()
    out = by_name(archive, names["out"])
    assert (out.state, out.entries) == (BackupState.UNREADABLE, 0)
    assert "leads out of the state directory" in out.note
    assert by_name(archive, names["in"]).state is BackupState.COMPLETE
    for kind in ("gone", "loop", "self"):
        assert by_name(archive, names[kind]).state is BackupState.UNREADABLE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(stage):
    stage.live(talk(2))
    path = stage.put(RECOVERED, lines(talk(3)))
    path.chmod(0)
    item = by_name(stage.look(), RECOVERED)
    assert (item.state, item.note) == (BackupState.UNREADABLE, "permission denied")


def test_names_with_line_ends_and_escapes_reach_no_terminal(stage, run):
    stage.live(talk(2))
    names = [f"{SESSION_ID}.jsonl.bak\n\x1b[31mred", "evil\r\n\u202egnp.jsonl", "-rf", "[bold]x.jsonl"]
    for name in names:
        stage.put(name, lines(talk(3)))
    text = run("backups", "list", "1001000000001", *stage.options).expect(0).stdout
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\n\\x1b[31mred" in text
    assert "[bold]x" in text
    document = run("backups", "list", "--json", *stage.options).expect(0).document
    assert {Path(item["path"]).name for item in document["backups"]} >= set(names)


def test_names_that_are_not_utf8(stage, run):
    stage.live(talk(2))
    (Path(os.fsdecode(os.fsencode(stage.sessions) + b"/\xff\xfe.jsonl.bak.1"))).write_bytes(lines(talk(3)))
    assert len(run("backups", "list", "--json", *stage.options).expect(0).document["backups"]) == 2
    run("backups", "list", *stage.options).expect(0)
    assert len(run("backups", "list", "--json", *stage.options).expect(0).document["backups"]) == 2


def test_a_directory_in_place_of_a_copy_and_a_file_that_vanishes(stage, monkeypatch):
    stage.live(talk(2))
    (stage.sessions / RECOVERED).mkdir()
    path = stage.put("gone", lines(talk(3)))
    from clawmedic.backups import catalogue

    real = catalogue.survey

    def vanish(tasks, *rest):
        path.unlink()
        return real(tasks, *rest)

    monkeypatch.setattr(catalogue, "survey", vanish)
    archive = stage.look()
    assert by_name(archive, "gone").state is BackupState.UNREADABLE
    assert RECOVERED not in {item.path.name for item in archive.backups}
