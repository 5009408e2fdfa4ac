from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from transcript_lines import (
    EventReader,
    FileReader,
    Writer,
    database_paths,
    database_samples,
    file_samples,
    raw_lines,
    session_of,
)

from clawmedic.model.session import Generation
from clawmedic.settings import Limits
from clawmedic.transcripts.anatomy import measure_anatomy
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.tally import tally_file
from clawmedic.transcripts.view import read_view, view_of_lines

SMALL = replace(Limits(), tail_bytes=2_000)
BLOCK = 64 * 1024
SUMMARY = "what was said and decided " * 20


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def long_talk(turns: int = 60) -> Writer:
    writer = Writer()
    for number in range(turns):
        writer.user(f"question {number} " + "x" * (number % 7 * 30))
        writer.call(f"c{number}")
        writer.result(f"c{number}", "y" * (number % 5 * 90))
        writer.answer()
    return writer


def deep_and_whole(path: Path):
    whole = view_of_lines(raw_lines(path.read_bytes()))
    return read_view(FileReader(), session_of(path), SMALL, deep=True), whole


def codes(view) -> set[tuple[str, int | None]]:
    return {(flaw.code.value, flaw.line) for flaw in view.flaws}


def test_a_tail_says_that_it_is_one(tmp_path):
    path = write(tmp_path / "a.jsonl", long_talk().data())
    view = read_view(FileReader(), session_of(path), SMALL, deep=False)
    assert (view.complete, view.deep, view.entry_count, view.auto_reset) == (False, False, None, None)
    assert view.header is not None
    assert view.header.session_id == "s1"
    assert view.flaws == ()
    assert view.turns.newest is not None


def test_deep_numbers_lines_as_in_the_whole_file(tmp_path):
    view, whole = deep_and_whole(write(tmp_path / "a.jsonl", long_talk().data()))
    assert (view.deep, view.complete, view.entry_count) == (True, False, whole.entry_count)
    assert view.flaws == ()
    assert view.entries == whole.entries[-len(view.entries) :]
    assert view.turns.newest_answer_line == whole.turns.newest_answer_line


def test_a_small_transcript_is_whole_either_way(tmp_path):
    path = write(tmp_path / "a.jsonl", long_talk(2).data())
    for deep in (False, True):
        view = read_view(FileReader(), session_of(path), Limits(), deep=deep)
        assert (view.complete, view.deep, view.entry_count) == (True, True, 9)


def test_a_missing_transcript_is_a_problem_and_no_flaw(tmp_path):
    for deep in (False, True):
        view = read_view(FileReader(), session_of(tmp_path / "gone.jsonl"), Limits(), deep=deep)
        assert view.problem
        assert (view.flaws, view.entries, view.turns.all) == ((), (), ())


def test_every_transcript_of_the_corpus_shows_the_same_flaws_deep(tmp_path):
    compared = 0
    for number, sample in enumerate(file_samples()):
        path = write(tmp_path / f"{number}.jsonl", b"".join(raw.data + b"\n" for raw in sample.lines))
        view, whole = deep_and_whole(path)
        compared += not view.complete
        assert {code for code, _ in codes(view)} == {code for code, _ in codes(whole)}, sample.case
        assert view.entry_count == whole.entry_count
        lossy = {line for code, line in codes(view) if code == "lossy-compaction"}
        assert lossy == {line for code, line in codes(whole) if code == "lossy-compaction"}
    assert compared > 40


def test_every_database_of_the_corpus_shows_the_same_flaws_deep(tmp_path):
    for path in database_paths():
        for sample in database_samples(path, tmp_path):
            session = session_of(path, generation=Generation.SQLITE)
            view = read_view(EventReader(sample.lines), session, SMALL, deep=True)
            whole = view_of_lines(sample.lines)
            assert (view.entry_count, codes(view)) == (whole.entry_count, codes(whole)), sample.case


