"""The commands as people and programs call them: pages, documents, terminals, mistakes."""

from __future__ import annotations

import json

import pytest

from backup_stage import KEY, SESSION_ID, lines, packed, talk
from clawmedic.output.backups_schemas import BACKUP_SCHEMAS
from json_check import problems

OTHER_ID = "11111111-2222-4333-8444-555555555555"
ORPHAN = "22222222-2222-4333-8444-555555555555"


@pytest.fixture
def archive(stage):
    stage.live(talk(2, start=2))
    stage.live(
        talk(1, session_id=OTHER_ID, prefix="o"), key="agent:main:[red]main[/red]", session_id=OTHER_ID
    )
    stage.put(f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z.zst", packed(lines(talk(4)), "zstd"))
    stage.put(f"{ORPHAN}.jsonl", lines(talk(1, session_id=ORPHAN, prefix="l", start=9000)))
    stage.put("sessions.json.bak.1795400000000", json.dumps({KEY: {"sessionId": SESSION_ID}}).encode())
    return stage


def test_every_document_fits_its_schema(archive, run, tmp_path):
    listed = run("backups", "list", "--json", *archive.options).expect(0).document
    item = next(item["id"] for item in listed["backups"] if item["kind"] == "reset")
    calls = (
        ("list", KEY),
        ("list", "--orphans"),
        ("show", item),
        ("search", "question"),
        ("diff", item, KEY),
        ("export", item, "--to", tmp_path / "a.html", "--format", "html"),
        ("restore", item, "--to", tmp_path / "a.jsonl"),
        ("prune", "--keep", "0"),
        ("prune", "--keep", "0", "--yes"),
    )
    documents = [
        listed,
        *(run("backups", *words, "--json", *archive.options).expect(0).document for words in calls),
    ]
    assert {document["schema"] for document in documents} == set(BACKUP_SCHEMAS)
    for document in documents:
        assert problems(document, BACKUP_SCHEMAS[document["schema"]]) == []


def test_the_agreed_fields_are_there(archive, run):
    item = run("backups", "list", "--json", *archive.options).document["backups"][0]
    assert {
        "id", "key", "session_id", "kind", "state", "path", "bytes", "entries", "messages", "first_at", "last_at",
        "overlap", "unique_entries", "best",
    } <= set(item)  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 104, 200])
def test_the_page_fits_the_terminal(archive, run, width):
    for words in ((), (KEY,), ("--orphans",)):
        text = run("backups", "list", *words, *archive.options, width=width).expect(0).stdout
        for line in text.splitlines():
            assert len(line) <= max(width, 70) or "clawmedic backups restore" in line, line


def test_lists_keys_orphans_and_what_is_of_no_key(archive, run):
    text = run("backups", "list", *archive.options).expect(0).stdout
    assert KEY in text
    assert "Of no known key" in text
    assert "1 key has nothing but the live transcript" in text
    assert "[red]main[/red]" in run("backups", "list", "--all", *archive.options).stdout
    orphans = run("backups", "list", "--orphans", "--json", *archive.options).document["backups"]
    assert [item["session_id"] for item in orphans] == [ORPHAN]
    kinds = run(
        "backups", "list", "--kind", "reset", "--kind", "store-copy", "--json", *archive.options
    ).document["backups"]
    assert {item["kind"] for item in kinds} == {"reset", "store-copy"}
    assert run("backups", "list", "--since", "2026-12-01", *archive.options).code == 2


def test_one_key_says_what_to_restore(archive, run):
    text = run("backups", "list", KEY, *archive.options).expect(0).stdout
    assert "To restore" in text
    assert "clawmedic backups restore " in text
    assert "4 more than of the live transcript" in " ".join(text.split())


def test_ids_are_stable_and_unambiguous_prefixes_do(archive, run):
    first = run("backups", "list", "--json", *archive.options).document["backups"]
    again = run("backups", "list", "--json", "--no-cache", *archive.options).document["backups"]
    assert [item["id"] for item in first] == [item["id"] for item in again]
    assert len({item["id"] for item in first}) == len(first)
    with (archive.sessions / f"{SESSION_ID}.jsonl").open("ab") as file:
        file.write(lines(talk(1, start=9)[1:]))
    grown = run("backups", "list", "--json", *archive.options).document["backups"]
    assert {item["id"] for item in grown} == {item["id"] for item in first}
    chosen = next(item for item in first if item["kind"] == "reset")
    shown = run("backups", "show", chosen["id"][:6], "--json", *archive.options).expect(0).document
    assert shown["backup"]["id"] == chosen["id"]


