"""What is said of keys and copies: the head above a conversation, and the chart of a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.content import Content

from clawmedic.backups.choosing import relative
from clawmedic.model.backup import Archive, Backup, Lineage, Overlap
from clawmedic.model.report import SessionReport
from clawmedic.output.browser.cells import breaks, harmless
from clawmedic.output.browser.shelf_model import KeyGroup
from clawmedic.output.palette import VERDICTS, cause_word
from clawmedic.output.text import UNKNOWN, count_of, minute, size
from clawmedic.settings import Times

DIM = "$quiet"
STRONG = "bold"
_STATES = {
    "complete": "$success",
    "truncated": "$warning",
    "header-missing": "$warning",
    "damaged": "$error",
    "unreadable": "$error",
}
_VERDICTS = {
    "dead": "bold $error",
    "stuck": "bold $accent",
    "suspect": "bold $warning",
    "damaged": "$warning",
    "at risk": "$primary",
    "healthy": "$success",
}
_OF_LIVE = {
    Overlap.SAME: "same as live",
    Overlap.SUBSET: "part of live",
    Overlap.SUPERSET: "live and more",
    Overlap.DIVERGED: "partly as live",
    Overlap.NONE: "not in live",
}

Line = list[tuple[str, str]]


def joined(lines: Iterator[Line] | list[Line]) -> Content:
    """Lines as one text for the screen. Every piece is harmless afterwards; nothing in it is markup."""
    rows = [Content.assemble(*((harmless(text), style) for text, style in line)) for line in lines]
    return Content("\n").join(rows)


def hung(rows: Iterable[tuple[str, str]], width: int, *, room: int, style: str = DIM) -> Content:
    """Labels with texts that wrap beside them, not below them."""
    lines: list[Line] = []
    for label, words in rows:
        text = harmless(words)
        cuts = breaks(text, width - room)
        lines += [
            [((label if not at else "").ljust(room), style), (text[start:end], "")]
            for at, (start, end) in enumerate(cuts)
        ]
    return joined(lines)


def copy_head(backup: Backup, archive: Archive, *, times: Times) -> Content:
    """What copy is open: kind, state, size and range; how it relates to the live one; where it is."""
    return joined(list(_copy_lines(backup, archive, times=times)))


def _copy_lines(backup: Backup, archive: Archive, *, times: Times) -> Iterator[Line]:
    first, last = (minute(at, times) for at in (backup.first_at, backup.last_at))
    star = [("★ ", "bold $accent")] if backup.best else []
    counted = f"  {count_of(backup.messages, 'message')}, {size(backup.size_bytes)}"
    state = _STATES.get(backup.state.value, DIM)
    yield [*star, (backup.kind.value, STRONG), ("  ", ""), (backup.state.value, state), (counted, "")]
    until = last[11:] if last[:10] == first[:10] else last
    span = f"{first} - {until}" if first != last else first
    yield [(span, ""), ("  ", ""), *_relation(backup)]
    place = relative(backup.path, archive.state_dir)
    window = f", window {backup.place.window}" if backup.place.window else ""
    yield [(f"{backup.id}  ", STRONG), (place.rpartition("/")[2] + window, DIM)]
    if backup.note:
        yield [(backup.note, "$warning")]


def _relation(backup: Backup) -> Line:
    """How a copy relates to the live transcript of its key, and what only it has."""
    if backup.kind.is_live or not backup.entries or backup.key is None:
        return []
    only = f", {backup.unique_entries:,} only here" if backup.unique_entries else ""
    return [(_OF_LIVE[backup.overlap], DIM), (only, "$warning")]


def key_chart(group: KeyGroup, archive: Archive, *, times: Times, examining: bool) -> Content:
    """All that is known of a key: its verdict, the conversations behind it, gaps, and the copy to restore."""
    lines: list[Line] = [[(group.name[1] or "Copies of no known key", STRONG)]]
    if group.name[1]:
        lines += _judged(group.report, examining=examining)
    total = size(sum(copy.size_bytes for copy in group.copies))
    lines += [[], [(f"{count_of(len(group.copies), 'copy', 'copies')}, {total}", "")]]
    if group.lineage is not None:
        lines += _lineage(group.lineage, times=times)
    for problem in archive.problems[:20]:
        lines += [[], [("note  ", DIM), (problem, "$warning")]]
    return joined(lines)


def _judged(report: SessionReport | None, *, examining: bool) -> Iterator[Line]:
    if report is None:
        yield [
            (
                "the verdict is being worked out …" if examining else "nobody judged it: no row points to it",
                DIM,
            )
        ]
        return
    look = VERDICTS[report.verdict]
    yield [(look.label, _VERDICTS[look.word]), (f"  {report.why}", "")]
    if report.cause is not None:
        yield [("cause  ", DIM), (cause_word(report.cause), STRONG)]
    for finding in report.findings[:12]:
        yield [("found  ", DIM), (finding.code.value, "")]
    if report.unanswered:
        yield [("", ""), (f"{count_of(len(report.unanswered), 'message')} never got an answer", "$warning")]


def _lineage(lineage: Lineage, *, times: Times) -> Iterator[Line]:
    if lineage.best is not None:
        best = lineage.best
        yield []
        yield [("To restore", STRONG)]
        yield [
            ("★ ", "bold $accent"),
            (f"{best.kind.value} {best.id}", STRONG),
            (f"  {best.best_reason}", ""),
        ]
    if lineage.chain:
        yield []
        yield [("Conversations behind the key, oldest first", STRONG)]
    for link in lineage.chain:
        when = f"{minute(link.first_at, times)} - {minute(link.last_at, times)}"
        yield [
            ("• ", DIM),
            (when, ""),
            (f"  {count_of(len(link.copies), 'copy', 'copies')}  ", DIM),
            (link.how, ""),
        ]
        yield [(f"  {link.session_id or UNKNOWN}", DIM)]
    if lineage.gaps:
        yield []
        yield [("Gaps", "bold $warning")]
    for gap in lineage.gaps:
        known = [minute(at, times) for at in (gap.after, gap.before) if at is not None]
        yield [("• ", DIM), (" to ".join(known) + (": " if known else "") + gap.reason, "")]
