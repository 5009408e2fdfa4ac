from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from clawmedic.errors import NotFoundError, UsageError
from clawmedic.logs.scan import signals
from clawmedic.logs.sources import SourceKind, find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings
from clawmedic.stores.config import OpenClawConfig
from logs_reading import scan, settings, world

KEY = "agent:main:telegram:group:-1001"


def line(hour, text="auto-compaction failed for fake/big: Compaction timed out"):
    return f"2026-11-23T{hour:02d}:00:00.000+00:00 [agent/embedded] {text}\n"


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    return path


def names(sources):
    return [source.path.name if source.path else source.name for source in sources]


@pytest.fixture
def root(tmp_path):
    for name in ("home", "tmp", "state"):
        (tmp_path / name).mkdir()
    return tmp_path


def find(root, config=None, **more):
    return find_sources(settings(root, **more), config or OpenClawConfig())


def test_the_default_places(root):
    write(root / "tmp/openclaw/openclaw-2026-11-23.log", line(9))
    write(root / f"tmp/openclaw-{root.stat().st_uid}/openclaw-2026-11-22.log", line(8))
    write(root / "state/logs/gateway.err.log", line(7))
    write(root / "home/.openclaw/logs/gateway.log", line(6))
    write(root / "state/logs/notes.log", line(5))
    write(root / "tmp/openclaw/core.dump", "x")
    assert names(find(root)) == [
        "gateway.log",
        "gateway.err.log",
        "openclaw-2026-11-22.log",
        "openclaw-2026-11-23.log",
    ]


def test_the_configured_file_with_its_rotations_oldest_content_first(root):
    logs = root / "var"
    write(logs / "gw.log", line(10))
    write(logs / "gw.1.log", line(9))
    write(logs / "gw.5.log", line(7))
    write(logs / "gw.log.2", line(8))
    (logs / "gw.6.log.gz").write_bytes(gzip.compress(line(6).encode()))
    write(logs / "gwx.log", line(1))
    found = find(root, OpenClawConfig(log_file=str(logs / "gw.log")))
    assert names(found) == ["gw.6.log.gz", "gw.5.log", "gw.log.2", "gw.1.log", "gw.log"]


def test_the_order_is_by_content_not_by_name_or_change(root):
    late = write(root / "a.log", line(20))
    early = write(root / "b.log", line(3))
    os.utime(late, (1, 1))
    assert names(find_sources(settings(root, late, early), OpenClawConfig())) == ["b.log", "a.log"]


def test_other_profiles_are_left_out(root):
    day = root / "tmp/openclaw"
    write(day / "openclaw-2026-11-23.log", line(9))
    write(day / "openclaw-work-2026-11-23.log", line(8))
    write(day / "openclaw-night-shift-2026-11-23.log", line(7))
    assert names(find(root)) == ["openclaw-2026-11-23.log"]
    assert names(find(root, profile="Night_Shift")) == [
        "openclaw-night-shift-2026-11-23.log",
        "openclaw-2026-11-23.log",
    ]


@pytest.mark.parametrize("spoil", ["link", "writable", "file"])
def test_a_temporary_directory_that_others_may_write_is_not_trusted(root, spoil):
    real = write(root / "elsewhere/openclaw-2026-11-23.log", line(9)).parent
    place = root / "tmp/openclaw"
    if spoil == "link":
        place.symlink_to(real)
    elif spoil == "file":
        place.write_text(line(9))
    else:
        write(place / "openclaw-2026-11-23.log", line(9))
        place.chmod(0o777)
    assert find(root) == ()


def test_named_files_replace_discovery_and_are_read_once(root):
    write(root / "tmp/openclaw/openclaw-2026-11-23.log", line(9))
    named = write(root / "mine.txt", line(1))
    (root / "again.txt").symlink_to(named)
    (root / "hard.txt").hardlink_to(named)
    found = find_sources(
        settings(root, named, "mine.txt", root / "again.txt", root / "hard.txt"), OpenClawConfig()
    )
    assert [source.name for source in found] == [str(named)]


def test_dev_null_means_no_logs(root):
    write(root / "tmp/openclaw/openclaw-2026-11-23.log", line(9))
    assert find_sources(settings(root, "/dev/null"), OpenClawConfig()) == ()


def test_a_named_directory_gives_its_logs(root):
    write(root / "d/b.log", line(2))
    write(root / "d/a.log", line(3))
    write(root / "d/c.md", "x")
    (root / "d/sub.log").mkdir()
    assert names(find_sources(settings(root, root / "d"), OpenClawConfig())) == ["b.log", "a.log"]


