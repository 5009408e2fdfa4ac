from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmedic.stores.names import ArtefactKind as Kind
from clawmedic.stores.names import classify, classify_name
from clawmedic.stores.stamps import instant_ms, seconds_or_ms, stamp_in, stamp_ms

SID = "f55d577f-d9b5-4e7b-b960-5eb2cc8413ec"
CP = "723f67d7-4dfe-473c-af76-c6bd7adce070"
AT = 1795421302671  # 2026-11-23T08:08:22.671Z
STAMP = "2026-11-23T08-08-22.671Z"
DASHED = "2026-11-23T08-08-22-671Z"
TAG = "56ae34f6718840628cc75705f6eb3e03"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{SID}.jsonl", (Kind.LIVE, SID, None, None)),
        ("probe-1.jsonl", (Kind.LIVE, "probe-1", None, None)),
        (f"{SID}-topic-42.jsonl", (Kind.TOPIC, SID, None, "42")),
        (f"{DASHED}_{SID}.jsonl", (Kind.FORK, SID, AT, None)),
        (f"{SID}.jsonl.reset.{STAMP}", (Kind.RESET, SID, AT, None)),
        (f"{SID}-topic-7.jsonl.reset.{STAMP}", (Kind.RESET, SID, AT, "7")),
        (f"{DASHED}_{SID}.jsonl.reset.{STAMP}", (Kind.RESET, SID, AT, None)),
        (f"{SID}.jsonl.reset.2026-11-23T08-08-22Z", (Kind.RESET, SID, AT - 671, None)),
        (f"{SID}.jsonl.deleted.{STAMP}.{TAG}.zst", (Kind.DELETED, SID, AT, None)),
        (f"{SID}.jsonl.deleted.{STAMP}.gz", (Kind.DELETED, SID, AT, None)),
        (f"{SID}.jsonl.bak.{STAMP}", (Kind.BAK, SID, AT, None)),
        (f"{SID}.jsonl.bak.{STAMP}.{TAG}.zst", (Kind.BAK, SID, AT, None)),
        (f"{SID}.jsonl.bak-3612-{AT}", (Kind.REPAIR, SID, AT, None)),
        (f"{SID}.jsonl.repair-3612-{AT}.tmp", (Kind.TEMP, SID, AT, None)),
        (f"{SID}.checkpoint.{CP}.jsonl", (Kind.CHECKPOINT, SID, None, None)),
        (f"{SID}.CHECKPOINT.{CP}.jsonl", (Kind.CHECKPOINT, SID, None, None)),
        (f"{SID}.jsonl.corrupt-{DASHED}-deadbeef.jsonl", (Kind.CORRUPT, SID, AT, None)),
        (f"{SID}.corrupt-{DASHED}-deadbeef.jsonl", (Kind.CORRUPT, SID, AT, None)),
        (f"{SID}.jsonl.pre-doctor-branch-repair-{DASHED}.bak", (Kind.DOCTOR, SID, AT, None)),
        (f"{SID}.jsonl.pre-doctor-openai-codex-repair-{DASHED}.bak", (Kind.DOCTOR, SID, AT, None)),
        (f"{SID}.jsonl.compact.{CP}.tmp", (Kind.TEMP, SID, None, None)),
        (f"{SID}.jsonl.manual-compaction-tmp", (Kind.TEMP, SID, None, None)),
        (f"{SID}.jsonl.truncate-tmp", (Kind.TEMP, SID, None, None)),
        (f".fs-safe-12-{CP}.tmp", (Kind.TEMP, None, None, None)),
        (f"{SID}.jsonl.lock", (Kind.LOCK, SID, None, None)),
        (f"{SID}-topic-42.jsonl.lock", (Kind.LOCK, SID, None, "42")),
        ("sessions.json.lock", (Kind.LOCK, None, None, None)),
        (f"{SID}.trajectory.jsonl", (Kind.TRAJECTORY, SID, None, None)),
        (f"{SID}.trajectory-path.json", (Kind.TRAJECTORY, SID, None, None)),
        ("sessions.json", (Kind.STORE, None, None, None)),
        (f"sessions.json.bak.{AT}", (Kind.STORE_BACKUP, None, AT, None)),
        (f"sessions.json.{CP}.tmp", (Kind.STORE_TEMP, None, None, None)),
        (f"sessions.json.512.{CP}.tmp", (Kind.STORE_TEMP, None, None, None)),
        (f"agent-main-main.{SID}.jsonl.imported-{AT}", (Kind.IMPORTED, SID, AT, None)),
        (f"agent:main:main.{SID}.jsonl.imported-{AT}", (Kind.IMPORTED, SID, AT, None)),
        (f"archive-tier.{SID}.checkpoint.{CP}.jsonl.imported-{AT}", (Kind.IMPORTED, SID, AT, None)),
        (f"legacy-store.sessions.json.imported-{AT}", (Kind.IMPORTED, None, AT, None)),
        (f"openclaw-agent.sqlite.corrupt-{AT}", (Kind.DATABASE_CORRUPT, None, AT, None)),
        (f"openclaw-agent.sqlite-wal.corrupt-{AT}.2", (Kind.DATABASE_CORRUPT, None, AT, None)),
        ("a" * 64 + ".jsonl.zst", (Kind.COLD, None, None, None)),
        (f"{SID}.jsonl.bak.recovered.20261123T080822Z", (Kind.FOREIGN, SID, AT - 671, None)),
        (f"{SID}.jsonl.bak.recovered.{STAMP}", (Kind.FOREIGN, SID, AT, None)),
        (f"{SID}.jsonl.bak.recovered.1795421302", (Kind.FOREIGN, SID, AT - 671, None)),
        (f"{SID}.jsonl.bak.recovered.{STAMP}.zst", (Kind.FOREIGN, SID, AT, None)),
        (f"{SID}-topic-42.jsonl.bak.recovered.1", (Kind.FOREIGN, SID, None, "42")),
        (f"{SID}.jsonl.bak", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl.broken", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl.ORIG", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl.bak-20261123", (Kind.FOREIGN, SID, 1795392000000, None)),
        (f"{SID}.jsonl.non-deliverable-5.bak", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl.prompt-bak-00ff", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl.gz", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl.zst", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.jsonl~", (Kind.FOREIGN, SID, None, None)),
        (f"{SID}.bak.recovered.3.jsonl", (Kind.FOREIGN, SID, None, None)),
        ("sessions.json.bak.session-maint-20261123", (Kind.FOREIGN, None, 1795392000000, None)),
        ("sessions.json.bak.pre-bot-session-detach-1", (Kind.FOREIGN, None, None, None)),
        ("sessions.json~", (Kind.FOREIGN, None, None, None)),
        ("notes.txt", (Kind.OTHER, None, None, None)),
        (".jsonl", (Kind.OTHER, None, None, None)),
        ("", (Kind.OTHER, None, None, None)),
        ("line\nbreak.jsonl", (Kind.OTHER, None, None, None)),
    ],
)
def test_the_grammar(name: str, expected: tuple[object, ...]) -> None:
    assert classify_name(name) == expected


