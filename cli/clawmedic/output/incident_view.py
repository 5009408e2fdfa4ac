"""The page of `diagnose`: incidents, oldest first, each with its proof."""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.model.cause import Struck
from clawmedic.model.incident import Attempt, Evidence, Incident
from clawmedic.output.palette import OUTCOMES
from clawmedic.output.screen import Screen
from clawmedic.output.text import count_of, duration, moment, visible
from clawmedic.triage.knowledge import find

FEW_LINES = 6
LONGEST_QUOTE = 500
ROOM = 10
WHERE = {
    Struck.COMPACTION: "in the compaction",
    Struck.MODEL_CALL: "in the ordinary model call",
    Struck.RUN: "in the run",
    Struck.STORE: "in the store",
}


def show_incidents(
    screen: Screen, incidents: Sequence[Incident], *, log_sources: Sequence[str] | None
) -> None:
    """Every incident, then a sum; without one where more may come (`log_sources` None)."""
    for place, incident in enumerate(incidents):
        if place:
            screen.blank()
        show_incident(screen, incident)
    if screen.settings.quiet or log_sources is None:
        return
    if incidents:
        screen.blank()
    logs = f"{count_of(len(log_sources), 'log source')} read" if log_sources else "no log was found"
    screen.line((count_of(len(incidents), "incident"), "bold"), f", {logs}.")
    if not log_sources:
        screen.line(("hint: ", "bold yellow"), "name a log with --log FILE, or ask journald with --journal.")


def show_incident(screen: Screen, item: Incident) -> None:
    """One story: when, whose, why, how often, the proof, the remedies."""
    look = OUTCOMES[item.outcome]
    subject = visible(item.key or item.session_id or "no session named")
    screen.line((look.label, look.style), "  ", (subject, "bold"))
    screen.labelled("when", _when(screen, item), room=ROOM)
    screen.labelled(
        "cause",
        (item.cause.value, "bold"),
        f" ({item.kind.value}): {find(item.cause.value).title}",
        room=ROOM,
    )
    times = "once" if item.count == 1 else f"{item.count} times"
    provider = f", provider {visible(item.provider)}" if item.provider else ""
    told = f"{WHERE[item.struck]}, {times}, {_confidence(item.confidence)}{provider}"
    screen.labelled("struck", told, room=ROOM)
    _attempts(screen, item.attempts)
    _evidence(screen, item.evidence)
    for place, remedy in enumerate(item.remedies):
        screen.exact("remedies" if place == 0 else "", visible(remedy), room=ROOM)
    if item.upstream:
        screen.labelled("upstream", (", ".join(item.upstream), "dim"), room=ROOM)


def _when(screen: Screen, item: Incident) -> str:
    times = screen.settings.times
    begin = moment(item.started_at, times)
    if item.ended_at is None:
        return f"since {begin}"
    length = duration(item.ended_at - item.started_at) if item.started_at is not None else "?"
    return f"{begin} to {moment(item.ended_at, times)} ({length})"


def _confidence(value: float) -> str:
    word = "certain" if value >= 0.95 else "likely" if value >= 0.7 else "a guess"
    return f"{word} ({value:.0%})"


def _attempts(screen: Screen, attempts: Sequence[Attempt]) -> None:
    shown = attempts if screen.settings.verbose else attempts[-FEW_LINES:]
    if len(shown) < len(attempts):
        screen.labelled("attempts", (f"{len(attempts) - len(shown)} earlier ones", "dim"), room=ROOM)
    for place, attempt in enumerate(shown):
        words = [attempt.trigger, attempt.model, attempt.failure_class]
        told = "  ".join(visible(word) for word in words if word)
        first = place == 0 and len(shown) == len(attempts)
        screen.labelled(
            "attempts" if first else "",
            (moment(attempt.at, screen.settings.times), "dim"),
            f"  {told}",
            room=ROOM,
        )


def _evidence(screen: Screen, evidence: Sequence[Evidence]) -> None:
    """The source once, then its lines with their numbers."""
    shown = evidence if screen.settings.verbose else evidence[:FEW_LINES]
    digits = max((len(str(quote.line or "")) for quote in shown), default=0)
    source = None
    for place, quote in enumerate(shown):
        text = visible(quote.text)
        if len(text) > LONGEST_QUOTE and not screen.settings.verbose:
            text = text[:LONGEST_QUOTE] + " …"
        if quote.source != source:
            screen.labelled("evidence" if place == 0 else "", (visible(quote.source), "cyan"), room=ROOM)
            source = quote.source
        number = "" if quote.line is None else str(quote.line)
        screen.labelled(number.rjust(digits), text, indent=2 + ROOM, room=digits + 2, style="cyan")
    if len(shown) < len(evidence):
        more = count_of(len(evidence) - len(shown), "more line")
        screen.labelled("", (f"{more}: -v shows all", "dim"), room=ROOM)