def test_a_named_file_that_is_not_there(root):
    with pytest.raises(NotFoundError) as refused:
        find_sources(settings(root, root / "gone.log"), OpenClawConfig())
    assert "gone.log" in refused.value.message
    assert refused.value.hint


def test_a_named_device_or_loop_is_a_usage_error(root):
    loop = root / "loop.log"
    loop.symlink_to(loop)
    for given in ("/dev/zero", str(loop)):
        with pytest.raises(UsageError) as refused:
            find_sources(settings(root, given), OpenClawConfig())
        assert refused.value.hint


def test_discovered_oddities_are_silent(root):
    day = root / "tmp/openclaw"
    (day / "openclaw-2026-11-20.log").mkdir(parents=True)
    os.mkfifo(day / "openclaw-2026-11-21.log")
    (day / "openclaw-2026-11-22.log").symlink_to(day / "gone")
    assert find(root) == ()


def test_a_named_fifo_is_read_as_a_stream(root):
    fifo = root / "pipe"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_text(line(9) * 3))
    writer.start()
    found = list(scan(root, fifo))
    writer.join()
    assert [signal.record.line for signal in found] == [1, 2, 3]


def test_standard_input(root, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((line(9) + line(10)).encode())))
    reading = scan(root, "-", "-")
    assert [signal.record.source for signal in reading] == ["-", "-"]
    assert reading.coverage.lines == 2


def test_a_file_that_vanishes_or_may_not_be_read_is_a_problem_line(root):
    gone, kept = write(root / "gone.log", line(8)), write(root / "kept.log", line(9))
    sources = find_sources(settings(root, gone, kept), OpenClawConfig())
    gone.unlink()
    reading = signals(sources, TimeWindow(), SilentReporter())
    assert len(list(reading)) == 1
    assert len(reading.coverage.problems) == 1
    assert "gone.log" in reading.coverage.problems[0]


@pytest.mark.parametrize("replace", [Path.mkdir, os.mkfifo])
def test_a_file_that_became_something_else_is_a_problem_line_and_blocks_nothing(root, replace):
    path = write(root / "x.log", line(8))
    sources = find_sources(settings(root, path), OpenClawConfig())
    path.unlink()
    replace(path)
    reading = signals(sources, TimeWindow(), SilentReporter())
    assert list(reading) == []
    assert "no longer a regular file" in reading.coverage.problems[0]


def journal(root, script):
    program = root / "bin/journalctl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    return Settings(world(root, PATH=str(program.parent)), root / "state", logs=("/dev/null",), journal=True)


def test_the_journal_of_the_user_and_of_the_system(root):
    entry = json.dumps({"__REALTIME_TIMESTAMP": "1795420026711000", "_PID": "7", "MESSAGE": line(9).strip()})
    given = journal(root, f"case $1 in --user) echo '{entry}';; *) echo '-- No entries --';; esac\n")
    sources = find_sources(given, OpenClawConfig())
    assert [source.kind for source in sources] == [SourceKind.COMMAND, SourceKind.COMMAND]
    found = list(signals(sources, TimeWindow(), SilentReporter()))
    assert [(signal.record.source, signal.record.pid) for signal in found] == [("journald (user)", 7)]


def test_without_journalctl_there_is_a_problem_line(root):
    given = Settings(world(root, PATH=str(root)), root / "state", logs=("/dev/null",), journal=True)
    reading = signals(find_sources(given, OpenClawConfig()), TimeWindow(), SilentReporter())
    assert list(reading) == []
    assert "journalctl is not installed" in reading.coverage.problems[0]


def test_a_gap_in_the_log_is_told(root):
    marker = {"time": "2026-11-23T09:00:00.000Z", "level": "warn", "subsystem": "logging"}
    marker["message"] = "log file size cap reached; suppressing writes file=/x maxFileBytes=5"
    path = write(root / "x.log", line(8), json.dumps(marker) + "\n")
    reading = scan(root, path)
    list(reading)
    assert [(source, number) for source, number, _ in reading.coverage.gaps] == [(str(path), 2)]


def test_a_torn_last_line_is_passed_over(root):
    path = write(root / "x.log", line(8), line(9).rstrip("\n"), '\n{"0":"auto-compaction failed for a/b: x')
    assert len(list(scan(root, path))) == 2
