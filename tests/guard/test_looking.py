"""A look that reads only what changed sees what a whole examination sees."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from guard_stage import DAY, HOUR, MINUTE, Clock
from msgspec.structs import replace

from clawmedic.guard.look import Seen, load_seen, save_seen
from clawmedic.guard.looking import look
from clawmedic.guard.memory import guard_folder
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings
from clawmedic.triage.examine import examine
from recovery.rescue_stage import world
from triage_cases import corpus_cases, merged

NEWEST = 1_795_426_107_634
Change = Callable[[Path, Path], object]


@pytest.fixture(params=["2026.7.1", "2026.9.6"])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Settings, Clock, Path]:
    cases = [case for case in corpus_cases() if case.path.parent.name == request.param][::3]
    state, log = merged(cases, tmp_path)
    clock = Clock(NEWEST + 2 * DAY)
    return Settings(replace(world(tmp_path), clock=clock), state, logs=(str(log),)), clock, log


def told(settings: Settings) -> list[tuple[str, str, str, str]]:
    return sorted(
        (one.session.agent, one.session.key, one.verdict, str(one.cause))
        for one in examine(settings, SilentReporter()).sessions
    )


def seen_by(settings: Settings, seen: Seen) -> list[tuple[str, str, str, str]]:
    return sorted((one.agent, one.key, one.verdict, str(one.cause)) for one in look(settings, seen).sights)


def kept(settings: Settings, seen: Seen) -> Seen:
    """As the next process finds it."""
    seen.changed = seen.logs_changed = True
    save_seen(settings, seen)
    return load_seen(settings)


def swap_transcripts(state: Path, _: Path) -> None:
    """One session gets the failures of another, and the other way round."""
    first, second = sorted(state.glob("agents/*/sessions/*.jsonl"))[:2]
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def lose_the_log(_: Path, log: Path) -> None:
    log.write_bytes(b"")


def half_the_log(_: Path, log: Path) -> None:
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])


def drop_an_agent(state: Path, _: Path) -> None:
    shutil.rmtree(min((state / "agents").iterdir()))


def another_window(state: Path, _: Path) -> None:
    config = state / "openclaw.json"
    config.write_text(config.read_text().replace("32000", "9000").replace("36000", "9000"))


@pytest.mark.parametrize(
    "change", [lose_the_log, half_the_log, drop_an_agent, another_window, swap_transcripts]
)
def test_what_changed_is_seen(watched: tuple[Settings, Clock, Path], change: Change):
    settings, clock, log = watched
    if change is swap_transcripts and not list(settings.state_dir.glob("agents/*/sessions/*.jsonl")):
        pytest.skip("no files in a database")
    seen = Seen()
    for _ in range(3):
        look(settings, seen)
        clock.now += MINUTE
        seen = kept(settings, seen)
    change(settings.state_dir, log)
    assert seen_by(settings, seen) == told(settings)


def test_nothing_but_what_failed_is_read_again(watched: tuple[Settings, Clock, Path]):
    settings, clock, _ = watched
    seen = Seen()
    first = look(settings, seen)
    assert first.read == len(first.sights)
    clock.now += MINUTE
    again = look(settings, kept(settings, seen))
    assert 0 < again.read < first.read, "dead and waiting ones are looked at each time"
    assert again.log_bytes == 0
    clock.now += 2 * HOUR
    assert look(settings, kept(settings, seen)).read == first.read, "once an hour everything is"


@pytest.mark.parametrize("name", ["seen.json", "logs.json"])
@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 1}', b"[]\n[]"])
def test_a_damaged_cache_is_no_cache(watched: tuple[Settings, Clock, Path], name: str, content: bytes):
    settings, _, _ = watched
    seen = Seen()
    look(settings, seen)
    kept(settings, seen)
    (guard_folder(settings) / name).write_bytes(content)
    assert seen_by(settings, load_seen(settings)) == told(settings)
