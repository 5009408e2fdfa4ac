"""Every structural flaw is treated, and nothing else is touched."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from transcript_lines import Sample, Writer, file_samples, raw_lines, raws, session_line

from clawmedic.errors import RefusedError
from clawmedic.model.finding import FindingCode
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.mend import HeaderHint, Mended, Options, Treatment, as_read, mend
from clawmedic.transcripts.mend_result import TREATED_FLAWS
from clawmedic.transcripts.mend_tools import MISSING_RESULT

NOW = 1_795_430_000_000
HINT = HeaderHint(cwd="/home/operator/.openclaw/workspace")
SAMPLES = list(file_samples())


def mended(data: bytes | list[RawEntry], options: Options | None = None) -> Mended:
    lines = raw_lines(data) if isinstance(data, bytes) else data
    return mend(lines, session_id="s1", now=NOW, header_template=HINT, options=options)


def values(result: Mended) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.lines]


def shown(result: Mended) -> list[str]:
    return [entry.id for entry in result.context_after.entries]


def codes(result: Mended) -> set[str]:
    return {change.code.value for change in result.changes}


def conversation() -> Writer:
    writer = Writer()
    for turn in range(4):
        writer.user(f"question {turn}")
        writer.answer(f"answer {turn}")
    return writer


def test_a_healthy_transcript_stays_as_it_is() -> None:
    writer = conversation()
    result = mended(writer.data())
    assert result.data == writer.data()
    assert not result.changes
    assert not result.set_aside


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.case}/{sample.name[:12]}")
def test_every_real_transcript_is_mended_once(sample: Sample) -> None:
    once = mended(sample.lines)
    again = mended(as_read(once.lines))
    assert not [flaw for flaw in once.flaws_after if flaw.code in TREATED_FLAWS]
    assert again.lines == once.lines
    assert not again.changes
    if not [flaw for flaw in once.flaws_before if flaw.code in TREATED_FLAWS]:
        assert list(once.lines) == [raw.data for raw in sample.lines]


def test_a_torn_tail_and_malformed_lines_are_kept_beside() -> None:
    lines = conversation().data().splitlines(keepends=True)
    lines.insert(3, b"\x00\x00 not json\n")
    result = mended(b"".join(lines) + b'{"type":"message","id":"e9"')
    assert result.set_aside == (b"\x00\x00 not json", b'{"type":"message","id":"e9"')
    assert codes(result) == {"malformed-lines", "torn-tail"}
    assert len(result.lines) == 9


def test_a_whole_last_line_without_its_line_end_is_no_torn_tail() -> None:
    result = mended(conversation().data().rstrip(b"\n"))
    assert not result.changes
    assert result.data == conversation().data()


def test_a_lost_header_is_written_again() -> None:
    lines = conversation().data().splitlines(keepends=True)[1:]
    result = mended(b"".join(lines))
    head = values(result)[0]
    assert head == {
        "type": "session",
        "version": 3,
        "id": "s1",
        "timestamp": "2026-11-23T08:00:01.000Z",
        "cwd": HINT.cwd,
    }
    assert [line + b"\n" for line in result.lines[1:]] == lines
    assert codes(result) == {"bad-header"}


def test_a_header_with_another_id_is_left_alone() -> None:
    writer = conversation()
    writer.values[0] = session_line(id="another")
    assert not mended(writer.data()).changes


@pytest.mark.parametrize(
    "head",
    [
        {"type": "session", "version": 3},
        {"type": "session", "version": 3, "id": 7},
        {"type": "session", "id": "s1"},
    ],
)
def test_an_incomplete_header_is_completed(head: dict[str, object]) -> None:
    writer = conversation()
    writer.values[0] = head | {"extra": [1]}
    result = mended(writer.data())
    assert values(result)[0] == {"type": "session", "version": 3, "id": "s1", "extra": [1]}
    assert json.loads(result.set_aside[0]) == head | {"extra": [1]}


def test_a_header_of_many_kilobytes_is_shortened() -> None:
    writer = conversation()
    writer.values[0] = session_line(cwd="/w", junk="x" * 9000)
    result = mended(writer.data())
    assert values(result)[0] == session_line(cwd="/w")
    assert len(result.set_aside[0]) > 9000


def test_a_header_further_down_becomes_the_first_line() -> None:
    writer = conversation()
    writer.values[0], writer.values[1] = writer.values[1], writer.values[0]
    result = mended(writer.data())
    assert [value["type"] for value in values(result)[:2]] == ["session", "message"]
    assert not result.set_aside


def test_an_empty_transcript_becomes_a_header() -> None:
    result = mended(b"")
    assert [value["type"] for value in values(result)] == ["session"]


def test_version_1_stays_version_1() -> None:
    old = [
        {key: value for key, value in one.items() if key not in ("id", "parentId")}
        for one in conversation().values
    ]
    old[0] = {"type": "session", "id": "s1", "timestamp": "2026-11-23T08:00:00.000Z"}
    assert not mended(raws(*old)).changes
    assert values(mended(raws(*old[1:])))[0]["version"] == 1


def test_what_stands_before_a_hole_is_seen_again() -> None:
    writer = conversation()
    del writer.values[5]
    result = mended(writer.data())
    assert [entry.id for entry in result.context_before.entries] == ["e6", "e7", "e8"]
    assert shown(result) == ["e1", "e2", "e3", "e4", "e6", "e7", "e8"]
    assert len([line for line in result.lines if line + b"\n" not in writer.data()]) == 1


def test_the_lost_line_itself_says_where_the_branch_went_on() -> None:
    writer = conversation()
    fork = writer.values[4]["id"]
    writer.parent = str(writer.values[2]["id"])
    kept = [writer.user("another branch")]
    lost = writer.answer("lost")
    kept.append(writer.user("after the loss"))
    lines = writer.data().splitlines()
    at = next(i for i, value in enumerate(writer.values) if value["id"] == lost)
    lines[at] = lines[at].replace(b'"id": ', b'"id":').replace(b'"parentId": ', b'"parentId":')
    lines[at] = lines[at].replace(b', "parentId"', b',"parentId"')[:-9]
    result = mended(b"\n".join(lines) + b"\n")
    assert shown(result) == ["e1", "e2", *kept]
    assert fork not in shown(result)


def test_a_second_root_is_hung_on_what_stands_before_it() -> None:
    writer = conversation()
    writer.values[5]["parentId"] = None
    result = mended(writer.data())
    assert len(result.context_before.entries) == 4
    assert shown(result) == [f"e{n}" for n in range(1, 9)]


def test_a_transcript_without_any_parents_becomes_a_chain() -> None:
    writer = conversation()
    for value in writer.values[1:]:
        value["parentId"] = None
    result = mended(writer.data())
    assert [value.get("parentId") for value in values(result)[1:]] == [None, *(f"e{n}" for n in range(1, 8))]


def test_a_rewind_to_the_beginning_is_no_second_root() -> None:
    writer = conversation()
    writer.values.append({"type": "leaf", "id": "l1", "parentId": "e8", "targetId": None})
    writer.parent = None
    writer.user("from the beginning")
    assert not mended(writer.data()).changes


def test_a_ring_is_opened_where_it_closes() -> None:
    writer = conversation()
    writer.values[1]["parentId"] = "e6"
    result = mended(writer.data())
    assert values(result)[1]["parentId"] is None
    assert shown(result) == [f"e{n}" for n in range(1, 9)]


def test_doubled_ids_get_new_ones_and_children_follow() -> None:
    writer = conversation()
    writer.values[5]["id"] = "e2"
    writer.values[6]["parentId"] = "e2"
    result = mended(writer.data())
    found = values(result)
    assert len({value["id"] for value in found[1:]}) == 8
    assert found[6]["parentId"] == found[5]["id"] != "e2"
    assert len(shown(result)) == 8


def test_a_line_that_was_written_twice_is_taken_out() -> None:
    writer = conversation()
    data = writer.data()
    block = b"".join(data.splitlines(keepends=True)[1:])
    result = mended(data + block)
    assert result.data == data
    assert b"".join(line + b"\n" for line in result.set_aside) == block


def tool_turn(*, result: bool = True) -> Writer:
    writer = Writer()
    writer.user("run it")
    writer.call("c1", "c2")
    writer.result("c1")
    if result:
        writer.result("c2")
    return writer


def test_a_call_without_result_gets_openclaws_own_error_result() -> None:
    writer = tool_turn(result=False)
    writer.answer("done")
    result = mended(writer.data())
    found = values(result)
    message = found[4]["message"]
    assert isinstance(message, dict)
    assert (message["toolCallId"], message["toolName"], message["isError"]) == ("c2", "exec", True)
    assert message["content"] == [{"type": "text", "text": MISSING_RESULT}]
    assert found[4]["parentId"] == "e3"
    assert found[5]["parentId"] == found[4]["id"]
    assert codes(result) == {"unpaired-tool-calls"}


def test_a_call_at_the_tail_gets_its_result_too() -> None:
    result = mended(tool_turn(result=False).data())
    assert [entry.tool_call_id for entry in result.context_after.entries[-2:]] == ["c1", "c2"]


def test_a_control_that_named_the_tail_names_the_new_result() -> None:
    writer = tool_turn(result=False)
    writer.values.append({"type": "leaf", "id": "l1", "parentId": "e3", "targetId": "e3"})
    result = mended(writer.data())
    assert [entry.tool_call_id for entry in result.context_after.entries[-2:]] == ["c1", "c2"]


def test_a_late_result_is_moved_to_its_call() -> None:
    writer = tool_turn(result=False)
    writer.user("well?")
    writer.result("c2", "the real output")
    writer.answer("so")
    result = mended(writer.data())
    assert shown(result) == ["e1", "e2", "e3", "e5", "e4", "e6"]
    assert not result.set_aside
    assert b"the real output" in result.data


def test_a_result_without_call_is_set_aside() -> None:
    writer = tool_turn()
    writer.result("c9", "stray")
    writer.answer("done")
    result = mended(writer.data())
    assert [json.loads(line)["id"] for line in result.set_aside] == ["e5"]
    assert shown(result) == ["e1", "e2", "e3", "e4", "e6"]


def test_an_interrupted_call_gets_no_result() -> None:
    writer = Writer()
    writer.user("run it")
    writer.call("c1", stopReason="aborted", errorMessage="Request was aborted.")
    writer.user("go on")
    assert not mended(writer.data()).changes


def test_a_record_between_call_and_result_does_not_separate_them() -> None:
    writer = Writer()
    writer.user("run it")
    writer.call("c1")
    writer.add("custom", customType="openclaw.cache-ttl", data={})
    writer.result("c1")
    assert not mended(writer.data()).changes


def test_messages_without_role_or_content_go() -> None:
    writer = conversation()
    writer.add("message", message={"role": None, "content": [{"type": "text", "text": "?"}]})
    writer.message("assistant", [], provider="fake", model="big", stopReason="stop")
    last = writer.user("still there?")
    result = mended(writer.data())
    assert len(result.set_aside) == 2
    assert shown(result)[-2:] == ["e8", last]


def test_a_compaction_keeps_from_the_next_entry_when_its_first_one_goes() -> None:
    writer = conversation()
    gone = writer.message("user", "")
    kept = writer.answer("kept")
    writer.compaction("## Decisions\n- one\n" * 20, kept=gone)
    result = mended(writer.data())
    assert values(result)[-1]["firstKeptEntryId"] == kept
    assert shown(result) == [kept]


def test_error_bloat_leaves_every_ask_and_the_newest_failure_of_each() -> None:
    writer = Writer()
    writer.user("first", timestamp=1)
    writer.error()
    writer.error()
    writer.user("first", timestamp=1)
    for _ in range(6):
        writer.error("500 again")
    writer.user("second", timestamp=2)
    newest = writer.error("429")
    result = mended(writer.data())
    assert shown(result) == ["e1", "e10", "e11", newest]
    assert len(result.set_aside) == 8


def test_the_same_words_at_another_time_are_another_ask() -> None:
    writer = Writer()
    for at in range(8):
        writer.user("hello?", timestamp=at)
        writer.error()
    result = mended(writer.data())
    roles = [entry.role for entry in result.context_after.entries]
    assert roles == ["user"] * 8 + ["assistant"]


def test_many_failures_with_answers_between_are_thinned_out() -> None:
    writer = Writer()
    for turn in range(25):
        writer.user(f"ask {turn}")
        writer.error()
        writer.answer()
    result = mended(writer.data())
    assert not result.flaws_after
    assert len(shown(result)) == 50


def test_a_few_failures_are_left_alone() -> None:
    writer = conversation()
    writer.user("ask")
    writer.error()
    writer.error()
    assert not mended(writer.data()).changes


Damage = Callable[[Writer], bytes]


def torn(writer: Writer) -> bytes:
    return writer.data()[:-5]


def headless(writer: Writer) -> bytes:
    return b"".join(writer.data().splitlines(keepends=True)[1:])


@pytest.mark.parametrize(("damage", "treatment"), [(torn, Treatment.HEADER), (headless, Treatment.LINES)])
def test_only_the_chosen_treatments_are_given(damage: Damage, treatment: Treatment) -> None:
    data = damage(conversation())
    result = mended(data, Options(treatments=frozenset((treatment,))))
    assert not result.changes
    assert [raw.data for raw in raw_lines(data)] == list(result.lines)


def test_unknown_fields_survive_an_edit() -> None:
    writer = conversation()
    writer.values[5] |= {"parentId": "gone", "future": {"deep": [1.5, "é", 2**53]}}
    found = values(mended(writer.data()))[5]
    assert found == writer.values[5] | {"parentId": "e4"}


def test_a_line_too_long_to_be_held_is_refused() -> None:
    lines = [*conversation().raws(), RawEntry(10, 0, b"", 10**9, oversized=True)]
    with pytest.raises(RefusedError, match="line 10"):
        mended(lines)


def test_deep_nesting_is_edited_or_set_aside() -> None:
    writer = conversation()
    writer.values[5]["parentId"] = "gone"
    lines = writer.data().splitlines()
    for depth, kept in ((390, True), (900, False)):
        deep = b"[" * depth + b"]" * depth
        lines[5] = lines[5].split(b', "deep"')[0].rstrip(b"}") + b'}, "deep": ' + deep + b"}"
        result = mended(b"\n".join(lines) + b"\n")
        assert any(b'"deep"' in line for line in result.lines) == kept
        assert FindingCode.BROKEN_CHAIN.value in codes(result)