def damage(kind: str, data: bytes, at: int) -> bytes:
    lines = data.splitlines(keepends=True)
    if kind == "garbage":
        lines.insert(at, b"\x00\xff not json\n")
    elif kind == "blank":
        lines.insert(at, b"\n")
    elif kind == "cut":
        del lines[at]
    elif kind == "half":
        lines[at] = lines[at][: len(lines[at]) // 2] + b"\n"
    elif kind == "twice":
        lines.insert(at, lines[at])
    elif kind == "torn":
        lines[-1] = lines[-1][:20]
    elif kind == "joined":
        lines[at] = lines[at][:-1] + b"," + lines[at + 1]
        del lines[at + 1]
    elif kind == "headless":
        del lines[0]
    return b"".join(lines)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["none", "garbage", "blank", "cut", "half", "torn", "joined"]),
    st.integers(1, 230),
)
def test_damage_is_found_in_body_and_tail_alike(tmp_path_factory, kind, at):
    path = write(tmp_path_factory.mktemp("deep") / "a.jsonl", damage(kind, long_talk().data(), at))
    view, whole = deep_and_whole(path)
    assert view.entry_count == whole.entry_count
    assert view.malformed_count == whole.malformed_count
    mine, theirs = ({code for code, _ in codes(one)} for one in (view, whole))
    # calls left behind a break are off the path of the whole; the tally counts every line
    assert mine - {"unpaired-tool-calls"} == theirs - {"unpaired-tool-calls"}
    first = {line for code, line in codes(whole) if code == "malformed-lines"}
    assert {line for code, line in codes(view) if code == "malformed-lines"} == first


@pytest.mark.parametrize("back", range(1, 14))
def test_a_chain_cut_near_the_border(tmp_path, back):
    lines = long_talk().data().splitlines(keepends=True)
    del lines[-1 - back]
    view, whole = deep_and_whole(write(tmp_path / "a.jsonl", b"".join(lines)))
    assert "broken-chain" in {code for code, _ in codes(whole)}
    assert [line for code, line in codes(view) if code == "broken-chain"] == [
        line for code, line in codes(whole) if code == "broken-chain"
    ]


def test_a_branch_that_leaves_the_tail_is_whole(tmp_path):
    writer = long_talk()
    writer.parent = "e8"
    writer.user("back to there")
    writer.answer()
    view, whole = deep_and_whole(write(tmp_path / "a.jsonl", writer.data()))
    assert view.flaws == whole.flaws == ()
    writer.parent = None
    writer.user("from nowhere")
    view, whole = deep_and_whole(write(tmp_path / "a.jsonl", writer.data()))
    assert codes(view) == codes(whole) == {("broken-chain", whole.entry_count)}


def test_other_damage_of_the_body(tmp_path):
    data = long_talk().data()
    view, _ = deep_and_whole(write(tmp_path / "a.jsonl", damage("headless", data, 0)))
    assert "bad-header" in {code for code, _ in codes(view)}
    view, _ = deep_and_whole(write(tmp_path / "b.jsonl", damage("twice", data, 9)))
    assert "stand more than once" in " ".join(flaw.detail for flaw in view.flaws)
    writer = long_talk(10)
    writer.message("user", "")
    writer.add("message", message={"content": "x"})
    for _ in range(7):
        writer.error()
    writer.compaction("", kept="e9")
    for _ in range(3):
        writer.compaction(SUMMARY, kept="e9")
    writer.values += long_talk(20).values[1:]
    for number, value in enumerate(writer.values[1:], 1):
        value["id"], value["parentId"] = f"n{number}", f"n{number - 1}" if number > 1 else None
    view, whole = deep_and_whole(write(tmp_path / "c.jsonl", writer.data()))
    found = {code for code, _ in codes(view)}
    assert found == {"empty-entries", "error-bloat", "lossy-compaction", "compaction-loop"}
    assert found == {code for code, _ in codes(whole)}


def test_calls_across_the_border_are_paired(tmp_path):
    writer = long_talk()
    data = writer.data()
    for cut in range(1_500, 2_600, 90):
        limits = replace(Limits(), tail_bytes=cut)
        path = write(tmp_path / "a.jsonl", data)
        for deep in (False, True):
            assert read_view(FileReader(), session_of(path), limits, deep=deep).flaws == (), (cut, deep)


def test_a_tail_that_had_to_grow_overlaps_the_body_and_changes_nothing(tmp_path):
    for extra in range(4):
        writer = long_talk(20)
        writer.user("u" * 900)
        writer.call("last", "more")
        writer.result("last", "z" * 9_000)
        if extra > 0:
            writer.result("more")
        if extra > 1:
            writer.answer()
        if extra > 2:
            writer.user("thanks")
        view, whole = deep_and_whole(write(tmp_path / "a.jsonl", writer.data()))
        assert not view.complete
        assert (view.entry_count, codes(view)) == (whole.entry_count, codes(whole)), extra


