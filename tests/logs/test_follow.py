from __future__ import annotations

import contextlib
import os

import pytest

from clawmedic.logs.follow import follow
from clawmedic.logs.sources import find_sources
from clawmedic.stores.config import OpenClawConfig
from logs_reading import NOW, settings

CAUSE = "auto-compaction failed for fake/big: Compaction timed out"


def line(number):
    return f"2026-11-23T09:00:{number:02d}.000+00:00 [agent/embedded] {CAUSE} {number}\n"


class EnoughError(Exception):
    """The last act is over."""


class Stage:
    """A log directory and what happens to it between two readings."""

    def __init__(self, root):
        self.logs = root / "tmp/openclaw"
        self.logs.mkdir(parents=True)
        self.today = self.logs / "openclaw-2026-11-23.log"
        self.settings = settings(root)

    def look(self):
        return find_sources(self.settings, OpenClawConfig())

    def play(self, *acts):
        left = list(acts)

        def wait():
            if not left:
                raise EnoughError
            left.pop(0)()

        told = []
        with contextlib.suppress(EnoughError):
            told.extend(follow(self.look(), rediscover=self.look, wait=wait, clock=lambda: NOW))
        assert not left
        return [(signal.record.line, signal.detail.rpartition(" ")[2]) for signal in told]

    def append(self, text, path=None):
        def act():
            with (path or self.today).open("a") as file:
                file.write(text)

        return act


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def nothing():
    pass


def test_only_what_is_written_from_now_on(stage):
    stage.today.write_text(line(1) + line(2))
    assert stage.play(nothing, stage.append(line(3)), nothing, stage.append(line(4) + line(5))) == [
        (3, "3"),
        (4, "4"),
        (5, "5"),
    ]


def test_a_line_that_is_being_written_is_told_once_when_it_is_whole(stage):
    stage.today.write_text(line(1) + line(2)[:40])
    assert stage.play(stage.append(line(2)[40:60]), stage.append(line(2)[60:] + line(3)[:30]), nothing) == [
        (2, "2")
    ]


def test_a_new_day_has_a_new_file_read_from_its_beginning(stage):
    stage.today.write_text(line(1))
    tomorrow = stage.logs / "openclaw-2026-11-24.log"
    assert stage.play(stage.append(line(2)), stage.append(line(3) + line(4), tomorrow)) == [
        (2, "2"),
        (1, "3"),
        (2, "4"),
    ]


def test_rotation_loses_no_line_and_repeats_none(stage):
    stage.today.write_text(line(1))

    def rotate():
        stage.append(line(2))()
        stage.today.rename(stage.logs / "openclaw-2026-11-23.1.log")
        stage.today.write_text(line(3))

    told = stage.play(rotate, stage.append(line(4)))
    assert sorted(told) == [(1, "3"), (2, "2"), (2, "4")]


def test_a_truncated_file_is_read_from_its_beginning(stage):
    stage.today.write_text(line(1) * 5)
    assert stage.play(lambda: stage.today.write_text(line(2)), stage.append(line(3))) == [(1, "2"), (2, "3")]


def test_a_file_that_vanishes_and_comes_back(stage):
    stage.today.write_text(line(1))
    other = stage.logs / "keep.tmp"

    def vanish():
        os.link(stage.today, other)  # so that the new file has an identity of its own
        stage.today.unlink()

    assert stage.play(vanish, nothing, lambda: stage.today.write_text(line(2))) == [(1, "2")]


def test_an_endless_line_is_passed_over(stage):
    stage.today.write_text(line(1))
    acts = [stage.append("x" * 3_000_000) for _ in range(4)]
    assert stage.play(*acts, stage.append("\n" + line(2))) == [(3, "2")]


def test_nothing_at_first(stage):
    assert stage.play(nothing, stage.append(line(1)), stage.append(line(2))) == [(1, "1"), (2, "2")]
