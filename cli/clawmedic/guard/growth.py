"""Early warning: how fast a session grows, and after how many turns it reaches its budget."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from clawmedic.guard.record import KeyRecord, Point
from clawmedic.guard.sight import Sight
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.verdict import Verdict
from clawmedic.transcripts.view import TranscriptView

WORTH_A_LOOK = 0.5
"""From this share of the budget on the pace is measured."""
WORTH_A_POINT = 0.25
"""From this share on the growth is remembered."""
LEAST_TURNS = 3
NEWEST_TURNS = 12
_HEALTHY_ENOUGH = frozenset({Verdict.HEALTHY, Verdict.AT_RISK, Verdict.DAMAGED})


def pace_of(view: TranscriptView) -> int | None:
    """Tokens that a turn adds, by the providers' own counts of the newest turns in sight: their median.

    Counts of the time before a compaction or a reset say nothing of the present. None with fewer than three turns.
    """
    counts: list[int] = []
    for entry in view.path.entries:
        if entry.type in {"compaction", "reset"}:
            counts.clear()
        elif entry.role == "user":
            counts.append(0)
        elif entry.is_answer and entry.usage is not None and counts:
            counts[-1] = max(counts[-1], entry.usage.prompt + entry.usage.output, entry.usage.total)
    known = [count for count in counts if count][-NEWEST_TURNS:]
    if len(known) < LEAST_TURNS:
        return None
    grown = [later - earlier for earlier, later in pairwise(known)]
    return max(0, round(median(grown)))


def note_growth(record: KeyRecord, sight: Sight, now: int) -> None:
    """Remember how large it is, where that is worth it."""
    if sight.tokens is None or not sight.budget or sight.tokens < WORTH_A_POINT * sight.budget:
        record.points = []
        return
    record.add_point(Point(now, sight.tokens, sight.size_bytes, sight.compactions))


def warning(record: KeyRecord, sight: Sight, *, warn_turns: int, now: int) -> Notice | None:
    """The early warning for a session, once; None when there is none to give. Notes in the record that it was given.

    A conversation that was compacted since without our help is one that compactions work for: the next is expected
    too, and it is warned of again only when it is over its budget, or had to be rescued.
    """
    turns = sight.turns_left
    if not warn_turns or turns is None or turns > warn_turns or sight.verdict not in _HEALTHY_ENOUGH:
        return None
    stage = f"{sight.session_id}/{sight.compactions}"
    if record.warned_for == stage or _compacts_by_itself(record, sight):
        return None
    record.warned_for = stage
    return Notice(
        kind=NoticeKind.WARNING,
        at=now,
        keys=(sight.key,),
        title=f"{sight.key} reaches its budget {_in_turns(turns)} at this pace",
        lines=(
            f"{sight.tokens} of {sight.budget} tokens are used{_in_hours(record, sight)}",
            f"a turn adds about {sight.pace}",
            f"it was compacted {_times(sight.compactions)}; if the next compaction fails, it stops answering",
            "what helps: agents.defaults.compaction.model set to a model that works, or a larger window",
            "now, while it answers: in the chat /compact, or `clawmedic compact KEY`",
        ),
        condition=f"near budget {sight.agent} {sight.key} {stage}",
    )


def _compacts_by_itself(record: KeyRecord, sight: Sight) -> bool:
    session_id, _, compactions = record.warned_for.rpartition("/")
    if session_id != sight.session_id or not compactions.isdecimal() or record.attempts:
        return False
    under = bool(sight.tokens and sight.budget and sight.tokens < sight.budget)
    return under and sight.compactions > int(compactions)


def _in_hours(record: KeyRecord, sight: Sight) -> str:
    hours = hours_left(record, sight)
    return "" if hours is None else f"; as it grew of late, they are in about {max(1, round(hours))} h"


def _in_turns(turns: int) -> str:
    if turns == 0:
        return "with the next turn"
    return f"in about {turns} turn{'' if turns == 1 else 's'}"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def hours_left(record: KeyRecord, sight: Sight) -> float | None:
    """Hours until the budget is reached, by the remembered growth since the newest compaction; None when unknown."""
    points = [point for point in record.points if point.compactions == sight.compactions]
    if len(points) < 2 or sight.tokens is None or not sight.budget:
        return None
    first, last = points[0], points[-1]
    grown, took = last.tokens - first.tokens, last.at - first.at
    if grown <= 0 or took <= 0:
        return None
    return max(0, sight.budget - sight.tokens) / grown * took / 3_600_000
