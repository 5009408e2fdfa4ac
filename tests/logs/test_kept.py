from __future__ import annotations

from pathlib import Path

import pytest

from clawmedic.logs.kept import kept_document, kept_from, read_on
from clawmedic.logs.scan import signals
from clawmedic.logs.sources import find_sources
from clawmedic.logs.window import TimeWindow
from clawmedic.model.reporter import SilentReporter
from clawmedic.stores.config import OpenClawConfig
from logs_reading import NOW, settings

CORPUS = Path(__file__).parent.parent / "corpus"
LOGS = sorted(CORPUS.glob("*/*/logs/*.log"))


def sources(root: Path, log: Path):
    return find_sources(settings(root, log), OpenClawConfig())


def whole(root: Path, log: Path):
    return list(signals(sources(root, log), TimeWindow(), SilentReporter()))


@pytest.mark.parametrize("log", LOGS, ids=lambda path: f"{path.parents[2].name}/{path.parents[1].name}")
def test_a_log_read_in_two_parts_says_what_it_says_at_once(tmp_path, log):
    data = log.read_bytes()
    copy = tmp_path / log.name
    copy.write_bytes(data[: len(data) // 2])  # a line is cut: it is being written
    first = read_on(sources(tmp_path, copy), {}, NOW)
    copy.write_bytes(b"")
    with copy.open("r+b") as file:
        file.write(data)
    kept = kept_from(kept_document(first.kept))
    second = read_on(sources(tmp_path, copy), kept, NOW)
    assert second.signals == whole(tmp_path, copy)
    assert second.parsed_bytes < len(data)
    third = read_on(sources(tmp_path, copy), second.kept, NOW)
    assert (third.signals, third.parsed_bytes) == (second.signals, 0)


@pytest.mark.parametrize("what", ["truncated", "another", "rewritten", "grown line", "garbage"])
def test_what_is_not_the_same_file_any_more_is_read_anew(tmp_path, what):
    data = LOGS[0].read_bytes()
    log = tmp_path / "openclaw.log"
    log.write_bytes(data)
    kept = read_on(sources(tmp_path, log), {}, NOW).kept
    if what == "truncated":
        log.write_bytes(data[: len(data) // 3])
    elif what == "another":
        log.unlink()
        log.write_bytes(LOGS[-1].read_bytes() * 3)
    elif what == "rewritten":
        log.write_bytes(LOGS[-1].read_bytes() * 3)
    elif what == "grown line":
        log.write_bytes(data + data[-200:])
    else:
        kept = kept_from(b'{"a": [1, 2, "x"]}')
    assert read_on(sources(tmp_path, log), kept, NOW).signals == whole(tmp_path, log)
