"""The page of `scan`: what needs a person stands first, and each such session says why and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from clawmedic.model.finding import Finding
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.verdict import Verdict
from clawmedic.output.palette import SEVERITIES, STORES, VERDICTS, cause_word
from clawmedic.output.screen import Cell, Column, Screen
from clawmedic.output.text import (
    UNKNOWN,
    age,
    count_of,
    in_words,
    minute,
    moment,
    percent,
    size,
    tokens,
    visible,
)
from clawmedic.triage.knowledge import find
from clawmedic.triage.outages import Outage, outages

MID, WIDE = 100, 140
FEW = 20
"""Up to so many sessions the healthy ones are listed too."""
MOST_DETAILS = 12


class ScanPage(Struct, frozen=True):
    """What is shown: the examination, the chosen sessions, and how long it took (milliseconds)."""

    report: ScanReport
    sessions: Sequence[SessionReport]
    elapsed_ms: int
    list_healthy: bool = False


def show_scan(screen: Screen, page: ScanPage) -> None:
    """Heading, table, details of what needs a person, totals."""
    quiet = screen.settings.quiet
    if not quiet:
        _heading(screen, page.report)
    listed = _listed(page)
    if not page.sessions:
        screen.line(
            "no session fits these filters" if page.report.sessions else "this store holds no session"
        )
    if listed:
        _table(screen, page.report, listed)
    _store(screen, page.report.store_findings)
    _outages(screen, outages(page.sessions))
    _details(screen, [item for item in listed if item.verdict is not Verdict.HEALTHY])
    for problem in page.report.problems:
        screen.labelled("note", visible(problem), indent=0, room=6)
    if not quiet:
        _totals(screen, page, len(listed))


def _heading(screen: Screen, report: ScanReport) -> None:
    version = f"OpenClaw {visible(report.version)}" if report.version else "OpenClaw of unknown version"
    when = moment(report.scanned_at, screen.settings.times)
    screen.line((version, "bold"), f", {STORES[report.generation]}, {when}")
    screen.exact("", visible(str(report.state_dir)), style="dim", indent=0, room=0)
    screen.blank()


def _listed(page: ScanPage) -> list[SessionReport]:
    worst_first = sorted(page.sessions, key=lambda item: (item.verdict.rank, -(item.session.updated_at or 0)))
    if page.list_healthy or len(worst_first) <= FEW:
        return worst_first
    return [item for item in worst_first if item.verdict is not Verdict.HEALTHY]


def _table(screen: Screen, report: ScanReport, sessions: Sequence[SessionReport]) -> None:
    columns = [Column("VERDICT"), Column("SESSION", flexible=True), Column("SIZE", "right")]
    if screen.width >= WIDE:
        columns += [Column("ENTRIES", "right"), Column("TOKENS", "right")]
    columns += [Column("BUDGET", "right"), _when(screen)]
    if screen.width >= WIDE:
        columns += [Column("STATUS"), Column("MODEL")]
    if screen.width >= MID:
        columns.append(Column("REASON"))
    screen.table(columns, [_row(screen, item, report.scanned_at) for item in sessions])


def _when(screen: Screen) -> Column:
    times = screen.settings.times
    if not times.absolute:
        return Column("AGE", "right")
    return Column("UPDATED (UTC)" if times.utc and screen.width >= MID else "UPDATED")


def _updated(at: int | None, now: int, screen: Screen) -> str:
    times = screen.settings.times
    if not times.absolute:
        return age(at, now)
    year = len("2026-") if screen.width < MID and not times.iso else 0
    return minute(at, times)[year:] or UNKNOWN


def _row(screen: Screen, item: SessionReport, now: int) -> list[Cell]:
    width = screen.width
    look, session = VERDICTS[item.verdict], item.session
    cells = [
        Cell(look.label, look.style),
        Cell(visible(session.key)),
        Cell(size(session.transcript.size_bytes)),
    ]
    if width >= WIDE:
        budget = f"{tokens(item.budget.used_tokens)} of {tokens(item.budget.budget_tokens)}"
        cells += [Cell(UNKNOWN if item.entries is None else str(item.entries)), Cell(budget)]
    cells += [
        Cell(percent(item.budget.share), _budget_style(item.budget.share)),
        Cell(_updated(session.updated_at, now, screen)),
    ]
    if width >= WIDE:
        model = session.model_override or session.model or UNKNOWN
        cells += [Cell(visible(session.status or UNKNOWN), "dim"), Cell(visible(model), "dim")]
    if width >= MID:
        cells.append(Cell(_reason(item)))
    return cells


def _budget_style(share: float | None) -> str:
    if share is None or share < 0.8:
        return ""
    return "bold yellow" if share >= 1 else "cyan"


def _reason(item: SessionReport) -> str:
    if item.cause:
        return item.cause.value
    open_findings = [finding for finding in item.findings if not finding.acknowledged]
    if item.verdict is Verdict.HEALTHY or not open_findings:
        return ""
    return max(open_findings, key=lambda finding: _WEIGHT[finding.severity]).code.value


_WEIGHT = {severity: -place for place, severity in enumerate(SEVERITIES)}


def _store(screen: Screen, findings: Sequence[Finding]) -> None:
    for finding in findings:
        look = SEVERITIES[finding.severity]
        screen.blank()
        screen.line(
            (look.label, look.style), "  ", (finding.code.value, "bold"), "  ", visible(finding.subject)
        )
        for line in finding.evidence:
            screen.line(in_words(visible(line), screen.settings.times), indent=2)
        if finding.remedy:
            screen.exact("next", visible(finding.remedy))


def _outages(screen: Screen, found: Sequence[Outage]) -> None:
    for outage in found:
        screen.blank()
        sessions = count_of(len(outage.keys), "session")
        since = f" since {moment(outage.since, screen.settings.times)}" if outage.since is not None else ""
        screen.line(
            (f"One outage: {outage.cause.value} of provider {visible(outage.provider)}", "bold"),
            f", {sessions}{since}. One cure serves them all:",
        )
        screen.exact("next", f"clawmedic explain {outage.cause.value}")


def _details(screen: Screen, sick: Sequence[SessionReport]) -> None:
    shown = sick if screen.settings.verbose else sick[:MOST_DETAILS]
    for item in shown:
        _detail(screen, item)
    if len(shown) < len(sick):
        screen.blank()
        screen.line((f"{count_of(len(sick) - len(shown), 'more session')} not detailed: -v shows all", "dim"))


def _detail(screen: Screen, item: SessionReport) -> None:
    look = VERDICTS[item.verdict]
    screen.blank()
    screen.line((look.label, look.style), "  ", (visible(item.session.key), "bold"))
    screen.labelled("why", in_words(visible(item.why), screen.settings.times))
    if item.cause:
        screen.labelled("cause", (cause_word(item.cause), "bold"), f": {find(item.cause.value).title}")
    if item.unanswered:
        screen.labelled("waiting", count_of(len(item.unanswered), "message") + " without an answer")
    for remedy in _remedies(item):
        screen.exact("next", remedy)


def _remedies(item: SessionReport) -> list[str]:
    weighty = sorted(item.findings, key=lambda finding: -_WEIGHT[finding.severity])
    told = [finding.remedy for finding in weighty if finding.remedy and not finding.acknowledged]
    return [visible(remedy) for remedy in dict.fromkeys(told)][:1]


def _totals(screen: Screen, page: ScanPage, listed: int) -> None:
    counts = {verdict: sum(item.verdict is verdict for item in page.sessions) for verdict in Verdict}
    parts = [
        (f"{count} {VERDICTS[verdict].word}", VERDICTS[verdict].style)
        for verdict, count in counts.items()
        if count
    ]
    line: list[str | tuple[str, str]] = [(count_of(len(page.sessions), "session"), "bold")]
    for place, part in enumerate(parts):
        line += [": " if place == 0 else ", ", part]
    line.append(f". {page.elapsed_ms / 1000:.1f} s. {_logs_read(page.report)}")
    screen.blank()
    screen.line(*line)
    if listed < len(page.sessions):
        hidden = len(page.sessions) - listed
        screen.line((f"{count_of(hidden, 'healthy session')} not listed: --all shows them", "dim"))
    if not page.report.log_sources:
        screen.line(
            ("hint: ", "bold yellow"),
            "no log was found. Without logs a death is hardly visible: ",
            "name one with --log FILE, or use --journal.",
        )


def _logs_read(report: ScanReport) -> str:
    if not report.log_sources:
        return "No logs."
    first = visible(report.log_sources[0])
    more = f" and {len(report.log_sources) - 1} more" if len(report.log_sources) > 1 else ""
    return f"Logs: {first}{more}."
