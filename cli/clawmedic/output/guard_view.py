"""The pages of the guard: a pass for who runs it by hand, and what it remembers."""

from __future__ import annotations

from clawmedic.guard.report import Did, PassReport, SessionLine
from clawmedic.guard.status import GuardStatus, KeyStatus
from clawmedic.output.guard_lines import NO_POLICY, NO_POLICY_HINT
from clawmedic.output.palette import VERDICTS
from clawmedic.output.screen import WIDE, Cell, Column, Screen
from clawmedic.output.text import count_of, duration, moment, tokens, visible
from clawmedic.settings import Times

_STYLES = {
    Did.RESCUED: "green",
    Did.FAILED: "yellow",
    Did.HELD: "yellow",
    Did.OBSERVED: "yellow",
    Did.PERSON: "bold red",
    Did.OUTAGE: "bold yellow",
    Did.WARNED: "yellow",
}


def show_pass(screen: Screen, report: PassReport) -> None:
    """A pass for who ran it by hand."""
    times = screen.settings.times
    if report.paused_until:
        screen.line((f"paused until {moment(report.paused_until, times)}", "bold yellow"))
    if not report.configured and not report.dry_run:
        screen.line((NO_POLICY, "yellow"))
        screen.labelled("", NO_POLICY_HINT, room=2)
    if report.sessions:
        columns = [
            Column("SESSION", flexible=True),
            Column("VERDICT"),
            Column("CAUSE"),
            Column("DID"),
            Column("TRIES", align="right"),
            Column("WHY", flexible=True, loses="end", below=WIDE),
        ]
        screen.table(columns, [_row(line, times) for line in report.sessions])
    for outage in report.outages:
        next_look = f", looked at again {moment(outage.next_check, times)}" if outage.next_check else ""
        words = f"{visible(outage.provider)} fails ({outage.cause}): {count_of(len(outage.keys), 'session')}"
        screen.line((words, "bold yellow"), next_look)
    for trouble in report.troubles:
        screen.line((f"{trouble.code}  {visible(trouble.subject)}", "bold red"))
        screen.labelled("", visible(trouble.evidence), room=2)
    for note in report.notes:
        screen.labelled("note", visible(note), indent=0, room=6)
    if report.operation_ids:
        screen.exact("undo", f"clawmedic undo {report.operation_ids[-1].partition('.')[0]}")
    counted = ", ".join(
        f"{count} {VERDICTS[verdict].label}" for verdict, count in report.totals.items() if count
    )
    screen.line(f"{counted or 'no sessions'}; took {duration(report.ended_at - report.at)}")


def _row(line: SessionLine, times: Times) -> list[Cell]:
    verdict = VERDICTS[line.verdict]
    until = f"; again at {moment(line.until, times)}" if line.until else ""
    waiting = f"{count_of(line.unanswered, 'message')} unanswered; " if line.unanswered else ""
    return [
        Cell(visible(line.key)),
        Cell(verdict.label, verdict.style),
        Cell(str(line.cause or "-")),
        Cell(line.did.value, _STYLES[line.did]),
        Cell(f"{line.attempts}/{line.of}" if line.of else "-"),
        Cell(visible(f"{waiting}{line.reason}{until}")),
    ]


def show_status(screen: Screen, status: GuardStatus) -> None:
    """What the guard remembers."""
    times = screen.settings.times
    policy = (
        status.policy.value
        if status.policy
        else "by rules"
        if status.configured
        else "none: it only looks on"
    )
    screen.labelled("policy", (policy, "bold"), room=8)
    if status.paused_until:
        screen.labelled("paused", (f"until {moment(status.paused_until, times)}", "bold yellow"), room=8)
    last = status.last
    if last is None:
        screen.labelled("passes", "none yet: `clawmedic guard --once` makes one", room=8)
    else:
        words = f"{status.passes}, the last {moment(last.at, times)}: exit code {last.exit_code}"
        screen.labelled("passes", f"{words}, took {duration(last.duration_ms)}", room=8)
        counted = ", ".join(f"{count} {verdict}" for verdict, count in last.totals if count)
        screen.labelled("saw", counted or "no sessions", room=8)
    if status.rescues:
        counted = ", ".join(f"{rung} {came} {count}" for rung, came, count in status.rescues)
        screen.labelled("rungs", counted, room=8)
    if status.notices_waiting:
        screen.labelled("waiting", (count_of(status.notices_waiting, "notice"), "yellow"), room=8)
    if status.problem:
        screen.labelled("!", (f"the memory is damaged: {visible(status.problem)}", "bold red"), room=8)
    for one in status.outages:
        screen.labelled(
            "outage",
            (visible(one.condition.removeprefix("outage ")), "bold yellow"),
            f", {count_of(len(one.keys), 'session')}",
            room=8,
        )
    shown = [one for one in status.keys if one.attempts or one.given_up or one.waits_until or one.newest]
    if shown:
        screen.blank()
        columns = [
            Column("SESSION", flexible=True),
            Column("VERDICT"),
            Column("TRIES", align="right"),
            Column("NEWEST"),
            Column("STATE", flexible=True, loses="end", below=WIDE),
        ]
        screen.table(columns, [_status_row(one, times) for one in shown])
    growing = [one for one in status.keys if one not in shown and one.growing]
    if growing and screen.settings.verbose:
        screen.blank()
        for grown in growing:
            counts = " ".join(tokens(count) for _, count in grown.growing)
            screen.labelled("grows", visible(grown.key), f"  {counts}", room=6)


def _status_row(one: KeyStatus, times: Times) -> list[Cell]:
    if one.given_up:
        state, style = f"a person is needed: {one.given_up}", "bold red"
    elif one.waits_until:
        state, style = f"waits until {moment(one.waits_until, times)}", "yellow"
    else:
        state, style = "", ""
    return [
        Cell(visible(one.key)),
        Cell(one.verdict or "-"),
        Cell(f"{one.attempts}/{one.of}"),
        Cell(one.newest or "-"),
        Cell(visible(state), style),
    ]