def test_lines_above_the_limit_are_counted_and_not_held(tmp_path):
    lines = long_talk(30).data().splitlines(keepends=True)
    huge = b'{"type":"custom","id":"h","parentId":"x","data":"' + b"z" * (5 * BLOCK) + b'"}\n'
    path = write(tmp_path / "a.jsonl", b"".join([*lines[:9], huge, *lines[9:]]))
    tally = tally_file(str(path), line_limit=2 * BLOCK)
    assert (tally.lines, tally.offset) == (len(lines) + 1, path.stat().st_size)
    assert [line for line, _ in tally.notes["malformed"]] == [10]
    whole = tally_file(str(path), line_limit=9 * BLOCK)
    assert whole.lines == len(lines) + 1
    assert "malformed" not in whole.notes


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3 * BLOCK // 2), min_size=1, max_size=6), st.booleans())
def test_lines_of_any_length_are_counted_once(tmp_path_factory, sizes, ended):
    data = b"".join(b'"' + b"q" * size + b'"\n' for size in sizes)
    path = write(tmp_path_factory.mktemp("body") / "a.jsonl", data if ended else data + b'{"torn')
    tally = tally_file(str(path), line_limit=2**26)
    assert (tally.lines, tally.offset, tally.counts["malformed"]) == (len(sizes), len(data), len(sizes))
    small = tally_file(str(path), line_limit=BLOCK)
    assert (small.lines, small.offset) == (len(sizes), len(data))


def test_what_is_no_file_is_a_problem(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("gone", "pipe", "."):
        assert tally_file(str(tmp_path / name), line_limit=1).problem


def test_memory_does_not_grow_with_the_transcript(tmp_path):
    def peak(turns: int) -> int:
        path = write(tmp_path / "a.jsonl", long_talk(turns).data())
        tracemalloc.start()
        read_view_peak = tally_file(str(path), line_limit=2**26).lines
        assert read_view_peak == 4 * turns + 1
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    small, large = peak(1_000), peak(6_000)
    assert large - small < 20_000 * 90  # an id's mark and its place in a set, not the line


def test_anatomy_adds_up():
    writer = long_talk(12)
    writer.user("say it again " * 30)
    writer.user("say it again " * 30)
    blocks = [{"type": "thinking", "thinking": "hm " * 100}, {"type": "text", "text": "so"}]
    writer.message("assistant", blocks, provider="f", stopReason="stop", usage={"totalTokens": 1})
    writer.error()
    writer.note("mirror", model="delivery-mirror")
    writer.note("⚠️ Context is too large and auto-compaction could not recover")
    writer.compaction(SUMMARY)
    items = [parse_entry(raw) for raw in [*writer.raws(), *raw_lines(b"broken\n")]]
    found = measure_anatomy(items)
    names = {part.name for part in found.parts}
    assert (
        found.size_bytes
        == sum(item.size_bytes for item in items)
        == sum(part.size_bytes for part in found.parts)
    )
    assert abs(sum(part.share for part in found.parts) - 1) < 1e-9
    assert names == {
        "header", "user text", "assistant text", "thinking", "tool calls", "tool result: exec", "errors",
        "delivery mirrors and notes", "failure replies", "compaction summaries", "malformed line",
    }  # fmt: skip
    assert [large.size_bytes for large in found.largest] == sorted(
        (item.size_bytes for item in items), reverse=True
    )[:10]
    texts = [(item.role, item.text) for item in items if getattr(item, "text_chars", 0) >= 200]
    assert found.duplicate_entries == len(texts) - len(set(texts)) > 0
    assert found.entries == len(items)


def test_anatomy_of_nothing():
    assert measure_anatomy([]).parts == ()


def test_an_entry_without_a_type_is_malformed(tmp_path):
    lines = [b'{"type":"session","id":"s"}']
    lines += [
        b'{"id":"a%d","parentId":"a%d","message":{"role":"user","content":"x"}}' % (n, n - 1) for n in (1, 2)
    ]
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    tally = tally_file(str(path), line_limit=1000)
    assert tally.counts == {"malformed": 2}
    assert (tally.lines, tally.offset) == (3, path.stat().st_size)


def test_one_long_line_does_not_keep_its_room(tmp_path):
    long = b'{"type":"message","id":"b","parentId":"a","message":{"role":"user","content":"%s"}}' % (
        b"x" * 5_000_000
    )
    short = b'{"type":"message","id":"c","parentId":"b","message":{"role":"user","content":"y"}}'
    path = tmp_path / "s.jsonl"
    path.write_bytes(
        b"\n".join([b'{"type":"session","id":"s"}', long, short, long[:-3] + b'z"}}', short]) + b"\n"
    )
    tally = tally_file(str(path), line_limit=64_000_000)
    assert (tally.lines, tally.messages, tally.offset) == (5, 4, path.stat().st_size)