def test_what_does_not_exist_or_is_ambiguous(archive, run):
    assert "backups list" in run("backups", "show", "nothing", *archive.options).expect(5).stderr
    assert "fits 2 keys" in run("backups", "list", "agent:main", *archive.options).expect(5).stderr
    run("backups", "list", "zzz", *archive.options).expect(5)
    run("backups", "show", "", *archive.options).expect(5)
    assert run("backups", "show", "nothing", "--json", *archive.options).document["code"] == "not-found"
    run("backups", "list", "--kind", "x", *archive.options).expect(2)


def test_show_folds_and_unfolds(stage, run):
    entries = talk(1)
    entries[2]["message"]["content"] += [
        {"type": "toolCall", "id": "t1", "name": "exec", "arguments": {"command": "x" * 500}},
        {"type": "thinking", "thinking": "quiet words"},
    ]
    result = {
        "role": "toolResult",
        "toolCallId": "t1",
        "toolName": "exec",
        "content": [{"type": "text", "text": "out " * 300}],
    }
    entries.append(
        {
            "type": "message",
            "id": "r1",
            "parentId": "e0000001",
            "timestamp": "2026-11-23T08:00:00.000Z",
            "message": result,
        }
    )
    entries.append(
        {
            "type": "compaction",
            "id": "c1",
            "parentId": "r1",
            "timestamp": "x",
            "summary": "in short",
            "firstKeptEntryId": "r1",
        }
    )
    entries.append(
        {
            "type": "model_change",
            "id": "m1",
            "parentId": "c1",
            "timestamp": "x",
            "provider": "p",
            "modelId": "m",
        }
    )
    stage.live(entries)
    folded = run("backups", "show", KEY, *stage.options).expect(0).stdout
    assert "→ exec" in folded
    assert "(1200 characters)" in folded
    assert "Compaction" in folded
    assert "in short" in folded
    assert "quiet words" not in folded
    assert "model p/m" not in folded
    full = run("backups", "show", KEY, "--full", *stage.options).stdout
    assert "quiet words" in full
    assert full.count("out") == 300
    assert "model p/m" in full
    only = run("backups", "show", KEY, "--entry", "3", *stage.options).stdout
    assert only.count("out") == 300
    assert "question" not in only
    assert "has 5 entries" in run("backups", "show", KEY, "--entry", "9", *stage.options).expect(5).stderr


def test_show_uses_a_pager_on_a_terminal_only(archive, run_terminal, run_process, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat\n")
    pager.chmod(0o755)
    env = {"PAGER": str(pager)}
    assert "PAGED" in run_terminal("backups", "show", KEY, *archive.options, env=env).expect(0).stdout
    assert "PAGED" not in run_terminal("backups", "show", KEY, "--no-input", *archive.options, env=env).stdout
    plain = run_process("backups", "show", KEY, *archive.options, env=env).expect(0).stdout
    assert "PAGED" not in plain
    assert "\x1b" not in plain


def test_a_whole_run_leaves_no_trace_in_the_state_directory(archive, run, tmp_path):
    from backup_stage import fingerprint

    before = fingerprint(archive.state)
    for words in (
        ("list",),
        ("list", KEY),
        ("show", KEY),
        ("search", "answer"),
        ("diff", KEY, "[red]"),
        ("prune", "--keep", "0"),
    ):
        run("backups", *words, *archive.options).expect(0)
    run("backups", "export", KEY, "--to", tmp_path / "x.md", *archive.options).expect(0)
    run("backups", "restore", KEY, "--to", tmp_path / "x.jsonl", *archive.options).expect(0)
    assert fingerprint(archive.state) == before


def test_an_empty_store(stage, run):
    stage.save()
    assert "No copies fit." in run("backups", "list", *stage.options).expect(0).stdout
    assert run("backups", "search", "x", "--json", *stage.options).expect(0).document["hits"] == []


def test_progress_and_both_cores_for_much(stage, monkeypatch):
    from clawmedic.backups import survey
    from clawmedic.backups.catalogue import catalogue

    monkeypatch.setattr(survey, "WORTH_BYTES", 1)
    stage.live(talk(3))
    for number in range(150):
        stage.put(f"{SESSION_ID}.jsonl.bak.recovered.{number}", lines(talk(number % 7 + 1)))
    told: list[tuple[str, int | None]] = []

    class Told:
        def begin(self, what, total):
            told.append((what, total))

        def advance(self, amount=1):
            told.append(("advance", amount))

        def end(self):
            told.append(("end", None))

    archive = catalogue(stage.settings(), Told(), use_cache=False)
    assert len(archive.backups) == 151
    total = next(total for what, total in told if what == "reading copies")
    assert total == sum(item.size_bytes for item in archive.backups)
    monkeypatch.setattr(survey, "WORTH_BYTES", 10**12)
    assert catalogue(stage.settings(), Told(), use_cache=False).backups == archive.backups
