"""The view of a transcript of which every line was read (`--deep`).

All lines are counted (`tally.py`); the newest entries are looked at as without `--deep`. Both together make the view.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from clawmedic.model.finding import FindingCode
from clawmedic.model.session import Generation, Session
from clawmedic.settings import Limits
from clawmedic.stores.reader import RawEntry, StoreReader, TranscriptTail
from clawmedic.transcripts.brief import brief_tail, shortened
from clawmedic.transcripts.split import tally_large
from clawmedic.transcripts.structure import BLOAT_RUN, BLOAT_TOTAL, Flaw
from clawmedic.transcripts.tally import Tally, tally_events, tally_file
from clawmedic.transcripts.view import TranscriptView, tail_of, view_of_tail


def deep_view(reader: StoreReader, session: Session, limits: Limits) -> TranscriptView:
    """The deep view of one session."""
    if not _is_file(session) or session.transcript.size_bytes <= limits.tail_bytes:
        tail = tail_of(reader, session, limits)
        if tail.complete or tail.problem:
            return view_of_tail(tail, running=session.status == "running")
        return read_deep(reader, session, limits, tail)
    path, size = os.fspath(session.transcript.path), session.transcript.size_bytes
    tally = tally_large(path, size, line_limit=limits.line_bytes)
    tail = brief_tail(reader, session, limits, checked=tally.regular)
    if not tail.left_out:
        return _joined(tail, tally, session)
    if tail.entries[0].offset <= tally.offset:  # else lines that nobody has counted are among those left out
        view = _joined(tail, tally, session)
        if view.turns.newest_answer_line is not None:
            return view
    return _joined(tail_of(reader, session, limits), tally, session)


def read_deep(reader: StoreReader, session: Session, limits: Limits, tail: TranscriptTail) -> TranscriptView:
    """The deep view of one session whose tail is not the whole transcript."""
    if _is_file(session):
        tally = tally_file(os.fspath(session.transcript.path), line_limit=limits.line_bytes)
    else:
        tally = tally_events(reader.entries(session))
    return _joined(tail, tally, session)


def _is_file(session: Session) -> bool:
    return session.generation is Generation.FILES


def _joined(tail: TranscriptTail, tally: Tally, session: Session) -> TranscriptView:
    """The newest entries, and what was counted of all, as one view."""
    running = session.status == "running"
    if tail.complete or tail.problem or tally.problem:
        view = view_of_tail(tail, running=running)
        return replace(view, problem=view.problem or tally.problem)
    newest = tail if tail.left_out else shortened(tail)
    later = 0  # lines that the tally has not seen: a torn one, or one written meanwhile
    if _is_file(session):
        later = sum(raw.offset >= tally.offset for raw in newest.entries)
        newest = replace(newest, entries=_renumbered(newest.entries, tally.lines + later))
    view = view_of_tail(newest, running=running)
    torn = sum(item.torn for item in view.malformed)
    return replace(
        view,
        entry_count=(tally.events or tally.lines) + later,
        malformed_count=tally.counts.get("malformed", 0) + torn,
        flaws=_merged(view, tally),
        deep=True,
    )


def _renumbered(entries: Sequence[RawEntry], last: int) -> tuple[RawEntry, ...]:
    """The lines of a tail with their numbers in the whole file."""
    return tuple(
        RawEntry(line, raw.offset, raw.data, raw.size_bytes, raw.terminated, raw.oversized)
        for line, raw in enumerate(entries, last - len(entries) + 1)
    )


def _merged(view: TranscriptView, tally: Tally) -> tuple[Flaw, ...]:
    """What was counted of all lines, and what only the newest entries can tell."""
    answered = max(tally.last_answer, view.turns.newest_answer_line or 0)
    heads = [flaw for flaw in view.flaws if flaw.code is FindingCode.BAD_HEADER]
    ends = [
        flaw
        for flaw in view.flaws
        if flaw.code is FindingCode.TORN_TAIL
        or (flaw.code is FindingCode.UNPAIRED_TOOL_CALLS and flaw.at_tail)
    ]
    shown = {flaw.line for flaw in ends}
    waiting = {name: line for name, line in tally.open_calls().items() if line not in shown}
    return (*heads, *_body_flaws(tally, answered, waiting), *_bloat(view, tally), *ends)


def _body_flaws(tally: Tally, answered: int, waiting: Mapping[str, int]) -> Sequence[Flaw]:
    flaws = []
    malformed = tally.notes.get("malformed", [])
    if malformed:
        count = tally.counts["malformed"]
        lines = ", ".join(str(line) for line, _ in malformed[:20])
        detail = f"{count} malformed line(s): {lines}{' ...' if count > 20 else ''} ({malformed[0][1]})"
        flaws.append(Flaw(FindingCode.MALFORMED_LINES, malformed[0][0], detail, count=count))
    flaws += [Flaw(FindingCode.BROKEN_CHAIN, line, why) for line, why in tally.notes.get("broken", [])]
    if twice := tally.counts.get("twice", 0):
        flaws.append(Flaw(FindingCode.BROKEN_CHAIN, None, f"{twice} id(s) stand more than once", count=twice))
    calls = [*tally.notes.get("dangling", []), *([line, name] for name, line in waiting.items())]
    flaws += [
        _pairing(line, f"tool call {name} has no result before the next message", answered)
        for line, name in calls
    ]
    flaws += [
        _pairing(line, f"tool result {name} stands without its call", answered)
        for line, name in tally.notes.get("result", [])
    ]
    if empty := tally.notes.get("empty", []):
        lines = ", ".join(str(line) for line, _ in empty[:20])
        detail = f"{tally.counts['empty']} message(s) without role or content: lines {lines}"
        flaws.append(Flaw(FindingCode.EMPTY_ENTRIES, empty[0][0], detail, count=tally.counts["empty"]))
    flaws += [Flaw(FindingCode.LOSSY_COMPACTION, line, why) for line, why in tally.notes.get("lossy", [])]
    if tally.loop_line:
        detail = "compactions follow each other with few messages between them"
        flaws.append(Flaw(FindingCode.COMPACTION_LOOP, tally.loop_line, detail))
    return flaws


def _pairing(line: int, detail: str, answered: int) -> Flaw:
    return Flaw(FindingCode.UNPAIRED_TOOL_CALLS, line, detail, survived=line < answered)


def _bloat(view: TranscriptView, tally: Tally) -> tuple[Flaw, ...]:
    if tally.longest < BLOAT_RUN and tally.failures < BLOAT_TOTAL:
        return ()
    detail = f"{tally.failures} failed answers in all, {tally.longest} in a row"
    last = next((entry.line for entry in reversed(view.path.entries) if entry.is_failed_answer), None)
    at_tail = tally.run > 0
    return (Flaw(FindingCode.ERROR_BLOAT, last, detail, at_tail=at_tail, count=tally.failures),)
