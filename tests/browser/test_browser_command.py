"""The command: a terminal or a usage error, and nothing heavy before it runs."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from backup_stage import Stage, fingerprint, talk
from harness import Run, process_environment


def test_without_a_terminal_it_names_what_works_there(run: Run, tmp_path: Path) -> None:
    stage = Stage(tmp_path).begin()
    stage.live(talk(1))
    ran = run("backups", "browse", *stage.options).expect(2)
    assert "browse needs a terminal" in ran.stderr
    assert "backups list" in ran.stderr
    assert "backups show" in ran.stderr
    assert run("backups", "browse", "--json", *stage.options).expect(2).document["code"] == "usage"
    assert "--no-input" in run("backups", "browse", "--no-input", *stage.options).expect(2).stderr


def test_textual_is_imported_only_to_browse() -> None:
    code = (
        "import sys, clawmedic.commands.backups, clawmedic.output.browser.launch; "
        "print([name for name in sys.modules if name.startswith('textual')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "cli", "PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


def test_on_a_real_terminal_it_draws_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    stage = Stage(tmp_path).begin()
    stage.live(talk(3, about="walnut"))
    before = fingerprint(stage.state)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = termios.tcgetattr(theirs)
    variables = process_environment(tmp_path / "own", 80, None)
    del variables["COLUMNS"]
    command = [sys.executable, "-m", "clawmedic", "backups", "browse", *stage.options]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
    seen = _until(ours, b"healthy")
    os.write(ours, b"\x1b[B")
    seen += _until(ours, b"walnut")
    assert b"\x1b[?1049h" in seen
    os.write(ours, b"q")
    seen += _until(ours, b"\x1b[?1049l")  # read before the wait: a full terminal would keep it from ending
    assert process.wait(timeout=30) == 0
    while more := _drain(ours):
        seen += more
    assert b"Traceback" not in seen
    assert termios.tcgetattr(theirs)[3] == kept[3]
    os.close(theirs)
    os.close(ours)
    assert fingerprint(stage.state) == before


def _until(descriptor: int, wanted: bytes) -> bytes:
    seen, end = b"", time.monotonic() + 30
    while wanted not in seen:
        assert time.monotonic() < end, seen[-2000:]
        seen += _drain(descriptor)
    return seen


def _drain(descriptor: int) -> bytes:
    ready, _, _ = select.select([descriptor], [], [], 0.1)
    return os.read(descriptor, 65536) if ready else b""
