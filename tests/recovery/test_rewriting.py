"""What rewritten transcripts must hold so that OpenClaw loads them and triage understands them."""

from __future__ import annotations

import json

from clawmedic.recovery.installing import cwd_of, with_header
from clawmedic.recovery.looking import as_raw, context_of, entry_ids, iso, marked, outlasting
from clawmedic.recovery.rows import begin_anew, lying_fields
from clawmedic.stores.editing_rows import JsonValue

NOW = 1_795_500_000_123
HEADER = b'{"type":"session","version":3,"id":"old","timestamp":"2026-11-23T08:00:00.000Z","cwd":"/home/x"}'


def message(name: str, parent: str | None, role: str) -> bytes:
    content = {"role": role, "content": [{"type": "text", "text": f"words of {name}"}]}
    entry = {"type": "message", "id": name, "parentId": parent, "timestamp": iso(NOW), "message": content}
    return json.dumps(entry).encode()


def test_times_are_written_as_openclaw_writes_them():
    assert iso(NOW) == "2026-11-24T06:00:00.123Z"


def test_a_transcript_without_an_assistant_gets_a_note_in_its_place():
    lines = (HEADER, message("aaaa0001", None, "user"))
    made = outlasting(lines, words="kept in X", now=NOW)
    assert made[:2] == lines
    note = json.loads(made[2])
    assert (note["parentId"], note["message"]["role"], note["message"]["provider"]) == (
        "aaaa0001",
        "assistant",
        "openclaw",
    )
    assert note["message"]["usage"]["totalTokens"] == 0
    assert outlasting(made, words="again", now=NOW) == made


def test_a_transcript_with_an_assistant_is_left_as_it_is():
    lines = (HEADER, message("aaaa0001", None, "user"), message("aaaa0002", "aaaa0001", "assistant"))
    assert outlasting(lines, words="kept in X", now=NOW) == lines


def test_the_mark_is_the_leaf_and_no_part_of_the_prompt():
    lines = (HEADER, message("aaaa0001", None, "user"), message("aaaa0002", "aaaa0001", "assistant"))
    made = marked(lines, kind="clawmedic:test", operation="op", now=NOW)
    mark = json.loads(made[-1])
    assert (mark["type"], mark["customType"], mark["parentId"]) == ("custom", "clawmedic:test", "aaaa0002")
    before, after = context_of(as_raw(lines)), context_of(as_raw(made))
    assert [entry.id for entry in before.entries] == [entry.id for entry in after.entries]
    assert entry_ids(as_raw(made)) == {"aaaa0001", "aaaa0002", mark["id"]}


def test_another_header_keeps_every_other_byte():
    lines = (HEADER, message("aaaa0001", None, "user"))
    made = with_header(lines, session_id="new", now=NOW, cwd=cwd_of(lines), parent="/elsewhere/old.jsonl")
    header, rest = made.data.split(b"\n", 1)
    assert rest == lines[1] + b"\n"
    assert json.loads(header) == {
        "type": "session",
        "version": 3,
        "id": "new",
        "timestamp": iso(NOW),
        "cwd": "/home/x",
        "parentSession": "/elsewhere/old.jsonl",
    }


def test_a_header_is_made_where_there_was_none():
    made = with_header([message("aaaa0001", None, "user")], session_id="new", now=NOW, cwd="")
    assert (made.header_id, made.lines) == ("new", 2)


def test_only_the_status_of_a_run_that_failed_or_never_ended_lies():
    good: dict[str, JsonValue] = {"status": "done", "startedAt": 1, "endedAt": 2}
    assert lying_fields(good) == ()
    assert set(lying_fields(good | {"status": "failed"})) == {"status", "startedAt", "endedAt"}


def test_beginning_anew_adds_no_field_that_the_row_does_not_have():
    assert begin_anew({}, session_id="new", now=NOW) == {"updatedAt": NOW}
    row: dict[str, JsonValue] = {"sessionStartedAt": 1, "systemSent": True, "usageFamilySessionIds": ["a"]}
    assert begin_anew(row, session_id="new", now=NOW) == {
        "updatedAt": NOW,
        "sessionStartedAt": NOW,
        "systemSent": False,
        "usageFamilySessionIds": ["a", "new"],
    }
