"""The page of `show`: one session's chart."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from clawmedic.model.chart import AnatomySlice, LargeEntry, SessionChart, TimelineItem
from clawmedic.model.finding import Finding
from clawmedic.model.report import Budget, SessionReport
from clawmedic.model.session import PendingInput
from clawmedic.output.palette import OUTCOMES, SEVERITIES, STORES, VERDICTS, cause_word
from clawmedic.output.screen import Screen, first_cells
from clawmedic.output.text import (
    UNKNOWN,
    age,
    count_of,
    in_words,
    moment,
    percent,
    second,
    size,
    tokens,
    visible,
    without_folder,
    zone,
)
from clawmedic.triage.knowledge import find

LONGEST_MESSAGE = 300
FEW_EVENTS = 20
FEW_ENTRIES = 5
STAMP = 21
"""Cells of a date and a time, and the gap after them."""
ROOM = 12


def show_chart(screen: Screen, chart: SessionChart) -> None:
    """Header, row, budget, anatomy, timeline, findings, waiting messages, treatment."""
    report = chart.report
    _header(screen, report)
    _row(screen, report, screen.settings.now())
    _budget(screen, report.budget)
    _anatomy(screen, chart.anatomy, chart.largest)
    _timeline(screen, chart.timeline)
    _incidents(screen, report)
    _findings(screen, report.findings)
    _waiting(screen, report.unanswered)
    if chart.siblings:
        screen.heading("Related")
        for sibling in chart.siblings:
            screen.exact("", visible(sibling), style="", room=0)
    _treatment(screen, chart.treatment)


def _header(screen: Screen, report: SessionReport) -> None:
    look = VERDICTS[report.verdict]
    screen.line((look.label, look.style), "  ", (visible(report.session.key), "bold"))
    screen.line(in_words(visible(report.why), screen.settings.times), indent=2)
    if report.cause:
        screen.line((cause_word(report.cause), "bold"), f": {find(report.cause.value).title}", indent=2)
    screen.blank()


def _row(screen: Screen, report: SessionReport, now: int) -> None:
    session = report.session
    times = screen.settings.times
    model = session.model_override or session.model or UNKNOWN
    entries = "" if report.entries is None else f" in {count_of(report.entries, 'entry', 'entries')}"
    ago = "" if times.absolute else f", {age(session.updated_at, now)} ago"
    lines = (
        ("session id", session.session_id),
        ("agent", f"{session.agent}, {STORES[session.generation]}"),
        ("status", f"{session.status or 'none'} (OpenClaw's word for the last run, not a verdict)"),
        ("updated", moment(session.updated_at, times) + ago),
        ("last run", f"{moment(session.started_at, times)} to {moment(session.ended_at, times)}"),
        ("model", f"{model}{' (overridden)' if session.model_override else ''}"),
        ("compactions", UNKNOWN if session.compaction_count is None else str(session.compaction_count)),
        ("transcript", f"{size(session.transcript.size_bytes)}{entries}"),
    )
    for label, text in lines:
        screen.labelled(label, visible(text), room=ROOM)
    screen.exact("", visible(str(session.transcript.path)), style="dim", room=ROOM)
    if session.label:
        screen.labelled("label", visible(session.label), room=ROOM)
    if session.lock is not None:
        screen.labelled("lock", visible(f"{session.lock.path.name}: {session.lock.why}"), room=ROOM)
    for problem in session.problems:
        screen.labelled("note", visible(problem), room=ROOM)


def _budget(screen: Screen, budget: Budget) -> None:
    screen.heading("Context budget")
    share = budget.share
    if share is not None:
        style = "red" if share >= 1 else "yellow" if share >= 0.8 else "green"
        cells = max(10, min(60, screen.width - 12))
        screen.line(*screen.bar(share, cells, style), f" {percent(share)}", indent=2)
    used = f"{tokens(budget.used_tokens)} tokens used ({visible(budget.used_source or 'unknown')})"
    room = f"{tokens(budget.budget_tokens)} available ({visible(budget.budget_source or 'unknown')})"
    screen.line(f"{used}, {room}", indent=2)


def _anatomy(screen: Screen, anatomy: Sequence[AnatomySlice], largest: Sequence[LargeEntry]) -> None:
    total = sum(part.bytes for part in anatomy)
    if not total:
        return
    screen.heading("What takes the room")
    label_room = max(cell_len(visible(part.label)) for part in anatomy)
    cells = max(8, min(50, screen.width - label_room - 40))
    for part in anatomy:
        share = part.bytes / total
        label = visible(part.label)
        screen.line(
            label + " " * (label_room - cell_len(label)) + "  ",
            *screen.bar(share, cells, "blue"),
            f"  {size(part.bytes):>7}  {percent(share):>5}  {count_of(part.entries, 'entry', 'entries')}",
            indent=2,
        )
    if largest:
        shown = largest if screen.settings.verbose else largest[:FEW_ENTRIES]
        told = ", ".join(f"line {entry.line} ({visible(entry.kind)}, {size(entry.bytes)})" for entry in shown)
        screen.labelled("largest", told, room=ROOM)


def _timeline(screen: Screen, timeline: Sequence[TimelineItem]) -> None:
    if not timeline:
        return
    shown = timeline if screen.settings.verbose else timeline[-FEW_EVENTS:]
    times = screen.settings.times
    zones = {zone(item.at, times) for item in shown} - {""}
    screen.heading(f"Timeline ({', '.join(sorted(zones))})" if zones else "Timeline")
    if len(shown) < len(timeline):
        screen.line((f"{len(timeline) - len(shown)} earlier: -v shows all", "dim"), indent=2)
    kinds = max(len(visible(item.kind)) for item in shown) + 2
    for item in shown:
        when = second(item.at, times)
        text = visible(item.text)
        if not screen.settings.verbose:
            text = first_cells(text, screen.width - STAMP - kinds - 2)
        screen.labelled(when, (visible(item.kind).ljust(kinds), "cyan"), text, room=STAMP)


def _incidents(screen: Screen, report: SessionReport) -> None:
    if not report.incidents:
        return
    screen.heading("Incidents")
    for item in report.incidents:
        look = OUTCOMES[item.outcome]
        when = moment(item.started_at, screen.settings.times)
        times = "" if item.count == 1 else f", {item.count} times"
        screen.line((look.label, look.style), f"  {when}  {item.cause.value}{times}", indent=2)
    screen.line(("clawmedic diagnose quotes the lines that prove them", "dim"), indent=2)


def _findings(screen: Screen, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    screen.heading("Findings")
    for finding in findings:
        look = SEVERITIES[finding.severity]
        seen = " (acknowledged)" if finding.acknowledged else ""
        screen.line((look.label, look.style), "  ", (finding.code.value, "bold"), (seen, "dim"), indent=2)
        for line in finding.evidence:
            told = in_words(visible(line), screen.settings.times)
            screen.line(told if screen.settings.verbose else without_folder(told), indent=4)


def _waiting(screen: Screen, messages: Sequence[PendingInput]) -> None:
    if not messages:
        return
    screen.heading("Messages without an answer")
    for message in messages:
        text = visible(message.text)
        if len(text) > LONGEST_MESSAGE and not screen.settings.verbose:
            text = text[:LONGEST_MESSAGE] + " …"
        when = moment(message.at, screen.settings.times)
        screen.line((f"{when}  {message.source}, {visible(message.state)}", "dim"), indent=2)
        screen.line(text, indent=4)


def _treatment(screen: Screen, treatment: Sequence[str]) -> None:
    screen.heading("Treatment")
    if not treatment:
        screen.line("none needed", indent=2)
    for place, command in enumerate(treatment, start=1):
        screen.exact(f"{place}.", visible(command), room=3)
