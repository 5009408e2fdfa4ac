"""A restored transcript is clean and loadable, whatever the copy was like, and keeps what it can byte by byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_stage import KEY, SESSION_ID, Stage, by_name, header, lines, talk
from clawmedic.backups.reading import CopyReader
from clawmedic.backups.restoring import restore_lines, seen_by_model
from clawmedic.errors import RefusedError
from clawmedic.model.backup import Backup
from harness import CORPUS, CorpusCase

NAME = f"{SESSION_ID}.jsonl.bak.recovered.1"
WHOLE = lines(talk(6))


def restored(stage: Stage, data: bytes, name: str = NAME):
    stage.live(talk(1, start=50, prefix="z"))
    stage.put(name, data)
    item = by_name(stage.look(), name)
    with CopyReader(stage.world(), stage.state) as reader:
        return restore_lines(reader, item)


def check_loadable(made: list[bytes]) -> list[dict]:
    """What OpenClaw up to 2026.7.1 asks of a transcript (openclaw-files.md 3 and 6)."""
    entries = [json.loads(line) for line in made]
    assert entries[0]["type"] == "session"
    assert entries[0]["id"]
    assert entries[0]["version"] in (1, 2, 3)
    seen: set[str] = set()
    for entry in entries[1:]:
        assert entry["type"] not in ("session", "reset")
        if entry.get("parentId") is not None:
            assert entry["parentId"] in seen
        seen.add(entry.get("id", ""))
    return entries


def walk(entries: list[dict]) -> list[str]:
    """The ids that the loader reaches: from the last line up to the root."""
    by_id = {entry["id"]: entry for entry in entries[1:]}
    at = entries[-1]["id"]
    path = []
    while at is not None:
        path.append(at)
        at = by_id[at]["parentId"]
    return path[::-1]


def test_a_whole_copy_keeps_every_byte(stage):
    extra = WHOLE.replace(b'"cwd"', b'"futureField":{"b":1,"a":[2]},"cwd"').replace(
        b'"question 1"', b'"q","unknown": 1e5'
    )
    made = restored(stage, extra)
    assert b"\n".join(made.lines) + b"\n" == extra
    assert (made.header_made, made.rerooted, made.dropped) == (False, 0, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 12), max_size=12), st.integers(0, 60))
def test_any_lines_may_be_missing_and_the_tail_be_torn(tmp_path_factory, gone, cut):
    stage = Stage(tmp_path_factory.mktemp("stage")).begin()
    kept = [line for number, line in enumerate(WHOLE.splitlines(keepends=True)) if number not in gone]
    data = b"".join(kept)
    data = data[: len(data) - cut]
    try:
        made = restored(stage, data)
    except RefusedError:
        assert sum(b'"message"' in line for line in kept) <= 1
        return
    entries = check_loadable(made.lines)
    assert walk(entries) == [entry["id"] for entry in entries[1:]], "everything that is left is on the branch"
    originals = set(WHOLE.splitlines())
    assert sum(line not in originals for line in made.lines) <= made.rerooted + made.header_made
    assert len(entries) - 1 == made.entries


def test_a_missing_header_is_made_of_what_is_known(stage):
    made = restored(stage, lines(talk(3)[1:]))
    head = json.loads(made.lines[0])
    assert made.header_made
    assert head == {
        "type": "session",
        "version": 3,
        "id": SESSION_ID,
        "timestamp": talk(3)[1]["timestamp"],
        "cwd": "/",
    }


def test_broken_lines_are_left_out_and_the_chain_goes_on(stage):
    made = restored(stage, WHOLE.replace(b'"question 2"', b'"question 2'))
    entries = check_loadable(made.lines)
    assert (made.dropped, made.rerooted, made.entries) == (1, 1, 11)
    assert len(walk(entries)) == 11
    assert made.context is not None
    assert len(made.context.entries) == 11


def test_a_ring_of_parents_ends(stage):
    entries = talk(3)
    entries[1]["parentId"] = entries[-1]["id"]
    made = restored(stage, lines(entries))
    assert len(walk(check_loadable(made.lines))) == 6


def test_other_branches_stay_branches(stage):
    entries = talk(3)
    branch = {**entries[3], "id": "other001", "parentId": entries[2]["id"]}
    made = restored(stage, lines([*entries[:5], branch, *entries[5:]]))
    assert made.rerooted == 0
    assert "other001" not in walk(check_loadable(made.lines))


def test_version_one_has_no_parents_and_stays_so(stage):
    plain = [
        header(version=1),
        *(
            {key: value for key, value in entry.items() if key not in ("id", "parentId")}
            for entry in talk(3)[1:]
        ),
    ]
    made = restored(stage, lines(plain))
    assert b"\n".join(made.lines) + b"\n" == lines(plain)


def test_lines_that_are_not_quite_json_text_keep_their_bytes(stage):
    odd = WHOLE.replace(b'"question 3"', b'"\xff\xfe half \\ud83d"')
    made = restored(stage, odd)
    assert b"\n".join(made.lines) + b"\n" == odd


@pytest.mark.parametrize("data", [lines([header()]), b"\n\n", b'{"a":1}\n'])
def test_nothing_is_made_of_nothing(stage, data):
    with pytest.raises(RefusedError):
        restored(stage, data)


def test_a_window_becomes_a_file_of_version_three(corpus_case, run, tmp_path):
    case: CorpusCase = corpus_case("2026.9.6/reset-revived")
    document = run("backups", "list", "--json", *case.options).expect(0).document
    before, live = (item for item in document["backups"] if item["window"])
    for item, count in ((before, 21), (live, 6)):
        target = tmp_path / f"{item['id']}.jsonl"
        made = (
            run("backups", "restore", item["id"], "--to", target, "--json", *case.options).expect(0).document
        )
        entries = check_loadable(target.read_bytes().splitlines())
        assert entries[0]["version"] == 3
        assert entries[0]["id"] == item["session_id"]
        assert len(walk(entries)) == count == made["entries"]
    assert made["budget_tokens"] == 24000


def test_left_branches_of_a_window_come_before_its_leaf(tmp_path):
    """`sessions.rewind` leaves events behind; the last line of a file must be the leaf."""
    from clawmedic.stores.reader import RawEntry

    entries = talk(3)
    order = [
        *entries[1:5],
        {**entries[5], "id": "left0001"},
        entries[5],
        entries[6],
        {**entries[6], "id": "left0002", "parentId": "left0001"},
    ]
    raws = [
        RawEntry(number, 0, json.dumps(entry).encode(), 1, active=not entry["id"].startswith("left"))
        for number, entry in enumerate(order, 2)
    ]

    class Reader:
        def entries(self, _):
            return iter([RawEntry(1, 0, json.dumps(header(version=4)).encode(), 1), *raws])

    from clawmedic.model.backup import BackupKind, BackupState, Place

    backup = Backup(
        "id", KEY, SESSION_ID, BackupKind.WINDOW, BackupState.COMPLETE, Place(tmp_path / "x", window="w")
    )
    made = restore_lines(Reader(), backup)  # type: ignore[arg-type]
    found = check_loadable(made.lines)
    assert walk(found) == [entry["id"] for entry in entries[1:]]
    assert len(found) == 9


@pytest.mark.parametrize(
    "name", sorted(f"{path.parent.name}/{path.name}" for path in CORPUS.glob("2026.[47]*/*"))
)
def test_every_copy_of_the_corpus_restores_to_the_bytes_it_has(name, tmp_path):
    from backup_stage import corpus_archive

    archive = corpus_archive(name, tmp_path)
    with CopyReader(Stage(tmp_path).world(), archive.state_dir) as reader:
        for item in archive.backups:
            made = restore_lines(reader, item)
            assert b"\n".join(made.lines) + b"\n" == item.path.read_bytes()
            assert seen_by_model(made.lines).entries


def test_it_never_overwrites_and_never_writes_among_openclaws_files(stage, run, tmp_path):
    stage.live(talk(2))
    item = stage.look().backups[0]
    there = tmp_path / "there.jsonl"
    there.write_text("mine")
    refused = run("backups", "restore", item.id, "--to", there, *stage.options).expect(6)
    assert "already there" in refused.stderr
    assert there.read_text() == "mine"
    link = tmp_path / "link.jsonl"
    link.symlink_to(tmp_path / "nothing")
    run("backups", "restore", item.id, "--to", link, *stage.options).expect(6)
    assert not (tmp_path / "nothing").exists()
    alias = tmp_path / "alias"
    alias.symlink_to(stage.sessions)
    for inside in (
        stage.state / "x.jsonl",
        stage.sessions / "x.jsonl",
        alias / "x.jsonl",
        stage.sessions / ".." / "x.jsonl",
    ):
        run("backups", "restore", item.id, "--to", inside, *stage.options).expect(6)
        assert not inside.exists()
    run("backups", "restore", item.id, "--to", tmp_path / "no" / "where.jsonl", *stage.options).expect(5)
    run("backups", "restore", item.id, *stage.options).expect(2)


def test_into_the_live_key_an_unknown_copy_is_named(stage, run):
    stage.live(talk(2))
    told = run("backups", "restore", "x", "--live", *stage.options).expect(5)
    assert "backups list" in told.stderr


def test_it_says_how_full_the_window_would_be(stage, run, tmp_path):
    stage.live(talk(2), model="standard", modelProvider="example")
    item = stage.look().backups[0]
    made = (
        run("backups", "restore", item.id, "--to", tmp_path / "a.jsonl", "--json", *stage.options)
        .expect(0)
        .document
    )
    assert made["visible_messages"] == 4
    assert made["used_tokens"] == 121
    assert 0 < made["budget_tokens"] < 40000
    text = run("backups", "restore", item.id, "--to", tmp_path / "b.jsonl", *stage.options).expect(0).stdout
    assert "the model would see 4 messages" in " ".join(text.split())
    assert "% full" in text
