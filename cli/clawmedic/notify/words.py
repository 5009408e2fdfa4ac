"""What people read: one message for all notices of a pass. Plain text; what comes from outside stays on its line."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from clawmedic.gateway.frames import one_line
from clawmedic.model.notice import Notice, NoticeKind

MOST_SECTIONS = 20
MOST_CHARACTERS = 6_000
MOST_TITLE = 200
MOST_KEYS = 10
WORST_FIRST = (
    NoticeKind.TROUBLE,
    NoticeKind.ESCALATION,
    NoticeKind.DEAD,
    NoticeKind.OUTAGE,
    NoticeKind.WARNING,
    NoticeKind.PAUSED,
    NoticeKind.RECOVERED,
    NoticeKind.RESCUED,
    NoticeKind.TEST,
)
_LAST_MS = 4_102_444_800_000
"""The year 2100: a clock that is off must not keep a message back."""
_NEEDS = {
    NoticeKind.ESCALATION: "A person is needed.",
    NoticeKind.TROUBLE: "A person is needed.",
    NoticeKind.OUTAGE: "No session was touched; it is looked at again later.",
    NoticeKind.WARNING: "It still answers; now is the time.",
    NoticeKind.RECOVERED: "Nothing is left to do.",
    NoticeKind.RESCUED: "Nothing is left to do.",
}

_HISTORY = frozenset({NoticeKind.ESCALATION, NoticeKind.DEAD})
"""Who reads these looks for what was said."""


class Message(Struct, frozen=True):
    """Title and body, and the kind of the worst notice in it."""

    title: str
    body: str
    kind: NoticeKind


def message_of(notices: Sequence[Notice], *, host: str, again: bool = False, lost: int = 0) -> Message:
    """One message of one or more notices, the worst first.

    Args:
        notices: at least one.
        host: where this happened, "" when it has no name.
        again: an earlier attempt was cut off: people may have read this already.
        lost: so many notices could not be kept while the channel did not answer.
    """
    ordered = sorted(notices, key=lambda notice: (WORST_FIRST.index(notice.kind), notice.at))
    place = f"clawmedic on {one_line(host)}" if host else "clawmedic"
    counts = Counter(notice.kind for notice in ordered)
    said = ", ".join(f"{counts[kind]} {kind.value}" for kind in WORST_FIRST if counts[kind])
    title = one_line(ordered[0].title) if len(ordered) == 1 else f"{len(ordered)} notices ({said})"
    alone = len(ordered) == 1
    sections = ["\n".join(_section(notice, alone=alone)) for notice in ordered[:MOST_SECTIONS]]
    if len(ordered) > MOST_SECTIONS:
        sections.append(
            f"and {_count(len(ordered) - MOST_SECTIONS, 'more notice')}: see `clawmedic guard status`"
        )
    if lost:
        sections.append(
            f"{_count(lost, 'earlier notice')} could not be kept while this channel did not answer"
        )
    if again:
        sections.append("An earlier attempt to send this was cut off: it may come twice.")
    body = "\n\n".join(filter(None, sections))
    if len(body) > MOST_CHARACTERS:
        body = body[:MOST_CHARACTERS].rsplit("\n", 1)[0] + "\n…"
    return Message(f"{place}: {title}"[:MOST_TITLE], body, ordered[0].kind)


def _section(notice: Notice, *, alone: bool) -> Iterator[str]:
    """The lines about one notice; the title stands above when it is alone."""
    if not alone:
        yield f"[{notice.kind.value}] {one_line(notice.title)}"
    told = " ".join(notice.title.split())
    for line in notice.lines:
        yield one_line(line)
    shown = [one_line(key) for key in notice.keys if key not in told][:MOST_KEYS]
    more = len([key for key in notice.keys if key not in told]) - len(shown)
    if shown:
        yield f"{'session' if len(notice.keys) == 1 else 'sessions'}: {', '.join(shown)}" + (
            f" and {more} more" if more > 0 else ""
        )
    if notice.unanswered:
        yield f"{_count(notice.unanswered, 'message')} had no answer."
    if notice.kind in _HISTORY and len(notice.keys) == 1:
        yield f"Every copy of its history: clawmedic backups list {shlex.quote(one_line(notice.keys[0]))}"
    for quote in notice.quotes:
        yield f"  > {one_line(quote)}"
    when = f"{datetime.fromtimestamp(min(notice.at, _LAST_MS) / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    yield f"{_NEEDS.get(notice.kind, '')} ({when})".strip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
