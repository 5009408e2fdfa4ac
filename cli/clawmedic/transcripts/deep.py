"""Views of transcripts of which every line was read (`--deep`), on all cores.

Whole lines before the tail are counted (`tally.py`), here or in worker processes; the tail itself is looked at
as without `--deep`. Both together make the view.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from clawmedic.disk.files import open_regular
from clawmedic.model.finding import FindingCode
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Generation, Session
from clawmedic.settings import Limits
from clawmedic.stores.reader import RawEntry, StoreReader, TranscriptTail
from clawmedic.transcripts.crew import Crew, cores
from clawmedic.transcripts.entry import Entry, Malformed
from clawmedic.transcripts.parse import parse_entry
from clawmedic.transcripts.structure import BLOAT_RUN, BLOAT_TOTAL, Flaw
from clawmedic.transcripts.tally import BLOCK, Tally, tally_events, tally_file
from clawmedic.transcripts.view import TranscriptView, build_view, tail_of, view_of_tail

WORTH_A_WORKER = 24 * 1024 * 1024
"""Below so many bytes of transcripts a worker's start costs more than it saves."""


def read_views_deep(
    reader: StoreReader,
    sessions: Sequence[Session],
    limits: Limits,
    reporter: Reporter,
    *,
    processes: int | None = None,
) -> Mapping[str, TranscriptView]:
    """The deep view of each session of a store, by session key.

    Args:
        reader: the sessions' store.
        sessions: whose transcripts to read.
        limits: how much to hold.
        reporter: is told of each session.
        processes: how many to use, this one included; None for one on each core.
    """
    reporter.begin("transcripts", len(sessions))
    views: dict[str, TranscriptView] = {}
    large = [one for one in sessions if _is_file(one) and one.transcript.size_bytes > limits.tail_bytes]
    apart = {one.key for one in large}
    wanted = cores() if processes is None else processes
    if sum(one.transcript.size_bytes for one in large) < WORTH_A_WORKER and processes is None:
        wanted = 1
    with Crew(wanted - 1, tail_bytes=limits.tail_bytes, line_limit=limits.line_bytes) as crew:
        crew.give([(os.fspath(one.transcript.path), one.transcript.size_bytes) for one in large])
        for session in sessions:
            if session.key not in apart:
                views[session.key] = _small(reader, session, limits)
                reporter.advance()
        by_path: dict[str, list[Session]] = {}
        for session in large:
            by_path.setdefault(os.fspath(session.transcript.path), []).append(session)
        for path, tally in crew.results():
            for session in by_path.pop(path, ()):
                views[session.key] = _joined(tail_of(reader, session, limits), tally, session)
                reporter.advance()
    reporter.end()
    return {session.key: views[session.key] for session in sessions}


def read_deep(reader: StoreReader, session: Session, limits: Limits, tail: TranscriptTail) -> TranscriptView:
    """The deep view of one session whose tail is not the whole transcript."""
    if _is_file(session):
        path = os.fspath(session.transcript.path)
        tally = tally_file(path, tail_bytes=limits.tail_bytes, line_limit=limits.line_bytes)
    else:
        first = tail.entries[0].line if tail.entries else 0
        tally = tally_events(raw for raw in reader.entries(session) if raw.line < first)
    return _joined(tail, tally, session)


def _is_file(session: Session) -> bool:
    return session.generation is Generation.FILES


def _small(reader: StoreReader, session: Session, limits: Limits) -> TranscriptView:
    tail = tail_of(reader, session, limits)
    if tail.complete or tail.problem:
        return view_of_tail(tail, running=session.status == "running")
    return read_deep(reader, session, limits, tail)


def _joined(tail: TranscriptTail, tally: Tally, session: Session) -> TranscriptView:
    """Body and tail as one view."""
    running = session.status == "running"
    if tail.complete or tail.problem or tally.problem:
        view = view_of_tail(tail, running=running)
        return replace(view, problem=view.problem or tally.problem)
    entries = _renumbered(tail, tally) if _is_file(session) else tail.entries
    head = parse_entry(tail.head) if tail.head else None
    compaction = parse_entry(tail.compaction) if tail.compaction else None
    items = [parse_entry(raw) for raw in entries]
    view = build_view(
        head,
        items,
        complete=False,
        running=running,
        earlier_compaction=compaction if isinstance(compaction, Entry) else None,
        size_bytes=tail.size_bytes,
    )
    total = entries[-1].line if entries and _is_file(session) else tally.lines + len(entries)
    return replace(
        view,
        entry_count=total,
        malformed_count=view.malformed_count - isinstance(head, Malformed) + tally.counts.get("malformed", 0),
        flaws=(*_merged(view, tally, items), *_border_flaws(view, tally, session)),
        deep=True,
    )


