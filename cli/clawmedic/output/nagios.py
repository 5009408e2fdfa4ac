"""`scan --format nagios`: the convention of monitoring plugins.

Exit codes: 2 for dead and stuck sessions and critical store findings; 1 for suspect, damaged and at-risk
sessions and
store errors or warnings; 0 for none of these; 3 when nothing could be examined. `--fail-on` has no say here.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.verdict import Verdict
from clawmedic.output.palette import VERDICTS
from clawmedic.output.sink import write_text
from clawmedic.output.text import count_of, visible
from clawmedic.triage.threshold import reaches

STATES = ("OK", "WARNING", "CRITICAL")


def write_nagios(report: ScanReport, sessions: Sequence[SessionReport]) -> int:
    """Write status line, long output and performance data; returns the plugin's exit code."""
    code = _code(report, sessions)
    sick = [item for item in sessions if item.verdict is not Verdict.HEALTHY]
    counts = {verdict: sum(item.verdict is verdict for item in sessions) for verdict in Verdict}
    said = [f"{count} {VERDICTS[verdict].word}" for verdict, count in counts.items() if count]
    summary = f"{count_of(len(sessions), 'session')}: {', '.join(said)}" if said else "no sessions"
    if report.store_findings:
        summary += f"; {count_of(len(report.store_findings), 'store finding')}"
    perfdata = " ".join(f"{verdict.value}={count};;;0" for verdict, count in counts.items())
    lines = [f"CLAWMEDIC {STATES[code]} - {summary} | {perfdata} sessions={len(sessions)};;;0"]
    lines += [_plain(f"{f.severity.value}: {f.code.value} {f.subject}") for f in report.store_findings]
    lines += [
        _plain(f"{VERDICTS[item.verdict].word}: {item.session.key} {_reason(item)}") for item in _worst(sick)
    ]
    write_text("\n".join(lines))
    return code


def _code(report: ScanReport, sessions: Sequence[SessionReport]) -> int:
    if reaches(sessions, report.store_findings, Verdict.STUCK):
        return 2
    return 1 if reaches(sessions, report.store_findings, Verdict.AT_RISK) else 0


def _worst(sessions: Sequence[SessionReport]) -> list[SessionReport]:
    return sorted(sessions, key=lambda item: item.verdict.rank)


def _reason(item: SessionReport) -> str:
    return f"({item.cause.value})" if item.cause else f"({item.why})"


def _plain(text: str) -> str:
    """The bar separates performance data; it must not come from a session key."""
    return visible(text).replace("|", "/")
