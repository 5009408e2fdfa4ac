"""Damage is normal: an examination answers with findings, never with a traceback, and hides nothing else."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawmedic.errors import ClawmedicError
from clawmedic.model.finding import FindingCode
from triage_cases import CORPUS, Examiner, report_for

FILES = CORPUS / "2026.7.1" / "dead-compact-400-chat"
DATABASE = CORPUS / "2026.9.6" / "compact-429"
KEY = json.loads((FILES / "truth.json").read_text())["session_key"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    shutil.copytree(FILES / "state", tmp_path / "state")
    return tmp_path / "state"


def store_of(state: Path) -> Path:
    return state / "agents" / "main" / "sessions" / "sessions.json"


def transcript_of(state: Path) -> Path:
    row = json.loads(store_of(state).read_text())[KEY]
    return store_of(state).with_name(f"{row['sessionId']}.jsonl")


def log_of(case: Path) -> str:
    return str(next((case / "logs").iterdir()))


def codes(examiner: Examiner, state: Path, *logs: str) -> set[FindingCode]:
    report = examiner(state, *logs)
    found = {finding.code for one in report.sessions for finding in one.findings}
    return found | {finding.code for finding in report.store_findings}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\x00" * 64, b"\xff\xfe{}", b'{"a":1}', b'{"":{}}', b'{"k":{"sessionId":[1]}}',
        b"[" * 100_000, b'{"k":{"sessionId":"../../etc/passwd","updatedAt":"x"}}', b'{"k":' + b'{"a":' * 5000,
    ],
    ids=range(12),
)  # fmt: skip
def test_a_broken_store_is_a_finding(content: bytes, state: Path, examiner: Examiner):
    store_of(state).write_bytes(content)
    assert codes(examiner, state) & {FindingCode.STORE_CORRUPT, FindingCode.INVALID_ROW}


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", FindingCode.BAD_HEADER),
        (b"\x00" * 4096, FindingCode.BAD_HEADER),
        (b'{"type":"message"}\n', FindingCode.BAD_HEADER),
        (
            b'{"type":"session","version":3,"id":"x"}\nnot json\n{"type":"message","id":"a"}\n',
            FindingCode.MALFORMED_LINES,
        ),
        (b'{"type":"session","version":3,"id":"x"}\n{"type":"mess', FindingCode.TORN_TAIL),
        (b'{"type":"session","version":3,"id":"x"}\n' + b"[" * 50_000 + b"\n", FindingCode.MALFORMED_LINES),
        (b'{"type":"session","version":3,"id":"x"}\n{"type":7,"message":[]}\n', None),
        (
            b'{"type":"session","version":3,"id":"x"}\n{"type":"message","id":"a","parentId":"zz"}\n',
            FindingCode.BROKEN_CHAIN,
        ),
    ],
)
def test_a_broken_transcript_is_a_finding(
    content: bytes, finding: FindingCode | None, state: Path, examiner: Examiner
):
    transcript_of(state).write_bytes(content)
    found = codes(examiner, state)
    assert finding is None or finding in found


def test_damage_of_the_transcript_does_not_hide_the_log(state: Path, examiner: Examiner):
    transcript_of(state).write_bytes(b"\x00\x01")
    report = examiner(state, log_of(FILES))
    one = report_for(report, KEY)
    assert (one.verdict, one.cause) == ("dead", "reasoning-required")


def test_damage_of_the_log_does_not_hide_the_transcript(state: Path, tmp_path: Path, examiner: Examiner):
    log = tmp_path / "garbage.log"
    log.write_bytes(os.urandom(20_000) + b"\n" + b"{" * 5000)
    one = report_for(examiner(state, str(log)), KEY)
    assert one.verdict == "dead"


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def a_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nonexistent/elsewhere")


def a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def nothing(path: Path) -> None:
    path.unlink()


REPLACED: list[Callable[[Path], None]] = [a_directory, a_fifo, a_loop, a_dangling_link, a_device, nothing]


@pytest.mark.parametrize("replace", REPLACED)
def test_strange_things_in_place_of_a_transcript(
    replace: Callable[[Path], None], state: Path, examiner: Examiner
):
    replace(transcript_of(state))
    assert codes(examiner, state) & {FindingCode.MISSING_TRANSCRIPT, FindingCode.BAD_HEADER}
    report = examiner(state, log_of(FILES))
    assert report_for(report, KEY).verdict == "dead"


@pytest.mark.parametrize("replace", REPLACED)
def test_strange_things_in_place_of_a_store(replace: Callable[[Path], None], state: Path, examiner: Examiner):
    replace(store_of(state))
    report = examiner(state)
    assert replace is nothing or {FindingCode.STORE_CORRUPT} & {one.code for one in report.store_findings}


@pytest.mark.parametrize("replace", REPLACED)
def test_strange_things_in_place_of_the_configuration(
    replace: Callable[[Path], None], state: Path, examiner: Examiner
):
    replace(state / "openclaw.json")
    assert report_for(examiner(state, log_of(FILES)), KEY).verdict == "dead"


@pytest.mark.parametrize("replace", REPLACED)
@pytest.mark.parametrize("name", ["agents/main/agent/openclaw-agent.sqlite", "state/openclaw.sqlite"])
def test_strange_things_in_place_of_a_database(
    replace: Callable[[Path], None], name: str, tmp_path: Path, examiner: Examiner
):
    state = tmp_path / "state"
    shutil.copytree(DATABASE / "state", state)
    replace(state / name)
    examiner(state, log_of(DATABASE))


@pytest.mark.parametrize("keep", [0, 1, 100, 4096, 5000, 200_000])
def test_a_cut_database_is_a_finding(keep: int, tmp_path: Path, examiner: Examiner):
    state = tmp_path / "state"
    shutil.copytree(DATABASE / "state", state)
    path = state / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    path.write_bytes(path.read_bytes()[:keep])
    report = examiner(state, log_of(DATABASE))
    assert FindingCode.DATABASE_DAMAGE in {finding.code for finding in report.store_findings}


def test_a_newer_schema_is_said_and_what_is_there_is_read(tmp_path: Path, examiner: Examiner):
    state = tmp_path / "state"
    shutil.copytree(DATABASE / "state", state)
    path = state / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    report = examiner(state, log_of(DATABASE))
    (finding,) = [one for one in report.store_findings if one.code is FindingCode.DATABASE_DAMAGE]
    assert "99" in finding.evidence[0]
    assert report.sessions[0].verdict == "dead"


def flipped(path: Path, flips: list[tuple[int, int]]) -> None:
    content = bytearray(path.read_bytes())
    for position, bit in flips:
        content[position % len(content)] ^= 1 << bit
    path.write_bytes(bytes(content))


FLIPS = st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 7)), min_size=1, max_size=40)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.sampled_from(["store", "transcript", "log"]), flips=FLIPS)
def test_flipped_bits_in_files(
    which: str, flips: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory, examiner: Examiner
):
    target = tmp_path_factory.mktemp("flip")
    shutil.copytree(FILES, target / "case")
    state, log = target / "case" / "state", target / "case" / "logs" / Path(log_of(FILES)).name
    flipped({"store": store_of(state), "transcript": transcript_of(state), "log": log}[which], flips)
    assert examiner(state, str(log)).scanned_at


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from(["agents/main/agent/openclaw-agent.sqlite", "state/openclaw.sqlite"]), flips=FLIPS
)
def test_flipped_bits_in_databases(
    which: str, flips: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory, examiner: Examiner
):
    target = tmp_path_factory.mktemp("flip")
    shutil.copytree(DATABASE / "state", target / "state")
    flipped(target / "state" / which, flips)
    assert examiner(target / "state", log_of(DATABASE)).scanned_at


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(next(iter(json.loads(store_of(FILES / "state").read_text()).values())))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(st.sampled_from([*FIELDS, "archivedAt", "mainRestartRecovery"]), JSON, min_size=1)
)
def test_rows_of_any_type(
    changes: dict[str, object], tmp_path_factory: pytest.TempPathFactory, examiner: Examiner
):
    state = tmp_path_factory.mktemp("row") / "state"
    shutil.copytree(FILES / "state", state)
    rows = json.loads(store_of(state).read_text())
    rows[KEY].update(changes)
    store_of(state).write_text(json.dumps(rows))
    assert examiner(state, log_of(FILES)).scanned_at


def test_nothing_of_openclaw_is_one_clear_line(tmp_path: Path, examiner: Examiner):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ClawmedicError) as caught:
        examiner(empty)
    assert caught.value.exit_code == 5
    assert "\n" not in caught.value.message