PIECES = st.sampled_from(
    [
        SID,
        ".jsonl",
        ".reset.",
        ".bak",
        ".recovered.",
        STAMP,
        "-topic-",
        "7",
        ".checkpoint.",
        ".zst",
        ".lock",
        "~",
        "\n",
        "é",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join)))
def test_every_name_has_an_answer(name: str) -> None:
    kind, session_id, at, _ = classify_name(name)
    assert isinstance(kind, Kind)
    assert session_id is None or (session_id and "/" not in session_id and "\0" not in session_id)
    assert at is None or at > 0


@given(st.integers(1_000_000_000_000, 4_000_000_000_000))
def test_stamps_come_back(at: int) -> None:
    from datetime import UTC, datetime

    text = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H-%M-%S") + f".{at % 1000:03}Z"
    assert stamp_ms(text) == at
    assert stamp_in(f"before.{text}.after") == at
    assert instant_ms(text.replace("-", ":").replace(":", "-", 2)) == at


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1795421302671, AT),
        (1795421302671.9, AT),
        ("2026-11-23T08:08:22.671Z", AT),
        ("2026-11-23T09:08:22.671+01:00", AT),
        ("1795421302671", AT),
        (True, None),
        (-1, None),
        (0, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        ("yesterday", None),
        ("", None),
        ("²", None),
        ([], None),
        (None, None),
    ],
)
def test_times_of_every_shape(value: object, expected: int | None) -> None:
    assert instant_ms(value) == expected


def test_seconds_become_milliseconds() -> None:
    assert seconds_or_ms(1795421302) == 1795421302000
    assert seconds_or_ms(AT) == AT


@pytest.mark.parametrize("name", ["x.2026-99-99T99-99-99Z", "9999999999999", "20269999"])
def test_impossible_times_are_none(name: str) -> None:
    found = stamp_in(name)
    assert found is None or found == 9999999999999


def test_what_stands_there_is_told_apart(tmp_path: Path) -> None:
    plain = tmp_path / f"{SID}.jsonl"
    plain.write_text("abc")
    fifo = tmp_path / f"{CP}.jsonl"
    os.mkfifo(fifo)
    link = tmp_path / "linked.jsonl"
    link.symlink_to(plain)
    found = classify(plain)
    assert (found.is_regular, found.size_bytes, found.session_id) == (True, 3, SID)
    assert (found.mtime_ms or 0) > 0
    assert not classify(fifo).is_regular
    assert not classify(link).is_regular
    gone = classify(tmp_path / "gone.jsonl")
    assert (gone.is_regular, gone.size_bytes, gone.mtime_ms) == (False, 0, None)
