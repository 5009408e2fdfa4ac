"""The pages of a rescue: what would be done for each session, each rung as it is tried, and what people are told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import RungResult
from clawmedic.output.operations import show_plans
from clawmedic.output.operations_documents import plans_document
from clawmedic.output.palette import VERDICTS
from clawmedic.output.screen import WIDE, Cell, Column, Screen
from clawmedic.output.sink import write_json
from clawmedic.output.text import count_of, moment, visible
from clawmedic.recovery.ladder import Decision, GiveUp, Hold, Try, Well
from clawmedic.recovery.rescue import Outlook, Round, SilentWitness, Witness
from clawmedic.recovery.rungs.escalate import advice
from clawmedic.settings import Settings, Times

_NOTICE_STYLES = {
    NoticeKind.RESCUED: "green",
    NoticeKind.ESCALATION: "bold red",
    NoticeKind.OUTAGE: "bold yellow",
    NoticeKind.DEAD: "bold red",
    NoticeKind.RECOVERED: "green",
    NoticeKind.WARNING: "yellow",
    NoticeKind.PAUSED: "cyan",
    NoticeKind.TROUBLE: "bold red",
    NoticeKind.TEST: "cyan",
}


def show_outlooks(settings: Settings, planned: Round) -> None:
    """What would be done: a line for each session, then the plans in full. JSON: the plans, and why the others not."""
    if settings.json:
        plans = [one.decision.treatment.plan for one in planned.outlooks if isinstance(one.decision, Try)]
        not_tried = [
            (one.patient.session.key, _words(one.decision, Times(utc=True)))
            for one in planned.outlooks
            if not isinstance(one.decision, Try)
        ]
        write_json(plans_document(plans, not_tried))
        return
    screen = Screen(settings)
    if not planned.outlooks:
        screen.line("no session is dead or stuck")
        return
    columns = [
        Column("SESSION", flexible=True),
        Column("VERDICT"),
        Column("CAUSE"),
        Column("FIRST"),
        Column("WHY", flexible=True, loses="end", below=WIDE),
    ]
    screen.table(columns, [_row(settings, one) for one in planned.outlooks])
    screen.blank()
    for one in planned.outlooks:
        if isinstance(one.decision, Try):
            show_plans(screen, [one.decision.treatment.plan])
        elif isinstance(one.decision, GiveUp):
            _show_given_up(screen, one, one.decision)


def _row(settings: Settings, one: Outlook) -> list[Cell]:
    patient = one.patient
    verdict = patient.report.verdict
    first = one.decision.rung.name if isinstance(one.decision, Try) else _WORDS[type(one.decision)]
    return [
        Cell(visible(patient.session.key)),
        Cell(VERDICTS[verdict].label, VERDICTS[verdict].style),
        Cell(str(patient.ailment.cause or "-")),
        Cell(first, "bold" if isinstance(one.decision, Try) else "dim"),
        Cell(visible(_first_words(settings, one))),
    ]


def _first_words(settings: Settings, one: Outlook) -> str:
    if isinstance(one.decision, GiveUp):
        return next(iter(advice(one.patient)), one.patient.report.why)
    return _words(one.decision, settings.times)


_WORDS: dict[type, str] = {Hold: "wait", GiveUp: "escalate", Well: "nothing"}


def _words(decision: Decision, times: Times) -> str:
    if isinstance(decision, Hold):
        when = f"; look again at {moment(decision.until, times)}" if decision.until is not None else ""
        return f"{decision.reason}{when}"
    if isinstance(decision, GiveUp):
        return "; ".join(decision.reasons) or "no rung is for this"
    return decision.reason


def _show_given_up(screen: Screen, one: Outlook, decision: GiveUp) -> None:
    screen.line((visible(one.patient.session.key), "bold"))
    for line in advice(one.patient):
        screen.labelled("!", visible(line), room=3, style="yellow")
    for reason in decision.reasons:
        screen.labelled("-", visible(reason), room=3)


def show_notices(settings: Settings, notices: Sequence[Notice]) -> None:
    """What people should know: outages, and sessions that need a person."""
    screen = Screen(settings)
    for notice in notices:
        if notice.kind is NoticeKind.RESCUED:
            if notice.unanswered and not settings.quiet:
                waiting = count_of(notice.unanswered, "message")
                screen.line(f"{waiting} of {visible(', '.join(notice.keys))} had no answer")
            continue
        screen.line((visible(notice.title), _NOTICE_STYLES[notice.kind]))
        for line in notice.lines:
            screen.labelled("-", visible(line), room=3)


@contextmanager
def live_witness(settings: Settings) -> Iterator[Witness]:
    """Told of each rung: on a terminal a line for each on standard error; elsewhere silence."""
    if settings.quiet or settings.json or not sys.stderr.isatty():
        yield SilentWitness()
    else:
        yield _Teller()


class _Teller:
    """One line when a rung begins, one when it ends."""

    def begins(self, key: str, rung: str, sentence: str) -> None:
        """A rung is about to be tried."""
        sys.stderr.write(f"{visible(key)}: {rung}: {visible(sentence)} …\n")
        sys.stderr.flush()

    def ended(self, key: str, result: RungResult) -> None:
        """It has ended."""
        word = "done" if result.ok else f"failed: {visible(result.error)}"
        sys.stderr.write(f"{visible(key)}: {result.rung}: {word}\n")
        sys.stderr.flush()
