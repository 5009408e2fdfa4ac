"""The quick look leaves out only what is regular, and never changes what is known of the newest turns."""

from __future__ import annotations

import json

import pytest

from clawmedic.stores.reader import RawEntry, TranscriptTail
from clawmedic.transcripts.brief import NEWEST, shortened
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
