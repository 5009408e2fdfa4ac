"""What happened while another branch of a database window was in use: it says nothing of the present branch.

A rewind or a switch makes a new window that holds every event of the old one, and a `leaf` control that names the entry
at which the conversation goes on (measured on 2026.9.6).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.view import TranscriptView
from clawmedic.triage.events import Event

_TOLD_BESIDES = frozenset({"log", "run"})
"""Origins that know of no branches."""


def of_this_branch(events: Iterable[Event], view: TranscriptView) -> list[Event]:
    """The events without those of the log and of `task_runs` that happened on another branch."""
    times, ours = _tips(view.entries)
    if all(ours):
        return list(events)

    def counts(event: Event) -> bool:
        if event.origin not in _TOLD_BESIDES or event.at is None:
            return True
        at = bisect_right(times, event.at) - 1
        return at < 0 or ours[at]

    return [event for event in events if counts(event)]


def _tips(entries: Iterable[Entry]) -> tuple[list[int], list[bool]]:
    """From when on each entry was the newest of the conversation, and whether it is on the present branch.

    Of a left branch only the newest entries are in sight, of the present one as many besides: what is missing between
    them was left.
    """
    on_branch = {entry.id: entry.active is not False for entry in entries if entry.id}
    left = not all(on_branch.values())
    times: list[int] = []
    ours: list[bool] = []
    line = 0
    for entry in entries:
        if left and times and entry.line > line + 1:
            times.append(times[-1] + 1)
            ours.append(False)
        line = entry.line
        if entry.at is None or entry.type == "session":
            continue
        target = entry.target_id if entry.type == "leaf" else entry.id
        times.append(max(entry.at, times[-1] if times else entry.at))
        ours.append(on_branch.get(target, True))
    return times, ours