def _renumbered(tail: TranscriptTail, tally: Tally) -> tuple[RawEntry, ...]:
    """The lines of the tail with their numbers in the whole file; some may have been counted already."""
    counted = sum(raw.offset < tally.offset for raw in tail.entries)
    first = tally.lines - counted + 1
    return tuple(
        RawEntry(line, raw.offset, raw.data, raw.size_bytes, raw.terminated, raw.oversized)
        for line, raw in enumerate(tail.entries, first)
    )


def _merged(view: TranscriptView, tally: Tally, items: Sequence[Entry | Malformed]) -> tuple[Flaw, ...]:
    """Flaws of the body and of the tail, each place once, the header's first."""
    answered = max(tally.last_answer, view.turns.newest_answer_line or 0)
    body = list(_body_flaws(tally, answered, _open_calls(tally, items)))
    known = {(flaw.code, flaw.line) for flaw in body}
    tail = [flaw for flaw in view.flaws if (flaw.code, flaw.line) not in known]
    if any(flaw.code is FindingCode.MALFORMED_LINES for flaw in body):
        tail = [flaw for flaw in tail if flaw.code is not FindingCode.MALFORMED_LINES or flaw.line != 1]
    bloat = _bloat(view, tally)
    if bloat:
        tail = [flaw for flaw in tail if flaw.code is not FindingCode.ERROR_BLOAT]
    heads = [flaw for flaw in tail if flaw.code is FindingCode.BAD_HEADER]
    rest = [flaw for flaw in tail if flaw.code is not FindingCode.BAD_HEADER]
    return (*heads, *body, *rest, *bloat)


def _border_flaws(view: TranscriptView, tally: Tally, session: Session) -> tuple[Flaw, ...]:
    """Where the branch in the tail does not hang on the body."""
    path = view.path
    if path.by_events or path.cycle or not path.entries:
        return ()
    first, missing = path.entries[0], path.missing_parent
    if missing:
        if missing == tally.last_id or not _is_file(session) or _stands_in(session.transcript.path, missing):
            return ()
        why = f"parent {missing[:60]} does not exist: entries before line {first.line} are lost"
        return (Flaw(FindingCode.BROKEN_CHAIN, first.line, why),)
    meant = first.line <= 2 or first.type in ("reset", "compaction", "branch_summary")
    if meant or any(entry.type == "leaf" for entry in view.entries):
        return ()
    if first.parent_id is None and first.id and view.header and view.header.version not in (None, 1):
        why = f"line {first.line} starts a second root: the messages before it are lost"
        return (Flaw(FindingCode.BROKEN_CHAIN, first.line, why),)
    return ()


def _stands_in(path: Path, name: str) -> bool:
    """Whether some line of a file has this id. Rarely asked: only where a branch leaves the tail."""
    quoted = orjson.dumps(name)
    wanted = (b'"id":' + quoted, b'"id": ' + quoted)
    overlap = len(wanted[1])
    try:
        with open_regular(path) as descriptor:
            at, before = 0, b""
            while block := os.pread(descriptor, BLOCK, at):
                at += len(block)
                if any(one in before + block for one in wanted):
                    return True
                before = block[-overlap:]
    except OSError:
        return True  # nothing can be said
    return False


def _open_calls(tally: Tally, items: Sequence[Entry | Malformed]) -> dict[str, int]:
    """Calls of the body whose results do not stand at the start of the tail either.

    Where body and tail overlap, a call that stands in the tail is the tail's to judge.
    """
    waiting = dict(tally.open_calls())
    begun = False
    for item in items if waiting else ():
        if not isinstance(item, Entry):
            continue
        for call in item.tool_calls:
            waiting.pop(call.id, None)
        begun = begun or item.role in ("user", "assistant")
        if not begun:
            waiting.pop(item.tool_call_id, None)
    return waiting


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
    """Failed answers of body and tail together; a row of them may go across the border."""
    run, total, longest = tally.run, tally.failures, tally.longest
    last = None
    for entry in view.path.entries:
        if entry.is_failed_answer:
            run, total, last = run + 1, total + 1, entry.line
            longest = max(longest, run)
        elif entry.is_answer:
            run = 0
    if longest < BLOAT_RUN and total < BLOAT_TOTAL:
        return ()
    detail = f"{total} failed answers on the branch, {longest} in a row"
    return (Flaw(FindingCode.ERROR_BLOAT, last, detail, at_tail=run > 0, count=total),)
