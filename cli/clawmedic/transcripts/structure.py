"""Structural flaws of a transcript, as data (openclaw.md 4: S04, S12 to S18)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.entry import TEXT_LIMIT, Entry, Malformed
from clawmedic.transcripts.envelope import bare_text, continues_turn
from clawmedic.transcripts.tree import LEAF_TYPES, Path

SHORT_SUMMARY_CHARS = 200
SHORT_SUMMARY_TOKENS = 10_000
BLOAT_RUN = 6
"""So many error entries with no answer between them are the finding `error-bloat`."""
BLOAT_TOTAL = 20
LOOP_COMPACTIONS = 3
LOOP_MESSAGES = 4
"""Three compactions in a row with at most four messages of people and models between them are a loop."""
MOST_DETAILS = 20

_EMPTY_TEMPLATES = (
    "no prior history.",
    "(none - empty conversation)",
    "summary unavailable due to context limits. older messages were truncated.",
)
_OVERSIZED = re.compile(
    r"context contained \d+ messages? \(.{0,80}\)\. summary unavailable due to size limits\.?"
)
_NOTHING = frozenset(("", "none", "none captured", "n/a", "(none)", "no prior history"))


class Flaw(Struct, frozen=True):
    """One flaw.

    Attributes:
        line: 1-based line where it shows, None when it is about the whole.
        detail: what was seen, for a person.
        at_tail: it concerns the newest entries only (a dangling tool call there is repaired by OpenClaw).
        survived: a real model answered on the same branch afterwards: it does not stop the session.
        count: how many such places this flaw stands for.
    """

    code: FindingCode
    line: int | None
    detail: str
    at_tail: bool = False
    survived: bool = False
    count: int = 1


def find_flaws(
    head: Entry | Malformed | None,
    entries: Sequence[Entry],
    malformed: Sequence[Malformed],
    path: Path,
    *,
    complete: bool,
) -> tuple[Flaw, ...]:
    """Every flaw in sight.

    Args:
        head: the first line of the transcript, None when it is empty.
        entries: the entries in file order, without the header; with `complete` false only the newest.
        malformed: lines that are no entry, the head among them where it is none.
        path: the branch in use among `entries`.
        complete: whether `entries` are all; otherwise a missing parent says nothing.
    """
    return (
        *header_flaws(head),
        *_line_flaws(malformed),
        *_chain_flaws(entries, path, complete=complete),
        *_content_flaws(path, complete=complete),
    )


def _content_flaws(path: Path, *, complete: bool) -> Iterator[Flaw]:
    """One cheap pass finds out which of the closer looks are worth it."""
    tools = compacted = False
    failures = 0
    empty: list[Entry] = []
    for entry in path.entries:
        if entry.type == "message":
            if entry.tool_calls or entry.tool_call_id:
                tools = True
            if entry.empty_content or entry.null_role:
                empty.append(entry)
            if entry.failure_text or entry.stop_reason == "error":
                failures += 1
        elif entry.type == "compaction":
            compacted = True
    if tools:
        yield from _pairing_flaws(path, complete=complete)
    yield from _empty_flaws([entry for entry in empty if is_empty(entry)])
    if failures >= BLOAT_RUN:
        yield from _bloat_flaws(path)
    if compacted:
        yield from compaction_flaws(path.entries, complete=complete)


def header_flaws(head: Entry | Malformed | None) -> Iterator[Flaw]:
    """The first line must be a session header with an id; OpenClaw rewrites or drops the file otherwise.

    An id that differs from the row's session id is normal on 4.15 after a reset (openclaw-files.md 4).
    """
    if head is None:
        yield Flaw(FindingCode.BAD_HEADER, None, "the transcript is empty: it has no header")
    elif isinstance(head, Malformed):
        yield Flaw(FindingCode.BAD_HEADER, head.line, f"the first line is no header: {head.reason}")
    elif head.type != "session":
        yield Flaw(
            FindingCode.BAD_HEADER, head.line, f"the first line is no session header but a {head.type[:40]}"
        )
    elif not head.session_id:
        yield Flaw(FindingCode.BAD_HEADER, head.line, "the header has no id")


def _line_flaws(malformed: Sequence[Malformed]) -> Iterator[Flaw]:
    broken = [item for item in malformed if not item.torn]
    if broken:
        where = ", ".join(str(item.line) for item in broken[:MOST_DETAILS])
        more = f" and {len(broken) - MOST_DETAILS} more" if len(broken) > MOST_DETAILS else ""
        detail = f"{len(broken)} malformed line(s): {where}{more} ({broken[0].reason})"
        yield Flaw(FindingCode.MALFORMED_LINES, broken[0].line, detail, count=len(broken))
    for item in malformed:
        if item.torn:
            detail = f"the last line was cut off after {item.size_bytes} bytes"
            yield Flaw(FindingCode.TORN_TAIL, item.line, detail, at_tail=True)


def _chain_flaws(entries: Sequence[Entry], path: Path, *, complete: bool) -> Iterator[Flaw]:
    if path.cycle:
        yield Flaw(FindingCode.BROKEN_CHAIN, path.entries[0].line, "the chain of parents runs in a ring")
    if complete and path.missing_parent and path.entries:
        name = path.missing_parent[:60]
        detail = f"parent {name} does not exist: entries before line {path.entries[0].line} are lost"
        yield Flaw(FindingCode.BROKEN_CHAIN, path.entries[0].line, detail)
    elif complete and not path.cycle and (lost := _cut_off(entries, path)):
        detail = f"line {path.entries[0].line} starts a second root: {lost} message(s) before it are lost"
        yield Flaw(FindingCode.BROKEN_CHAIN, path.entries[0].line, detail)
    names = [entry.id for entry in entries if entry.id]
    if len(set(names)) < len(names):
        double = {name for name, times in Counter(names).items() if times > 1}
        line = next(entry.line for entry in reversed(entries) if entry.id in double)
        detail = f"{len(double)} id(s) stand more than once: {', '.join(sorted(double)[:3])}"
        yield Flaw(FindingCode.BROKEN_CHAIN, line, detail, count=len(double))


def _cut_off(entries: Sequence[Entry], path: Path) -> int:
    """Messages before the root of the branch that nothing explains: no reset, compaction, fork or rewind."""
    if not path.root or path.by_events or path.entries[0].type in ("reset", "compaction", "branch_summary"):
        return 0
    before = entries[: path.root]
    if any(entry.type == "leaf" for entry in before):
        return 0
    return sum(entry.type == "message" and entry.type in LEAF_TYPES and not entry.side for entry in before)


def _pairing_flaws(path: Path, *, complete: bool) -> Iterator[Flaw]:
    """Tool calls and results must follow each other; entries that are no messages do not count between.

    In a tail, results before the first assistant entry belong to a call that is not in sight.
    """
    last_answer = max(
        (entry.line for entry in path.entries if entry.is_answer and not entry.tool_calls), default=0
    )
    waiting: dict[str, Entry] = {}
    answered: set[str] = set()
    begun = complete
    for entry in path.entries:
        if entry.type == "reset":
            waiting = {}
        elif entry.role == "toolResult":
            if not begun:
                continue
            yield from _result_flaws(entry, waiting, answered, last_answer)
        elif entry.role == "assistant" and entry.provider != "openclaw":
            begun = True
            yield from _dangling(waiting, last_answer)
            waiting = {call.id: entry for call in entry.tool_calls if call.id}
            if waiting and entry.stop_reason in ("error", "aborted"):
                waiting = {}  # an interrupted call never ran; OpenClaw drops it from the prompt
        elif entry.role == "user":
            if not continues_turn(bare_text(entry.text)):
                yield from _dangling(waiting, last_answer)
            waiting = {}
    for name, entry in waiting.items():
        detail = f"tool call {name[:60]} has no result"
        yield Flaw(FindingCode.UNPAIRED_TOOL_CALLS, entry.line, detail, at_tail=True)


def _result_flaws(
    entry: Entry, waiting: dict[str, Entry], answered: set[str], last_answer: int
) -> Iterator[Flaw]:
    name = entry.tool_call_id
    if waiting.pop(name, None) is None:
        why = "a second time" if name in answered else "without its call"
        detail = f"tool result {name[:60] or '(no id)'} stands {why}"
        survived = entry.line < last_answer
        yield Flaw(FindingCode.UNPAIRED_TOOL_CALLS, entry.line, detail, survived=survived)
    answered.add(name)


def _dangling(waiting: dict[str, Entry], last_answer: int) -> Iterator[Flaw]:
    for name, entry in waiting.items():
        detail = f"tool call {name[:60]} has no result before the next message"
        survived = entry.line < last_answer
        yield Flaw(FindingCode.UNPAIRED_TOOL_CALLS, entry.line, detail, survived=survived)


def _empty_flaws(empty: Sequence[Entry]) -> Iterator[Flaw]:
    if empty:
        lines = ", ".join(str(entry.line) for entry in empty[:MOST_DETAILS])
        detail = f"{len(empty)} message(s) without role or content: lines {lines}"
        yield Flaw(FindingCode.EMPTY_ENTRIES, empty[0].line, detail, count=len(empty))


def is_empty(entry: Entry) -> bool:
    """A message that says nothing and does not say why: no role, or no content and no error."""
    if entry.type != "message":
        return False
    if entry.null_role:
        return True
    return (
        entry.empty_content
        and entry.role in ("user", "assistant")
        and not entry.error_message
        and entry.stop_reason not in ("error", "aborted")
    )


def _bloat_flaws(path: Path) -> Iterator[Flaw]:
    run = longest = total = 0
    last = 0
    for entry in path.entries:
        if entry.type == "reset":
            run = longest = total = 0
        if entry.role != "assistant":
            continue
        if entry.is_failed_answer:
            run, total, last = run + 1, total + 1, entry.line
            longest = max(longest, run)
        elif entry.is_answer:
            run = 0
    if longest >= BLOAT_RUN or total >= BLOAT_TOTAL:
        detail = f"{total} failed answers on the branch, {longest} in a row"
        yield Flaw(FindingCode.ERROR_BLOAT, last, detail, at_tail=run > 0, count=total)


def compaction_flaws(path: Sequence[Entry], *, complete: bool) -> Iterator[Flaw]:
    """Compactions that lost the history, and compactions that follow each other without end."""
    row = messages = 0
    looping: Entry | None = None
    for index, entry in enumerate(path):
        if entry.type == "message" and entry.provider != "openclaw" and entry.role in ("user", "assistant"):
            messages += 1
        if entry.type != "compaction":
            continue
        row = row + 1 if messages <= LOOP_MESSAGES else 1
        messages = 0
        looping = entry if row >= LOOP_COMPACTIONS else looping
        if why := lossy_reason(entry):
            if complete and not _dropped(path[:index], entry.first_kept_id):
                continue
            yield Flaw(FindingCode.LOSSY_COMPACTION, entry.line, why)
    if looping:
        detail = f"compactions follow each other with at most {LOOP_MESSAGES} messages between them, {row} in a row"
        yield Flaw(FindingCode.COMPACTION_LOOP, looping.line, detail)


def _dropped(before: Sequence[Entry], first_kept: str) -> bool:
    """Whether a compaction took any message out of the context."""
    for entry in before:
        if first_kept and entry.id == first_kept:
            return False
        if entry.type == "message":
            return True
    return False


def lossy_reason(entry: Entry) -> str:
    """Why a compaction's summary keeps nothing of what it stands for (openclaw.md S17), "" when it does."""
    before = f" for {entry.tokens_before} tokens" if entry.tokens_before else ""
    text = entry.text.strip()
    if not text:
        return f"the summary is empty{before}"
    lower = text.lower()
    if lower in _EMPTY_TEMPLATES or _OVERSIZED.fullmatch(lower):
        return f"the summary is a template without content{before}: {text[:80]}"
    if entry.summary_chars > TEXT_LIMIT:
        return ""
    headings, said = _weigh(text)
    if not said:
        return f"every section of the summary is empty{before}"
    short = entry.summary_chars < SHORT_SUMMARY_CHARS and (entry.tokens_before or 0) > SHORT_SUMMARY_TOKENS
    if short and headings < 3:
        return f"the summary has only {entry.summary_chars} characters{before}"
    return ""


def _weigh(text: str) -> tuple[int, int]:
    """How many headings a summary has, and how many lines that say something."""
    headings = said = 0
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("#"):
            headings += 1
        elif bare.strip("-*•. \t_").lower() not in _NOTHING and not bare.startswith("**Turn Context"):
            said += 1
    return headings, said
