"""What the rungs that change files prove afterwards, by looking at everything anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from clawmedic.errors import RefusedError
from clawmedic.model.outcome import Check
from clawmedic.recovery.ailment import structural_flaws
from clawmedic.recovery.looking import context_of, entry_ids, read_lines
from clawmedic.recovery.sizing import AIM, Room, tokens_for, tokens_in
from clawmedic.recovery.ward import ILL, Seen
from clawmedic.settings import Limits


def is_alive(seen: Seen) -> Check:
    """The session, examined anew, is neither dead nor stuck."""
    verdict = seen.report.verdict
    return Check("verdict", ok=verdict not in ILL, detail=f"{verdict}: {seen.report.why}")


def is_sound(seen: Seen) -> Check:
    """The transcript has a header and no flaw that stops a model."""
    if seen.case.view.problem:
        return Check("structure", ok=False, detail=seen.case.view.problem)
    flaws = structural_flaws(seen.report)
    words = ", ".join(flaws) if flaws else f"{seen.report.entries} lines, header, whole chain"
    return Check("structure", ok=not flaws and seen.case.view.header is not None, detail=words)


def points_to(seen: Seen, session_id: str, transcript: Path) -> Check:
    """The row names this conversation and this file."""
    session = seen.case.session
    ok = session.session_id == session_id and session.transcript.path.name == transcript.name
    return Check("row", ok=ok, detail=f"{session.session_id}, {session.transcript.path.name}")


def counters_are_clear(seen: Seen) -> Check:
    """No token counter of the longer conversation is left in the row (openclaw-files.md 2)."""
    session = seen.case.session
    stale = session.total_tokens is not None or session.total_tokens_fresh is not None
    return Check("counters", ok=not stale, detail="still there" if stale else "cleared")


def fits(seen: Seen, room: Room, limits: Limits) -> Check:
    """What the model would be sent, by length and by the reported usage, leaves room for the next messages."""
    context = context_of(read_lines(seen.case.session.transcript.path, limits))
    tokens = tokens_for(context, room)
    if room.budget is None:
        ok, detail = tokens_in(context) <= room.target, f"about {tokens} tokens; window not known"
    else:
        ok = tokens <= AIM * room.budget
        detail = f"about {tokens} of {room.budget} tokens, {tokens / room.budget:.0%}"
    return Check("budget", ok=ok, detail=detail)


def history_is_kept(ids: Collection[str], places: Iterable[Path], limits: Limits) -> Check:
    """Every entry of the old history is still on disk in one of these files."""
    missing = set(ids)
    for place in places:
        if not missing:
            break
        try:
            missing -= entry_ids(read_lines(place, limits))
        except RefusedError:
            continue
    words = (
        f"{len(missing)} of {len(ids)} entries are missing"
        if missing
        else f"all {len(ids)} entries are on disk"
    )
    return Check("history", ok=not missing, detail=words)
