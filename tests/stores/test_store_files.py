from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from clawmedic.model.session import Generation, Liveness, Session
from clawmedic.settings import World
from clawmedic.stores.files import FilesReader
from clawmedic.stores.names import ArtefactKind
from clawmedic.stores.processes import ProcessTable

SID = "11111111-2222-4333-8444-555555555555"
KEY = "agent:main:telegram:group:-1001"
HEADER = {"type": "session", "version": 3, "id": SID}
PutRows = Callable[[Mapping[str, object]], Path]


@pytest.fixture
def reader(state: Path, sessions_dir: Path, world: World) -> FilesReader:
    return FilesReader(
        "main", sessions_dir / "sessions.json", world, ProcessTable(world.proc), sessions_dir.parent, state
    )


def transcript(path: Path, messages: int = 3, size: int = 20) -> Path:
    lines = [
        HEADER,
        *({"type": "message", "id": f"{number:08x}", "text": "x" * size} for number in range(messages)),
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def only(reader: FilesReader) -> Session:
    (session,) = reader.sessions()
    return session


def test_a_store_is_read(reader: FilesReader, put_rows: PutRows, sessions_dir: Path) -> None:
    put_rows(
        {
            KEY: {
                "sessionId": SID,
                "sessionFile": str(transcript(sessions_dir / f"{SID}.jsonl")),
                "status": "done",
            }
        }
    )
    session = only(reader)
    assert (session.key, session.agent, session.session_id, session.status) == (KEY, "main", SID, "done")
    assert session.transcript.exists
    assert session.transcript.size_bytes == (sessions_dir / f"{SID}.jsonl").stat().st_size
    assert reader.generation is Generation.FILES
    status = reader.status()
    assert (status.problem, status.damaged, status.invalid_rows, status.salvage) == ("", False, (), ())


@pytest.mark.parametrize(
    ("key", "row", "name"),
    [
        (KEY, {"sessionFile": f"/home/operator/.openclaw/agents/main/sessions/{SID}.jsonl"}, f"{SID}.jsonl"),
        (KEY, {"sessionFile": "C:\\Users\\x\\sessions\\old-name.jsonl"}, "old-name.jsonl"),
        (KEY, {}, f"{SID}.jsonl"),
        (KEY, {"sessionFile": 5}, f"{SID}.jsonl"),
        (KEY, {"sessionFile": "/elsewhere/gone.jsonl"}, f"{SID}.jsonl"),
        (f"{KEY}:topic:42", {}, f"{SID}-topic-42.jsonl"),
        (f"{KEY}:topic:42", {}, f"{SID}.jsonl"),
    ],
)
def test_transcripts_are_found_where_they_are(  # noqa: PLR0917
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path, key: str, row: dict[str, object], name: str
) -> None:
    put_rows({key: {"sessionId": SID, **row}})
    transcript(sessions_dir / name)
    found = only(reader).transcript
    assert (found.path, found.exists) == (sessions_dir / name, True)
    written = row.get("sessionFile")
    assert found.as_written == (written if isinstance(written, str) else None)


def test_the_stored_file_name_goes_before_the_session_id(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path
) -> None:
    """After `sessions.reset` of 4.15 the row keeps the older file name."""
    put_rows({KEY: {"sessionId": SID, "sessionFile": "/x/sessions/older.jsonl"}})
    transcript(sessions_dir / "older.jsonl")
    transcript(sessions_dir / f"{SID}.jsonl")
    assert only(reader).transcript.path.name == "older.jsonl"


def test_a_path_into_another_agent_of_this_state_is_followed(
    reader: FilesReader, put_rows: PutRows, state: Path
) -> None:
    other = state / "agents" / "ops" / "sessions"
    other.mkdir(parents=True)
    put_rows({KEY: {"sessionId": SID, "sessionFile": str(transcript(other / "x.jsonl"))}})
    assert only(reader).transcript.path == other / "x.jsonl"


def test_a_copied_store_never_leads_to_the_original(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path, tmp_path: Path
) -> None:
    original = tmp_path / "original" / "agents" / "main" / "sessions"
    original.mkdir(parents=True)
    transcript(original / f"{SID}.jsonl")
    put_rows({KEY: {"sessionId": SID, "sessionFile": str(original / f"{SID}.jsonl")}})
    assert only(reader).transcript.path == sessions_dir / f"{SID}.jsonl"
    assert not only(reader).transcript.exists


@pytest.mark.parametrize(
    "row",
    [
        {"sessionId": "../../../secret"},
        {"sessionId": SID, "sessionFile": "../../../secret.jsonl"},
        {"sessionId": "..", "sessionFile": ".."},
        {"sessionId": "a\0b", "sessionFile": "/x\0y.jsonl"},
        {"sessionId": SID, "sessionFile": "STATE/agents/../../secret.jsonl"},
    ],
)
def test_nothing_leads_out_of_the_sessions_directory(  # noqa: PLR0917
    reader: FilesReader,
    put_rows: PutRows,
    sessions_dir: Path,
    tmp_path: Path,
    state: Path,
    row: dict[str, str],
) -> None:
    transcript(tmp_path / "secret.jsonl")
    put_rows({KEY: {name: value.replace("STATE", str(state)) for name, value in row.items()}})
    found = only(reader).transcript
    assert found.path.parent == sessions_dir
    assert not found.exists
    assert list(reader.entries(only(reader))) == []


def test_a_missing_transcript(reader: FilesReader, put_rows: PutRows) -> None:
    put_rows({KEY: {"sessionId": SID}})
    session = only(reader)
    assert (session.transcript.exists, session.transcript.size_bytes) == (False, 0)
    assert reader.tail(session, 100, seek_compaction=True).problem == "missing"
    assert list(reader.entries(session)) == []


@pytest.mark.parametrize(
    ("data", "problem", "damaged"),
    [
        (b"", "0 bytes", True),
        (b"{", "not JSON", True),
        (b'{"a": {"sessionId": "x"', "not JSON", True),
        (b"[]", "a list instead of an object", True),
        (b"null", "a NoneType instead of an object", True),
        (b"\0" * 500, "not JSON", True),
        (b"[" * 100_000, "not JSON", True),
        (b"{}", "", False),
    ],
)
def test_damaged_stores(
    reader: FilesReader, sessions_dir: Path, data: bytes, problem: str, *, damaged: bool
) -> None:
    (sessions_dir / "sessions.json").write_bytes(data)
    assert list(reader.sessions()) == []
    status = reader.status()
    assert status.problem.startswith(problem)
    assert bool(status.problem) == bool(problem)
    assert (status.damaged, status.size_bytes) == (damaged, len(data))


def test_what_orjson_refuses_and_node_or_people_write(reader: FilesReader, sessions_dir: Path) -> None:
    text = '{"k1": {"sessionId": "a", "label": "\\ud83d", "totalTokens": NaN}, "k2": {"sessionId": "b"}}'
    (sessions_dir / "sessions.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    sessions = reader.sessions()
    assert [session.key for session in sessions] == ["k1", "k2"]
    assert sessions[0].total_tokens is None
    assert reader.status().problem == ""


def test_duplicate_keys_keep_the_last_as_openclaw_does(reader: FilesReader, sessions_dir: Path) -> None:
    (sessions_dir / "sessions.json").write_text('{"k": {"sessionId": "a"}, "k": {"sessionId": "b"}}')
    assert only(reader).session_id == "b"


def test_rows_that_are_no_sessions_are_named(reader: FilesReader, put_rows: PutRows) -> None:
    put_rows(
        {
            "list": [],
            "null": None,
            "no id": {"updatedAt": 1},
            "number id": {"sessionId": 7},
            KEY: {"sessionId": SID},
        }
    )
    assert only(reader).key == KEY
    assert reader.status().invalid_rows == (
        "list: no object",
        "null: no object",
        "no id: no sessionId",
        "number id: no sessionId",
    )


def test_a_lost_store_is_damage_where_transcripts_are(reader: FilesReader, sessions_dir: Path) -> None:
    transcript(sessions_dir / f"{SID}.jsonl")
    status = reader.status()
    assert status.damaged
    assert status.problem == "missing, although 1 transcripts are here"


def test_an_empty_directory_has_no_store_and_no_damage(reader: FilesReader) -> None:
    assert (reader.status().problem, reader.status().damaged) == ("missing", False)


def test_copies_that_could_replace_a_broken_store(reader: FilesReader, sessions_dir: Path) -> None:
    (sessions_dir / "sessions.json").write_text("{torn")
    good = json.dumps({KEY: {"sessionId": SID}})
    names = {
        f"sessions.json.{uuid.uuid4()}.tmp": good,
        f"sessions.json.12.{uuid.uuid4()}.tmp": good[:-5],
        "sessions.json.bak.1795421302671": good,
        "sessions.json.bak.1795421302672": "{}",
        "sessions.json.bak.1795421302673": json.dumps({"a": {"b": 1}}),
        "sessions.json.bak.mine": good,
    }
    for age, (name, text) in enumerate(names.items()):
        (sessions_dir / name).write_text(text)
        os.utime(sessions_dir / name, (1000 - age, 1000 - age))
    whole = [name for name, text in names.items() if text == good]
    assert [path.name for path in reader.status().salvage] == whole


def test_odd_things_in_a_store_s_place(reader: FilesReader, sessions_dir: Path) -> None:
    os.mkfifo(sessions_dir / "sessions.json")
    status = reader.status()
    assert (status.problem, status.damaged) == ("is a FIFO", False)
    assert list(reader.sessions()) == []


@pytest.mark.parametrize("kind", ["fifo", "directory", "loop", "dangling"])
def test_odd_things_in_a_transcripts_place(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path, kind: str
) -> None:
    path = sessions_dir / f"{SID}.jsonl"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(path.name if kind == "loop" else "nowhere")
    put_rows({KEY: {"sessionId": SID}})
    session = only(reader)
    tail = reader.tail(session, 1000, seek_compaction=True)
    assert tail.problem
    assert (tail.entries, tail.head) == ((), None)
    assert list(reader.entries(session)) == []


def test_a_linked_transcript_is_read(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path, tmp_path: Path
) -> None:
    transcript(tmp_path / "real.jsonl")
    (sessions_dir / f"{SID}.jsonl").symlink_to(tmp_path / "real.jsonl")
    put_rows({KEY: {"sessionId": SID}})
    session = only(reader)
    assert session.transcript.exists
    assert len(list(reader.entries(session))) == 4
    (artefact,) = (item for item in reader.artefacts() if item.kind is ArtefactKind.LIVE)
    assert not artefact.is_regular


def test_a_transcript_that_vanishes_after_it_was_listed(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path
) -> None:
    put_rows({KEY: {"sessionId": SID}})
    path = transcript(sessions_dir / f"{SID}.jsonl")
    session = only(reader)
    path.unlink()
    assert reader.tail(session, 1000, seek_compaction=True).problem == "missing"
    assert list(reader.entries(session)) == []


def test_tails_have_the_end_the_head_and_the_newest_compaction_before(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path
) -> None:
    put_rows({KEY: {"sessionId": SID}})
    path = sessions_dir / f"{SID}.jsonl"
    lines = [json.dumps(HEADER)]
    lines += [
        json.dumps({"type": "compaction", "summary": f"summary {number}"}, separators=(",", ":"))
        for number in (1, 2)
    ]
    quoted = {"type": "message", "content": {"type": "compaction"}}
    lines += [json.dumps(quoted, separators=(",", ":"))]
    lines += [json.dumps({"type": "message", "text": "x" * 100}) for _ in range(50)]
    path.write_text("\n".join(lines) + '\n{"torn')
    session = only(reader)
    tail = reader.tail(session, 2000, seek_compaction=True)
    assert not tail.complete
    assert tail.head is not None
    assert json.loads(tail.head.data) == HEADER
    assert (tail.entries[-1].data, tail.entries[-1].terminated) == (b'{"torn', False)
    assert 5 < len(tail.entries) < 20
    assert tail.compaction is not None
    assert json.loads(tail.compaction.data)["summary"] == "summary 2"
    assert path.read_bytes()[tail.compaction.offset :].startswith(tail.compaction.data)
    assert reader.tail(session, 2000, seek_compaction=False).compaction is None
    whole = reader.tail(session, 1_000_000, seek_compaction=True)
    assert (whole.complete, whole.compaction, len(whole.entries)) == (True, None, 55)
    assert [entry.data for entry in whole.entries] == [entry.data for entry in reader.entries(session)]
    assert [entry.line for entry in reader.entries(session)] == list(range(1, 56))
    assert whole.size_bytes == path.stat().st_size


def test_an_empty_transcript(reader: FilesReader, put_rows: PutRows, sessions_dir: Path) -> None:
    put_rows({KEY: {"sessionId": SID}})
    (sessions_dir / f"{SID}.jsonl").touch()
    tail = reader.tail(only(reader), 1000, seek_compaction=True)
    assert (tail.head, tail.entries, tail.complete, tail.problem) == (None, (), True, "")


def test_locks_are_read_beside_their_transcripts(
    reader: FilesReader, put_rows: PutRows, sessions_dir: Path, proc
) -> None:
    proc.add(700, 5000)
    put_rows({KEY: {"sessionId": SID}, "other": {"sessionId": "free"}})
    transcript(sessions_dir / f"{SID}.jsonl")
    (sessions_dir / f"{SID}.jsonl.lock").write_text('{"pid": 700, "starttime": 5000}')
    locked, free = reader.sessions()
    assert locked.lock is not None
    assert (locked.lock.path.name, locked.lock.liveness) == (f"{SID}.jsonl.lock", Liveness.ALIVE)
    assert free.lock is None


def test_artefacts_of_all_directories(reader: FilesReader, sessions_dir: Path) -> None:
    imported = sessions_dir.parent / "session-sqlite-import-archive"
    for directory in (sessions_dir / "cold", imported, sessions_dir.parent / "agent"):
        directory.mkdir()
    transcript(sessions_dir / f"{SID}.jsonl")
    (sessions_dir / "cold" / ("a" * 64 + ".jsonl.zst")).touch()
    (imported / f"main.{SID}.jsonl.imported-1795421302671").touch()
    (sessions_dir.parent / "agent" / "openclaw-agent.sqlite.corrupt-1795421302671").touch()
    (sessions_dir.parent / "agent" / "auth-profiles.json").touch()
    assert sorted(item.kind for item in reader.artefacts()) == [
        ArtefactKind.COLD,
        ArtefactKind.DATABASE_CORRUPT,
        ArtefactKind.IMPORTED,
        ArtefactKind.LIVE,
    ]
