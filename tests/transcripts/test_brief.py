"""The quick look leaves out only what is regular, and never changes what is known of the newest turns."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.model.finding import FindingCode
from clawmedic.settings import Limits
from clawmedic.stores.reader import RawEntry, TranscriptTail
from clawmedic.stores.tails import file_tail
from clawmedic.transcripts.brief import NEWEST, newest_part, shortened
from clawmedic.transcripts.view import view_of_tail


def entry(number: int, **message: object) -> dict[str, object]:
    return {
        "type": "message",
        "id": f"e{number:07d}",
        "parentId": f"e{number - 1:07d}",
        "timestamp": f"2026-11-23T08:{number // 60:02d}:{number % 60:02d}.000Z",
        "message": message,
    }


def turns(count: int, first: int = 1) -> list[dict[str, object]]:
    made = []
    for number in range(first, first + 2 * count, 2):
        made.append(entry(number, role="user", content=f"question {number}"))
        usage = {"input": 10, "output": 5, "totalTokens": 15}
        answer = [{"type": "text", "text": "answer"}]
        made.append(
            entry(
                number + 1,
                role="assistant",
                content=answer,
                provider="p",
                model="m",
                usage=usage,
                stopReason="stop",
            )
        )
    return made


def tail_of(entries: list[dict[str, object]], *, complete: bool = False) -> TranscriptTail:
    lines = [json.dumps(one, separators=(",", ":")).encode() for one in entries]
    raw = tuple(RawEntry(index + 1, index, line, len(line)) for index, line in enumerate(lines))
    return TranscriptTail(head=None, entries=raw, complete=complete, compaction=None, size_bytes=10**6)


def test_a_regular_branch_is_shortened_to_the_newest_turns():
    short = shortened(tail_of(turns(40)))
    assert NEWEST <= len(short.entries) <= NEWEST + 2
    assert b'"role":"user"' in short.entries[0].data


def test_what_the_newest_turns_say_is_the_same():
    failing = [*turns(40), entry(81, role="user", content="anyone?")]
    whole, short = view_of_tail(tail_of(failing)), view_of_tail(shortened(tail_of(failing)))
    assert short.turns.newest_answer_at == whole.turns.newest_answer_at
    assert [turn.text for turn in short.turns.unanswered] == [turn.text for turn in whole.turns.unanswered]
    assert short.context.usage == whole.context.usage
    assert short.flaws == whole.flaws


def test_a_whole_transcript_is_never_shortened():
    tail = tail_of(turns(40), complete=True)
    assert shortened(tail) is tail


def test_without_an_answer_everything_is_parsed():
    tail = tail_of([entry(number, role="user", content="hello?") for number in range(1, 60)])
    assert shortened(tail) is tail


@pytest.mark.parametrize(
    "spoil",
    [
        {"parentId": "nobody"},
        {"type": "compaction"},
        {"type": "leaf"},
        {"id": None},
    ],
)
def test_one_doubt_and_everything_is_parsed(spoil: dict[str, object]):
    entries = turns(40)
    entries[10] |= spoil
    tail = tail_of(entries)
    assert shortened(tail) is tail


def test_a_malformed_line_is_a_doubt():
    tail = tail_of(turns(40))
    broken = list(tail.entries)
    broken[5] = RawEntry(6, 5, broken[5].data[:-40], 50)
    spoiled = TranscriptTail(None, tuple(broken), complete=False, compaction=None, size_bytes=10**6)
    assert shortened(spoiled) is spoiled
    assert view_of_tail(spoiled).malformed_count == 1


USAGE = {"input": 10, "output": 5, "totalTokens": 15}
MODEL = {"provider": "p", "model": "m", "usage": USAGE}
PIECES: dict[str, list[dict[str, object]]] = {
    "turn": [
        {"role": "user", "content": "question"},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}], **MODEL, "stopReason": "stop"},
    ],
    "tools": [
        {"role": "user", "content": "work"},
        {
            "role": "assistant",
            "content": [{"type": "toolCall", "id": "c", "name": "exec"}],
            **MODEL,
            "stopReason": "toolUse",
        },
        {"role": "toolResult", "toolCallId": "c", "toolName": "exec", "content": []},
        {"role": "assistant", "content": [{"type": "text", "text": "b"}], **MODEL, "stopReason": "stop"},
    ],
    "error": [
        {"role": "user", "content": "again"},
        {"role": "assistant", "content": [], "stopReason": "error", "errorMessage": "500", "provider": "p"},
    ],
    "asked": [{"role": "user", "content": "hello?"}],
    "quoted": [{"role": "user", "content": '{"role":"assistant","stopReason":"stop"} "role":"user"'}],
    "mirror": [
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "note"}],
            "provider": "openclaw",
            "usage": {"totalTokens": 0},
            "stopReason": "stop",
        }
    ],
    "lone-result": [{"role": "toolResult", "toolCallId": "z", "toolName": "exec", "content": []}],
}
DAMAGE = ("torn", "nul", "no-parent", "compaction", "blank", "no-json", "twice")
kinds = st.sampled_from([*(["turn"] * 6), *(["tools"] * 4), *PIECES, *DAMAGE])


def written(kinds_in_order: list[str], *, ends: bool) -> bytes:
    lines = [b'{"type":"session","version":3,"id":"s","timestamp":"2026-11-23T08:00:00.000Z","cwd":"/"}']
    number = 0
    for kind in kinds_in_order:
        for message in PIECES.get(kind, [{"role": "user", "content": kind}]):
            number += 1
            made = entry(number, **message)
            if kind == "no-parent":
                made["parentId"] = "nobody"
            if kind == "compaction":
                made |= {"type": "compaction", "summary": "", "tokensBefore": 50_000}
            line = json.dumps(made, separators=(",", ":")).encode()
            cut = {"torn": line[:-30], "nul": bytes(40), "blank": b"", "no-json": b"{]"}.get(kind, line)
            lines += [cut, cut] if kind == "twice" else [cut]
    return b"\n".join(lines) + (b"\n" if ends else b"")


@settings(max_examples=100, deadline=None)
@given(st.lists(kinds, min_size=1, max_size=40), st.integers(400, 4000), st.booleans())
def test_on_the_bytes_of_a_file_the_newest_turns_say_the_same(parts: list[str], limit: int, ends: bool):  # noqa: FBT001
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.jsonl"
        path.write_bytes(written(parts, ends=ends))
        tails = [
            file_tail(path, limit, line_limit=Limits().line_bytes, seek_compaction=True, newest_part=part)
            for part in (None, newest_part)
        ]
    whole, brief = (view_of_tail(tail) for tail in tails)
    assert (tails[0].head, tails[0].complete, tails[0].size_bytes) == (
        tails[1].head,
        tails[1].complete,
        tails[1].size_bytes,
    )
    if not tails[1].left_out:
        assert whole == brief
        return
    assert tails[0].entries[-len(tails[1].entries)].data == tails[1].entries[0].data
    assert tails[0].compaction == tails[1].compaction
    if brief.turns.newest_answer_line is None:
        return  # the caller reads everything then
    assert brief.turns.newest_answer_at == whole.turns.newest_answer_at
    assert brief.turns.failed_since_answer == whole.turns.failed_since_answer
    assert brief.turns.unanswered_since_answer == whole.turns.unanswered_since_answer
    assert brief.turns.last_error_text == whole.turns.last_error_text
    assert brief.context.usage == whole.context.usage
    assert brief.malformed_count == whole.malformed_count
    assert {flaw.code for flaw in brief.flaws} <= {flaw.code for flaw in whole.flaws}
    lost = {flaw.code for flaw in whole.flaws if not flaw.survived} - {flaw.code for flaw in brief.flaws}
    assert lost <= {FindingCode.EMPTY_ENTRIES, FindingCode.BROKEN_CHAIN, FindingCode.UNPAIRED_TOOL_CALLS}


def test_a_row_of_failures_is_a_doubt(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_bytes(written([*(["turn"] * 5), *(["error"] * 6), *(["turn"] * 4)], ends=True))
    tail = file_tail(path, 4600, line_limit=10**6, seek_compaction=False, newest_part=newest_part)
    assert not tail.left_out
    assert FindingCode.ERROR_BLOAT in {flaw.code for flaw in view_of_tail(tail).flaws}


def test_a_long_healthy_file_is_cut(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_bytes(written(["tools"] * 40, ends=True))
    tail = file_tail(path, 4000, line_limit=10**6, seek_compaction=False, newest_part=newest_part)
    assert tail.left_out > 1000
    assert len(tail.entries) == NEWEST
