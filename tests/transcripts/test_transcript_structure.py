from __future__ import annotations

import json

import pytest
from transcript_lines import (
    Writer,
    database_paths,
    database_samples,
    file_samples,
    raw_lines,
    raws,
    session_line,
)

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.structure import Flaw
from clawmedic.transcripts.view import TranscriptView, view_of_lines

SUMMARY = (
    "## Goal\nfind the report\n## Progress\n- [x] read it\n## Next Steps\n1. write to Ann\n" + "context " * 40
)


def look(writer: Writer) -> TranscriptView:
    return view_of_lines(writer.raws())


def codes(view: TranscriptView) -> list[str]:
    return [flaw.code.value for flaw in view.flaws]


def only(view: TranscriptView) -> Flaw:
    assert len(view.flaws) == 1, view.flaws
    return view.flaws[0]


def healthy() -> Writer:
    writer = Writer()
    for number in range(4):
        writer.user(f"question {number}")
        writer.answer()
    return writer


LIVE_FLAWS = {
    "2026.4.15/alive-empty-summary": {"lossy-compaction", "compaction-loop"},
    "2026.4.15/autoreset-compact-timeout": {"compaction-loop"},
    "2026.4.15/failed-error-bloat-402": {"error-bloat"},
    "2026.4.15/failed-provider-429": {"error-bloat"},
    "2026.4.15/provider-connection-refused": {"error-bloat"},
    "2026.4.15/tg-killed-between-toolcall-and-toolresult": {"unpaired-tool-calls"},
    "2026.7.1/alive-empty-summary": {"lossy-compaction"},
    "2026.7.1/failed-error-bloat-402": {"error-bloat"},
    "2026.7.1/tg-killed-between-toolcall-and-toolresult": {"unpaired-tool-calls"},
    "2026.9.6/tg-killed-between-toolcall-and-toolresult": {"unpaired-tool-calls"},
}


def test_the_corpus_has_these_flaws_and_no_others():
    seen: dict[str, set[str]] = {}
    for sample in file_samples():
        if "checkpoint" not in sample.name:
            seen.setdefault(sample.case, set()).update(codes(view_of_lines(sample.lines)))
    assert len(seen) == 37
    for case, found in seen.items():
        assert found == LIVE_FLAWS.get(case, set()), case


@pytest.mark.parametrize("path", database_paths(), ids=lambda path: path.parts[-6])
def test_the_databases_of_the_corpus(path, tmp_path):
    samples = list(database_samples(path, tmp_path))
    assert samples
    for sample in samples:
        view = view_of_lines(sample.lines)
        assert set(codes(view)) == LIVE_FLAWS.get(sample.case, set())
        assert view.header is not None
        assert view.path.by_events
        assert view.malformed == ()


def test_lossy_where_the_truth_says_so_and_nowhere_else():
    for sample in file_samples():
        if ".jsonl." in sample.name or "checkpoint" in sample.name:
            continue
        lossy = "lossy-compaction" in codes(view_of_lines(sample.lines))
        assert lossy == ("lossy-compaction" in sample.truth["must_find"]), sample.case


def test_a_healthy_transcript_has_none():
    assert look(healthy()).flaws == ()


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (None, "empty"),
        ({"type": "message", "id": "x"}, "but a message"),
        ({"type": "session", "version": 3}, "no id"),
        ({"type": "session", "id": 5}, "no id"),
        ([1], "a list"),
    ],
)
def test_bad_headers(first, words):
    view = view_of_lines(raws(first) if first is not None else [])
    assert view.flaws[0].code is FindingCode.BAD_HEADER
    assert words in view.flaws[0].detail


def test_header_versions_one_to_four_and_another_id_are_fine():
    for version in (1, 2, 3, 4, "4", None):
        assert view_of_lines(raws(session_line(version=version, id="other"))).flaws == ()


def test_malformed_lines_and_a_torn_tail():
    good = healthy().data().splitlines(keepends=True)
    broken = b"".join([*good[:3], b'{"type":"mess\x00\n', *good[3:], b'{"type":"message","id":"torn'])
    view = view_of_lines(raw_lines(broken))
    assert codes(view) == ["malformed-lines", "torn-tail"]
    assert view.flaws[0].line == 4
    assert view.flaws[1].at_tail
    assert view.malformed_count == 2


def test_a_line_cut_out_breaks_the_chain():
    writer = healthy()
    del writer.values[4]
    flaw = only(look(writer))
    assert flaw.code is FindingCode.BROKEN_CHAIN
    assert "does not exist" in flaw.detail


def test_a_second_root_cuts_off_what_was_before():
    writer = healthy()
    writer.parent = None
    writer.user("from nowhere")
    writer.answer()
    flaw = only(look(writer))
    assert flaw.code is FindingCode.BROKEN_CHAIN
    assert "8 message(s)" in flaw.detail


def test_roots_that_are_meant():
    for kind in ("compaction", "reset", "branch_summary"):
        writer = healthy()
        writer.parent = None
        writer.add(kind, summary=SUMMARY)
        writer.user("on")
        writer.answer()
        assert "broken-chain" not in codes(look(writer)), kind
    writer = healthy()
    writer.add("leaf", targetId=None, appendParentId=None)
    writer.parent = None
    writer.user("rewound to the start")
    writer.answer()
    assert look(writer).flaws == ()


