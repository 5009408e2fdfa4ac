"""Searching: every copy of both generations, each entry once, and no pattern hangs it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_stage import SESSION_ID, lines, packed, talk
from clawmedic.backups.patterns import Pattern, Words, matcher
from clawmedic.backups.search import excerpts_of
from clawmedic.errors import UsageError

OTHER = "agent:main:telegram:group:-1009"
OTHER_ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def archive(stage):
    """A live transcript, a packed copy with more, and another key."""
    stage.live(talk(2, start=2))
    stage.put(f"{SESSION_ID}.jsonl.reset.2026-11-23T07-44-32.054Z.zst", packed(lines(talk(4)), "zstd"))
    stage.put(f"{SESSION_ID}.jsonl.bak.recovered.1", packed(lines(talk(3)), "gzip"))
    stage.live(
        talk(2, session_id=OTHER_ID, prefix="o", about="straße ÄÖÜ naïve İstanbul"),
        key=OTHER,
        session_id=OTHER_ID,
    )
    return stage


def hits(run, stage, *words, code=0):
    return run("backups", "search", *words, "--json", *stage.options).expect(code).document["hits"]


def test_an_entry_that_stands_in_several_copies_is_told_once_live_first(archive, run):
    found = hits(run, archive, "question 2")
    assert len(found) == 1
    assert found[0]["kind"] == "live"
    assert len(found[0]["also"]) == 2


def test_what_only_an_archived_copy_holds_is_found(archive, run):
    found = hits(run, archive, "question 0")
    assert [hit["kind"] for hit in found] == ["reset"]


def test_filters(archive, run):
    assert len(hits(run, archive, "question", "--kind", "foreign")) == 3
    assert len(hits(run, archive, "answer", "--key", "-1009")) == 2
    assert len(hits(run, archive, "answer", "--max", "1")) == 1
    assert hits(run, archive, "answer", "--since", "now") == []
    run("backups", "search", "x", "--kind", "nonsense", *archive.options).expect(2)
    run("backups", "search", " ", *archive.options).expect(2)


@pytest.mark.parametrize("words", ["STRASSE", "straße", "äöü", "NAÏVE", "naïve", "i̇stanbul", "İSTANBUL"])
def test_case_is_folded_as_people_mean_it(archive, run, words):
    found = hits(run, archive, words, "--key", "-1009")
    assert {hit["voice"] for hit in found} == {"user", "assistant"}
    for hit in found:
        for piece in hit["excerpts"]:
            for start, end in piece["spans"]:
                assert piece["text"][start:end].casefold() == words.casefold()


def test_case_matters_when_asked(archive, run):
    assert hits(run, archive, "QUESTION 2", "--case") == []
    assert len(hits(run, archive, "question 2", "--case")) == 1


def test_patterns(archive, run):
    assert len(hits(run, archive, r"/^question [0-3]$/")) == 4
    assert len(hits(run, archive, r"^QUESTION [0-3]$", "--regex")) == 4
    assert len(hits(run, archive, r"^QUESTION [0-3]$", "--regex", "--case")) == 0
    assert "not a regular expression" in run("backups", "search", "/(/", *archive.options).expect(2).stderr


def test_a_pattern_that_never_ends_is_ended(stage, run, monkeypatch):
    from clawmedic.backups import patterns

    monkeypatch.setattr(patterns, "PATIENCE_SECONDS", 1.0)
    with Pattern(r"(a+)+$", patience=1.0) as wanted:
        begun = time.monotonic()
        with pytest.raises(UsageError, match="takes too long"):
            wanted.spans(["a" * 60 + "b"])
        assert time.monotonic() - begun < 10
    stage.live(talk(1, about="a" * 60 + "b"))
    begun = time.monotonic()
    run("backups", "search", r"/(a+)+$/", *stage.options).expect(2)
    assert time.monotonic() - begun < 20


def test_long_texts_are_looked_at_in_pieces_that_overlap():
    text = "x" * 39_990 + "needle" + "y" * 30_000 + "needle"
    with Pattern("needle") as wanted:
        assert wanted.spans([text, "", "needle"]) == [[(39_990, 39_996), (69_996, 70_002)], [], [(0, 6)]]


def test_tool_calls_thinking_and_errors_are_searched_and_settings_when_asked(stage, run):
    entries = talk(1)
    entries[2]["message"]["content"] += [
        {"type": "toolCall", "id": "t", "name": "exec", "arguments": {"command": 'make "quoted" targets'}},
        {"type": "thinking", "thinking": "a hidden thought"},
    ]
    entries[2]["message"]["errorMessage"] = "429 Rate limit reached"
    stage.live(entries)
    for words in ("make", "targets", "a hidden thought", "rate limit"):
        assert len(hits(run, stage, words)) == 1, words


@pytest.mark.parametrize("case", ["2026.9.6/reset-revived", "2026.9.6/tg-dm-main-healthy"])
def test_databases_are_searched(corpus_case, run, case):
    store = corpus_case(case)
    document = run("backups", "search", "e", "--json", *store.options).expect(0).document
    listed = {
        item["id"]: item for item in run("backups", "list", "--json", *store.options).document["backups"]
    }
    assert document["hits"]
    for hit in document["hits"]:
        assert hit["excerpts"][0]["spans"]
        assert hit["backup"] in listed


def test_the_page_marks_what_was_found_and_nothing_else(archive, run):
    text = run("backups", "search", "question 2", *archive.options).expect(0).stdout
    assert "question 2" in text
    assert "also in 2 copies" in text
    assert "1 entry in" in text


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60), st.text(min_size=1, max_size=3))
def test_words_find_exactly_what_folding_says(text, words):
    if not words.strip():
        return
    found = Words(words).spans([text])[0]
    assert bool(found) == (words.casefold() in text.casefold())
    for start, end in found:
        assert words.casefold() in text[start:end].casefold()


@settings(max_examples=80, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.booleans())
def test_the_cheap_look_never_passes_over_a_line_that_holds_it(words, around, ascii_only):
    import json

    if not words.strip():
        return
    line = json.dumps({"text": around + words + around}, ensure_ascii=ascii_only).encode(
        "utf-8", "surrogatepass"
    )
    assert Words(words).may_hold(line)
    assert (
        Words(words.upper()).may_hold(line)
        or words.upper().casefold() not in (around + words + around).casefold()
    )


def test_excerpts_are_short_and_hold_the_match():
    text = "a " * 500 + "needle" + " b" * 500
    (piece,) = excerpts_of(text, [(1000, 1006)])
    assert len(piece.text) < 200
    ((start, end),) = piece.spans
    assert piece.text[start:end] == "needle"
    many = excerpts_of("needle " * 400, [(at * 7, at * 7 + 6) for at in range(400)])
    assert len(many) <= 3
    assert all(len(piece.text) < 600 for piece in many)


def test_a_matcher_of_nothing_is_refused():
    for words in ("", "  "):
        with pytest.raises(UsageError):
            matcher(words)
    with pytest.raises(UsageError):
        matcher("x" * 3000, regex=True)


def test_every_character_that_folds_to_ascii_is_known():
    from clawmedic.backups.patterns import unfolding

    for number in range(0x80, 0x110000):
        char = chr(number)
        if any(map(str.isascii, char.casefold())):
            assert unfolding().search(char.encode("utf-8", "surrogatepass")), hex(number)


@pytest.mark.parametrize("place", range(262_100, 262_180, 7))
def test_words_across_the_border_of_two_blocks_are_found(stage, run, place):
    entries = talk(1)
    size = len(lines(entries[:1])) + lines(entries[1:]).index(b"question")
    entries[1]["message"]["content"][0]["text"] = "x" * (place - size) + "Needle" + "y" * 50
    stage.live(entries)
    assert len(hits(run, stage, "needle")) == 1
    assert hits(run, stage, "needless") == []
