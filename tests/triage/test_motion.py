"""What a gateway is writing at this moment is not damage; the same bytes in an old store are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from clawmedic.model.finding import FindingCode, Severity
from clawmedic.settings import World
from triage_cases import CORPUS, Examiner

CASE = CORPUS / "2026.7.1" / "healthy-chat"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    shutil.copytree(CASE / "state", tmp_path / "state")
    return tmp_path / "state"


def row_of(state: Path) -> dict[str, int]:
    rows = json.loads((state / "agents/main/sessions/sessions.json").read_text())
    return next(iter(rows.values()))


def transcript_of(state: Path) -> Path:
    return state / "agents/main/sessions" / f"{row_of(state)['sessionId']}.jsonl"


def at(world: World, state: Path, *, later_ms: int) -> Examiner:
    moment = row_of(state)["updatedAt"] + later_ms
    return Examiner(replace(world, clock=lambda: moment))


@pytest.mark.parametrize(("later_ms", "verdict"), [(1_000, "healthy"), (10 * 60_000, "damaged")])
def test_a_line_that_is_being_written(state: Path, world: World, later_ms: int, verdict: str):
    with transcript_of(state).open("ab") as transcript:
        transcript.write(b'{"type":"message","id":"0')
    report = at(world, state, later_ms=later_ms)(state)
    (one,) = report.sessions
    assert FindingCode.TORN_TAIL in {finding.code for finding in one.findings}
    assert one.verdict == verdict


@pytest.mark.parametrize(("later_ms", "verdict"), [(1_000, "healthy"), (10 * 60_000, "damaged")])
def test_a_transcript_that_is_not_there_yet(state: Path, world: World, later_ms: int, verdict: str):
    transcript_of(state).unlink()
    report = at(world, state, later_ms=later_ms)(state)
    assert report.sessions[0].verdict == verdict


def test_damage_in_the_middle_is_damage_at_any_time(state: Path, world: World):
    transcript = transcript_of(state)
    lines = transcript.read_bytes().splitlines(keepends=True)
    transcript.write_bytes(b"".join([*lines[:3], b"not json\n", *lines[3:]]))
    (one,) = at(world, state, later_ms=1_000)(state).sessions
    (finding,) = [finding for finding in one.findings if finding.code is FindingCode.MALFORMED_LINES]
    assert finding.severity is Severity.ERROR
    assert one.verdict == "damaged"
