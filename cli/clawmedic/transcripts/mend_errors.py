"""Repairs of what says nothing: empty entries, and failed answers in long rows (openclaw.md S04, S16)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import orjson

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.mend_draft import Draft, Drop, Line
from clawmedic.transcripts.parse import load_line
from clawmedic.transcripts.structure import BLOAT_RUN, BLOAT_TOTAL, is_empty

_BLOAT = FindingCode.ERROR_BLOAT
_Choice = Callable[[list[Line]], Iterator[Drop]]


def mend_empty(draft: Draft) -> None:
    """Set messages aside that have no role, or no content and no error that explains it."""
    done = "Took a message without role or content out."
    draft.drop(
        Drop(line, FindingCode.EMPTY_ENTRIES, done)
        for line in draft.lines
        if line.known and is_empty(line.known)
    )


def mend_errors(draft: Draft) -> None:
    """Thin out failed answers where they are bloat, gently first.

    Of the failures of one ask the newest stays, and OpenClaw's copies of the ask go; where that is not enough one
    failure stays of each row; where there are still too many, those go that an answer followed. Every ask stays.
    """
    steps: tuple[_Choice, ...] = (_repeated, _but_the_newest, _survived)
    for choose in steps:
        path = draft.path()
        if not _is_bloat(path):
            return
        draft.drop(list(choose(path)))


def _is_bloat(path: Iterable[Line]) -> bool:
    """The rule of `structure.py`."""
    run = longest = total = 0
    for entry in _entries(path):
        if entry.type == "reset":
            run = longest = total = 0
        elif entry.role == "assistant" and entry.is_failed_answer:
            run, total = run + 1, total + 1
            longest = max(longest, run)
        elif entry.role == "assistant" and entry.is_answer:
            run = 0
    return longest >= BLOAT_RUN or total >= BLOAT_TOTAL


def _repeated(path: list[Line]) -> Iterator[Drop]:
    asked: set[bytes] = set()
    failed: Line | None = None
    anything = False
    for line in path:
        entry = line.known
        if entry is None:
            continue
        if entry.type == "reset" or entry.is_answer:
            asked, failed, anything = set(), None, False
        elif entry.role == "user":
            mark = _ask(line)
            if mark in asked and anything:
                yield Drop(line, _BLOAT, "Took a copy of a failed message out: it stands once before.")
            else:
                asked.add(mark)
                failed = None
        elif entry.is_failed_answer:
            if failed is not None:
                yield _drop(failed)
            failed, anything = line, True


def _but_the_newest(path: list[Line]) -> Iterator[Drop]:
    failed: Line | None = None
    for line in path:
        entry = line.known
        if entry is None:
            continue
        if entry.type == "reset" or entry.is_answer:
            failed = None
        elif entry.is_failed_answer:
            if failed is not None:
                yield _drop(failed)
            failed = line


def _survived(path: list[Line]) -> Iterator[Drop]:
    last = max((place for place, line in enumerate(path) if line.known and line.known.is_answer), default=0)
    for line in path[:last]:
        if line.known and line.known.is_failed_answer:
            yield _drop(line)


def _drop(line: Line) -> Drop:
    return Drop(line, _BLOAT, "Took a failed answer out: a later one tells the same.")


def _ask(line: Line) -> bytes:
    """What makes two user entries the same: words and the time when they were sent, where that is known."""
    value, _ = load_line(line.data)
    message = value["message"]
    try:
        return orjson.dumps([message.get("content"), message.get("timestamp")])
    except TypeError:
        return line.data


def _entries(path: Iterable[Line]) -> Iterator[Entry]:
    return (entry for line in path if (entry := line.known))