def test_rings_and_ids_that_stand_twice():
    writer = healthy()
    writer.values[1]["parentId"] = "e8"
    assert "ring" in only(look(writer)).detail
    writer = healthy()
    writer.values[2]["id"] = "e1"
    writer.values[3]["parentId"] = "e1"
    assert "more than once" in " ".join(flaw.detail for flaw in look(writer).flaws)


def test_a_branch_left_behind_is_no_flaw():
    writer = healthy()
    writer.parent = "e3"
    writer.answer("again")
    assert look(writer).flaws == ()


def tools(*, between: bool = False) -> Writer:
    writer = Writer()
    writer.user("do it")
    writer.call("c1", "c2")
    writer.result("c1")
    if between:
        writer.add("custom", customType="openclaw.cache-ttl", data={})
        writer.note("Let me look.", model="delivery-mirror")
    writer.result("c2")
    writer.answer()
    return writer


@pytest.mark.parametrize("between", [False, True])
def test_paired_calls(between):
    assert look(tools(between=between)).flaws == ()


def test_a_call_without_its_result():
    writer = tools()
    del writer.values[3]
    writer.values[3]["parentId"] = "e2"
    flaw = only(look(writer))
    assert (flaw.code, flaw.line, flaw.at_tail, flaw.survived) == (
        FindingCode.UNPAIRED_TOOL_CALLS,
        3,
        False,
        True,
    )


def test_a_dangling_call_at_the_tail():
    writer = healthy()
    writer.call("c1")
    flaw = only(look(writer))
    assert flaw.at_tail
    writer.user("[System] Your previous turn was interrupted by a gateway restart")
    assert look(writer).flaws == ()
    writer = healthy()
    writer.call("c1")
    writer.user("hello?")
    assert not only(look(writer)).at_tail
    assert not only(look(writer)).survived


def test_results_without_and_with_two_calls():
    writer = tools()
    writer.result("c1")
    assert "a second time" in only(look(writer)).detail
    writer = healthy()
    writer.result("c9")
    assert "without its call" in only(look(writer)).detail


def test_calls_of_an_interrupted_answer_are_dropped_by_openclaw():
    writer = healthy()
    writer.call("c1", stopReason="aborted", errorMessage="Request was aborted.")
    writer.user("go on")
    assert look(writer).flaws == ()


def test_empty_entries():
    writer = healthy()
    writer.message("assistant", [], stopReason="stop", provider="fake", usage={"totalTokens": 3})
    writer.add("message", message={"role": None, "content": "x"})
    writer.error()
    writer.message("toolResult", [], toolCallId="c1")
    assert [flaw.count for flaw in look(writer).flaws if flaw.code is FindingCode.EMPTY_ENTRIES] == [2]


@pytest.mark.parametrize(("errors", "bloat"), [(5, False), (6, True)])
def test_error_bloat(errors, bloat):
    writer = healthy()
    writer.user("help")
    for _ in range(errors):
        writer.error()
    assert (codes(look(writer)) == ["error-bloat"]) is bloat
    writer.answer()
    flaws = look(writer).flaws
    assert [flaw.at_tail for flaw in flaws] == ([False] if bloat else [])


@pytest.mark.parametrize(
    ("summary", "before", "lossy"),
    [
        ("", 50_000, True),
        ("", 0, True),
        ("  \n", 50_000, True),
        ("No prior history.", 50_000, True),
        ("(none - empty conversation)", 9_000, True),
        ("Summary unavailable due to context limits. Older messages were truncated.", 50_000, True),
        (
            "Context contained 12 messages (3 oversized). Summary unavailable due to size limits.",
            50_000,
            True,
        ),
        (
            "## Decisions\nNone.\n\n## Open TODOs\nNone captured.\n\n## Exact identifiers\n- none\n",
            50_000,
            True,
        ),
        ("They talked.", 50_000, True),
        ("They talked.", 9_000, False),
        (SUMMARY, 50_000, False),
        ("## Goal\nship it\n## Decisions\n- none\n## Next Steps\n1. go", 50_000, False),
        (
            "## Decisions\nNone.\n## Pending user asks\nthe report for Ann\n## Exact identifiers\nNone.",
            50_000,
            False,
        ),
        ("x" * 9_000, 50_000, False),
    ],
)
def test_lossy_compactions(summary, before, lossy):
    writer = healthy()
    writer.compaction(summary, kept="e7", before=before)
    writer.user("on")
    writer.answer()
    assert ("lossy-compaction" in codes(look(writer))) is lossy


def test_a_compaction_that_took_nothing_away_lost_nothing():
    writer = healthy()
    writer.compaction("", kept="e1")
    assert look(writer).flaws == ()


@pytest.mark.parametrize(("turns", "loop"), [(1, True), (2, True), (3, False)])
def test_compactions_that_follow_each_other(turns, loop):
    writer = healthy()
    for number in range(4):
        writer.compaction(SUMMARY, kept=f"e{writer.count - 1}")
        for _ in range(turns):
            writer.user(f"turn {number}")
            writer.answer()
            writer.note("mirror", model="delivery-mirror")
    assert ("compaction-loop" in codes(look(writer))) is loop


def test_a_flaw_is_data():
    flaw = only(view_of_lines(raw_lines(json.dumps(session_line(id="")).encode() + b"\n")))
    assert (flaw.code, flaw.line, flaw.at_tail, flaw.count) == (FindingCode.BAD_HEADER, 1, False, 1)
