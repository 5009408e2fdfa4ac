"""Copies that a person or another tool made: any suffix, plain, gzip or zstd; known by their content."""

from __future__ import annotations

import json

import pytest

from backup_stage import KEY, SESSION_ID, by_name, lines, packed, stamp, talk, words
from clawmedic.model.backup import BackupKind, BackupState, Overlap

SUFFIXES = [
    "bak.recovered.2026-11-23T08-00-00Z",
    "bak.recovered.1795400000",
    "bak.recovered.old",
    "bak.recovered.x y\n~",
    "bak.recovered.",
]
CODECS = ["plain", "gzip", "zstd"]
OTHER_ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(params=CODECS)
def codec(request):
    return request.param


@pytest.fixture(params=SUFFIXES, ids=range(len(SUFFIXES)))
def recovered(request, stage, codec):
    """A live transcript that lost its first turns, and a copy that has them."""
    stage.live(talk(2, start=4))
    name = f"{SESSION_ID}.jsonl.{request.param}"
    stage.put(name, packed(lines(talk(4)), codec))
    return stage, name


def test_it_is_listed(recovered, codec):
    stage, name = recovered
    item = by_name(stage.look(), name)
    assert (item.kind, item.state, item.key) == (BackupKind.FOREIGN, BackupState.COMPLETE, KEY)
    assert (item.entries, item.messages, item.visible) == (8, 8, 8)
    assert item.session_id == SESSION_ID
    assert item.place.codec.value == codec
    assert item.overlap is Overlap.NONE
    assert item.unique_entries == 8
    assert item.best


def test_it_is_shown_searched_compared_and_restored(recovered, run, tmp_path):
    stage, name = recovered
    archive = stage.look()
    item, live = by_name(archive, name), next(item for item in archive.backups if item.kind.is_live)
    shown = run("backups", "show", item.id, *stage.options).expect(0).stdout
    assert "question 0" in shown
    assert "answer 3" in shown
    hits = run("backups", "search", "Question 2", "--json", *stage.options).expect(0).document["hits"]
    assert [(hit["backup"], hit["number"]) for hit in hits] == [(item.id, 5)]
    found = run("backups", "diff", item.id, live.id, "--json", *stage.options).expect(0).document
    assert (found["same"], found["totals"]["only-a"], found["totals"]["only-b"]) == (0, 8, 4)
    target = tmp_path / "restored.jsonl"
    run("backups", "restore", item.id, "--to", target, *stage.options).expect(0)
    assert target.read_bytes() == lines(talk(4))
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name", ["history", "notes.txt", "my chat.json", "conversation.zip", f"{OTHER_ID}.jsonl.x", ".hidden"]
)
def test_the_name_does_not_matter(stage, name, codec):
    stage.live(talk(1))
    stage.put(name, packed(lines(talk(3)), codec))
    item = by_name(stage.look(), name)
    assert (item.kind, item.state, item.key) == (BackupKind.FOREIGN, BackupState.COMPLETE, KEY)
    assert item.overlap is Overlap.SUPERSET


def test_blank_lines_before_the_header_do_not_matter(stage):
    stage.live(talk(1))
    stage.put("copy.txt", b"\n  \n" + lines(talk(3)))
    item = by_name(stage.look(), "copy.txt")
    assert (item.kind, item.messages) == (BackupKind.FOREIGN, 6)


def test_copies_in_directories_of_the_users_own_are_found(stage):
    stage.live(talk(1))
    below = stage.sessions / "old" / "2025"
    below.mkdir(parents=True)
    (below / f"{SESSION_ID}.jsonl").write_bytes(lines(talk(2)))
    beside = stage.state / "agents" / "main" / "sessions.bak"
    beside.mkdir()
    (beside / f"{SESSION_ID}.jsonl").write_bytes(lines(talk(2)))
    legacy = stage.state / "sessions"
    legacy.mkdir()
    (legacy / f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z").write_bytes(lines(talk(2)))
    found = {
        str(item.path.relative_to(stage.state)): (item.kind.value, item.key) for item in stage.look().backups
    }
    assert found == {
        f"agents/main/sessions/{SESSION_ID}.jsonl": ("live", KEY),
        f"agents/main/sessions/old/2025/{SESSION_ID}.jsonl": ("orphan", KEY),
        f"agents/main/sessions.bak/{SESSION_ID}.jsonl": ("orphan", KEY),
        f"sessions/{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z": ("reset", KEY),
    }


def test_what_is_no_copy_is_not_listed(stage):
    stage.live(talk(1))
    for name, data in {
        "notes.md": b"# hello\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "settings.json": json.dumps({"type": "session", "theme": "dark"}).encode(),
        "numbers.json": b"[1, 2, 3]\n",
        f"{SESSION_ID}.jsonl.lock": b'{"pid": 1}',
        f"{SESSION_ID}.trajectory.jsonl": b'{"type":"session.started"}\n',
        "tar.gz": packed(bytes(1000), "gzip"),
        "empty": b"",
    }.items():
        stage.put(name, data)
    assert [item.path.name for item in stage.look().backups] == [f"{SESSION_ID}.jsonl"]


@pytest.mark.parametrize(
    "name",
    [
        "sessions.json.bak.1795400000000",
        "sessions.json.old",
        "sessions.json.bak.safe-cleanup-1",
        "store backup",
    ],
)
def test_copies_of_the_store_are_told_apart(stage, name, codec):
    stage.live(talk(1))
    store = {KEY: {"sessionId": SESSION_ID}, "agent:main:main": {"sessionId": OTHER_ID}}
    stage.put(name, packed(json.dumps(store, indent=2).encode(), codec))
    item = by_name(stage.look(), name)
    assert (item.kind, item.state) == (BackupKind.STORE_COPY, BackupState.NOT_A_TRANSCRIPT)
    assert "2 sessions" in item.note


def test_an_older_copy_of_the_store_says_whose_a_transcript_was(stage):
    stage.live(talk(1))
    stage.put(f"{OTHER_ID}.jsonl", lines(talk(2, session_id=OTHER_ID, prefix="o", start=5000)))
    stage.put(
        "sessions.json.bak.1795400000000", json.dumps({"agent:main:gone": {"sessionId": OTHER_ID}}).encode()
    )
    item = by_name(stage.look(), f"{OTHER_ID}.jsonl")
    assert (item.kind, item.key) == (BackupKind.ORPHAN, "agent:main:gone")
    assert "sessions.json.bak.1795400000000" in item.key_reason


def test_manifests_of_the_migration_say_whose_an_imported_transcript_was(stage):
    stage.live(talk(1))
    archive = stage.state / "agents" / "main" / "session-sqlite-import-archive"
    archive.mkdir()
    name = f"some-key.{OTHER_ID}.jsonl.imported-1795400000000"
    (archive / name).write_bytes(lines(talk(2, session_id=OTHER_ID, prefix="o")))
    runs = stage.state / "session-sqlite-migration-runs"
    runs.mkdir()
    move = {
        "archivePath": f"/elsewhere/{name}",
        "sourcePath": "/x.jsonl",
        "kind": "transcript",
        "sessionKey": "agent:main:imported",
    }
    manifest = {"targets": [{"agentId": "main", "completedMoves": [move], "plannedMoves": []}]}
    (runs / "session-sqlite-1795400000000-abcdef12.json").write_text(json.dumps(manifest))
    item = by_name(stage.look(), name)
    assert (item.kind, item.key, item.session_id) == (BackupKind.IMPORTED, "agent:main:imported", OTHER_ID)


def test_a_fork_and_what_it_was_made_from(stage):
    """Restoring a checkpoint leaves the old transcript without a row; the new header names it."""
    entries = talk(3)
    stage.put(f"{SESSION_ID}.jsonl", lines(entries))
    forked = [{**entries[0], "id": OTHER_ID, "parentSession": f"/gone/{SESSION_ID}.jsonl"}, *entries[1:]]
    name = f"2026-11-23T08-22-26-791Z_{OTHER_ID}.jsonl"
    path = stage.put(name, lines(forked))
    stage.rows[KEY] = {"sessionId": OTHER_ID, "sessionFile": str(path)}
    stage.save()
    archive = stage.look()
    assert by_name(archive, name).kind is BackupKind.FORK
    old = by_name(archive, f"{SESSION_ID}.jsonl")
    assert (old.kind, old.key, old.overlap) == (BackupKind.ORPHAN, KEY, Overlap.SAME)


def test_a_first_message_names_the_chat(stage):
    """4.15 puts the chat into the first message: it tells two sessions of the same minute apart."""
    block = 'Conversation info (untrusted metadata):\n```json\n{{"chat_id": "telegram:{0}"}}\n```\n\n'
    other = "agent:main:telegram:group:-100777"
    stage.live(talk(1, start=3, about="x"))
    stage.live(talk(1, start=3, session_id=OTHER_ID, prefix="o"), key=other, session_id=OTHER_ID)
    lost = "22222222-2222-4333-8444-555555555555"
    entries = talk(2, session_id=lost, prefix="l")
    entries[1]["message"]["content"][0]["text"] = block.format("-100777") + "hello"
    stage.put(f"{lost}.jsonl", lines(entries))
    item = by_name(stage.look(), f"{lost}.jsonl")
    assert item.key == other
    assert "telegram:-100777" in item.key_reason
    assert item.preview == "hello"


def test_a_chain_of_automatic_resets_is_followed(stage):
    first, second = "22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555"
    notice = "⚠️ Context limit exceeded. I've reset our conversation to start fresh - please try again."
    said = {
        "type": "message", "id": "n0000001", "parentId": None, "timestamp": stamp(1_795_400_400_000),
        "message": {"role": "assistant", "content": words(notice), "provider": "openclaw", "stopReason": "stop"},
    }  # fmt: skip
    live = talk(1, start=20)
    live[0]["timestamp"] = stamp(1_795_401_150_000)
    stage.live([live[0], {**said, "timestamp": stamp(1_795_401_150_000)}, *live[1:]])
    middle = talk(3, session_id=second, start=10, prefix="m")
    stage.put(f"{second}.jsonl", lines([middle[0], said, *middle[1:]]))
    stage.put(f"{first}.jsonl", lines(talk(5, session_id=first, prefix="f")))
    archive = stage.look()
    assert [link.session_id for link in archive.lineages[0].chain] == [first, second, SESSION_ID]
    assert all(item.key == KEY for item in archive.backups)
