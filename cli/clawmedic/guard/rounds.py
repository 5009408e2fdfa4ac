"""The rounds of a pass: from what was seen to what is done about each session, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from clawmedic.errors import BusyError
from clawmedic.guard.deciding import Ill, Ruling, line_of, rule, the_ill
from clawmedic.guard.look import Look
from clawmedic.guard.memory import Memory, OutageRecord
from clawmedic.guard.orders import Orders, Tools
from clawmedic.guard.outages import Outage
from clawmedic.guard.pausing import load_pause
from clawmedic.guard.policy import Hour, May, Terms, back_off, cool_until, passing, terms_for
from clawmedic.guard.progress import going_in_circles
from clawmedic.guard.reckoning import (
    early_warning,
    ended_conditions,
    give_up,
    observed,
    over_notice,
    paused_notice,
    person_needed,
    rescued_notice,
    take_note,
    trouble_condition,
    trouble_notice,
)
from clawmedic.guard.record import Came, KeyRecord
from clawmedic.guard.report import Did, OutageLine, SessionLine
from clawmedic.guard.sight import Sight
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import KeyResult, OperationState
from clawmedic.model.policy import Policy
from clawmedic.model.signals import Action, Scalar
from clawmedic.operations.history import list_operations
from clawmedic.settings import Settings

if TYPE_CHECKING:
    from clawmedic.guard.treating import Bench, NoWay, Tried
    from clawmedic.operations.run import Recovered, Run


class Rounds:
    """One pass's rounds. Whatever ends them, what they came to so far is in here and in the memory."""

    def __init__(
        self,
        settings: Settings,
        orders: Orders,
        tools: Tools,
        memory: Memory,
        *,
        at: int,
        save: Callable[[], None],
    ) -> None:
        self.settings, self.orders, self.tools, self.memory, self.at = settings, orders, tools, memory, at
        self.save = save
        self.hour = Hour(at, orders.configuration.guard, load_pause(settings).until)
        self.look = Look(())
        self.lines: list[SessionLine] = []
        self.outage_lines: list[OutageLine] = []
        self.results: list[KeyResult] = []
        self.operation_ids: list[str] = []
        self.notes: list[str] = []
        self.recovered: tuple[Recovered, ...] = ()

    def put_right(self) -> None:
        """What an earlier run left in the middle is rolled back before anything is looked at: it may look whole.

        Raises:
            RefusedError: clawmedic's own folder cannot be written.
        """
        states = {one.state for one in list_operations(self.settings)}
        if self.orders.dry_run or OperationState.INTERRUPTED not in states:
            return
        with suppress(BusyError), self._changing() as run:
            self.recovered = run.recovered

    def make(self) -> None:
        """Go through all sessions.

        Raises:
            PassEnd: the pass ends early. RefusedError: the memory cannot be written.
        """
        self._take_notes()
        ill, outages = the_ill(
            ((sight, self.terms(sight)) for sight in self.look.sights), self.memory, self.hour
        )
        waiting = [one for one in ill if not self._ruled(one)]
        try:
            if self.orders.dry_run:
                for one in waiting:
                    self._rehearse(one)
            elif waiting or _interrupted(self.memory):
                self._rescue(waiting)
        finally:
            self._close_outages(outages)

    # What is seen

    def terms(self, sight: Sight) -> Terms:
        """What the rules say of a session."""
        return terms_for(sight, self.orders.configuration.guard, self.orders.policy)

    def _take_notes(self) -> None:
        """What was seen goes into the memory; recoveries, warnings and troubles to people."""
        for sight in self.look.sights:
            terms = self.terms(sight)
            if terms.policy is not Policy.IGNORE:
                self._tell(*take_note(self.memory, sight, terms, self.at))
                self._warn(sight, terms)
        present = {trouble_condition(one): one for one in self.look.troubles}
        over = [one for one in self.memory.troubles if one not in present]
        self._tell(*(trouble_notice(one, self.at) for one in present.values()))
        self.memory.troubles = sorted(present)
        if self.hour.paused:
            self._tell(paused_notice(self.hour.paused_until, self.at))
        self._forget([*over, *ended_conditions(self.memory, self.look.sights)])

    def _warn(self, sight: Sight, terms: Terms) -> None:
        record = self.memory.records.get(sight.name)
        if record is None or self.hour.paused:
            return
        turns = self.orders.configuration.guard.warn_turns
        warned = early_warning(record, sight, terms, turns, self.at)
        if warned is not None:
            self._tell(warned)
            self._line(Ill(sight, terms, record, May(0, 0)), Ruling(Did.WARNED, warned.title))

    def _tell(self, *notices: Notice | None) -> None:
        """Put them where they are kept until people were told."""
        self.memory.outbox += [one for one in notices if one is not None and not self.orders.dry_run]

    def _forget(self, conditions: list[str]) -> None:
        """They have ended: kept, too, until whoever tells people knows."""
        if not self.orders.dry_run:
            self.memory.over += conditions

    def _line(self, one: Ill, ruling: Ruling) -> None:
        self.lines.append(line_of(one, ruling, self.at))

    def _note(self, event: str, sight: Sight, **fields: Scalar) -> None:
        facts = (("cause", sight.cause), *fields.items())
        if self.orders.dry_run:
            return
        self.tools.diary.note(Action(self.settings.now(), event, sight.key, facts))

    # What is done

    def _ruled(self, one: Ill) -> bool:
        """Whether nothing is tried; its line is written then, and people hear of it where they must."""
        ruling = rule(one, self.memory.outages, self.at)
        if ruling is None:
            return False
        sight, terms, record = one.sight, one.terms, one.record
        if ruling.did is Did.PERSON and record.given_up is None and not record.no_way:
            # It was rescued each time, and died each time.
            why = going_in_circles(record, sight, self.at - terms.window_ms) or ruling.reason
            self._give_up(one, why, (sight.why,))
            return True
        self._line(one, ruling)
        if one.outage is None and not self.hour.paused:
            if ruling.did is Did.OBSERVED:
                self._tell(observed(record, sight, terms, self.at, configured=self.orders.configured))
            elif ruling.did is Did.PERSON:
                seen = (sight.why,)
                self._tell(person_needed(record, sight, terms, reason=ruling.reason, lines=seen, now=self.at))
        return True

    def _rehearse(self, one: Ill) -> None:
        """`--dry-run`: what would be begun with."""
        from clawmedic.guard.treating import planned_for, words_of

        with planned_for(
            self.settings, self.tools, self.orders, one.sight, one.effective(self.at)
        ) as planned:
            self._line(one, Ruling(Did.HELD, f"would try {words_of(planned.outlooks[0].decision)}"))

    def _rescue(self, waiting: list[Ill]) -> None:
        from clawmedic.guard.treating import Bench

        left = list(waiting)
        why = "the pass ended before it was its turn"
        try:
            with self._changing() as run:
                self.recovered = (*self.recovered, *run.recovered)
                bench = Bench(self.settings, self.orders, self.tools, run, self.save)
                self._finish_interrupted(bench)
                self._treat_all(bench, left)
        except BusyError as error:
            why = error.message
        finally:
            for one in left:
                self._line(one, Ruling(Did.HELD, why))

    def _changing(self) -> AbstractContextManager[Run]:
        from clawmedic.operations.run import mutating_run

        reverse = self.tools.line().reverse if self.tools.line is not None else None
        stopped = self.orders.gateway_stopped
        return mutating_run(self.settings, gateway_stopped=stopped, reverse_call=reverse)

    def _treat_all(self, bench: Bench, left: list[Ill]) -> None:
        """Each in its turn; of an outage one is tried first, and the others when that worked."""
        failed: dict[str, int] = {}
        while left:
            one = left[0]
            outage = one.outage
            pause = load_pause(self.settings)
            if pause.lasts(self.settings.now()):
                self._line(one, Ruling(Did.HELD, "the guard is paused", pause.until))
            elif outage is not None and outage.condition in failed:
                reason = "it is part of an outage, and the first of its sessions could not be rescued"
                did = Did.PERSON if one.record.no_way else Did.HELD
                self._line(one, Ruling(did, one.record.no_way or reason, failed[outage.condition]))
            else:
                self.tools.stopping.require_time_for_rung()
                del left[0]
                rescued = self._treat(bench, one)
                if outage is not None and not rescued:
                    failed[outage.condition] = self._check_again(outage, one.terms)
                continue
            del left[0]

    def _treat(self, bench: Bench, one: Ill) -> bool:
        """Rescue one session; whether it answers again."""
        from clawmedic.guard.treating import NothingToDo, NotYet, NoWay, Tried, treat

        since = self.at - one.terms.window_ms
        if circles := going_in_circles(one.record, one.sight, since):
            self._give_up(one, circles, ())
            return False
        treated = treat(bench, one.sight, one.effective(self.at), one.record)
        if isinstance(treated, Tried):
            if treated.cut_short is not None:
                self._cut_short(one, treated)
                raise treated.cut_short
            self._tried(one, treated)
            return treated.rescued
        if isinstance(treated, NoWay):
            self._no_way(one, treated)
        else:
            until = treated.until if isinstance(treated, NotYet) else None
            one.record.look_again_at = until or 0
            self._line(one, Ruling(Did.HELD, treated.reason, until))
        return isinstance(treated, NothingToDo)

    def _cut_short(self, one: Ill, treated: Tried) -> None:
        one.record.end_attempt(treated.attempt)
        self.results.append(treated.result)
        self._line(one, Ruling(Did.HELD, treated.result.error))
        self.save()

    def _tried(self, one: Ill, treated: Tried) -> None:
        record, result, terms = one.record, treated.result, one.terms
        record.end_attempt(treated.attempt)
        record.look_again_at, record.looks, record.no_way = 0, 0, ""
        for rung in result.rungs:
            came = (rung.rung, "ok" if rung.ok else "failed")
            self.memory.rescues[came] = self.memory.rescues.get(came, 0) + 1
        self.results.append(result)
        self.operation_ids += [rung.operation_id for rung in result.rungs if rung.operation_id]
        self.notes += treated.notes
        if treated.rescued:
            self._rescued(one, treated)
        else:
            self._failed(one, treated)
        self.save()
        used = len(record.attempts_since(self.at - terms.window_ms))
        self._note(
            "rescued" if treated.rescued else "failed",
            one.sight,
            rung=result.action if treated.rescued else None,
            attempt=f"{used}/{terms.attempts}",
            error=result.error or None,
        )

    def _rescued(self, one: Ill, treated: Tried) -> None:
        self._forget(sorted(one.record.told))
        one.record.told.clear()
        one.record.close()
        one.record.verdict = ""
        own = [notice for notice in treated.notices if notice.kind is NoticeKind.RESCUED]
        told = own or [rescued_notice(one.sight, treated.result, self.at)]
        self._tell(*(told if one.terms.notify else ()))
        self._line(one, Ruling(Did.RESCUED, f"by {treated.result.action}"))

    def _failed(self, one: Ill, treated: Tried) -> None:
        used = len(one.record.attempts_since(self.at - one.terms.window_ms))
        circles = going_in_circles(one.record, one.sight, self.at - one.terms.window_ms)
        if used >= one.terms.attempts or circles:
            advice = next((notice.lines for notice in treated.notices), ())
            reason = circles or f"{_tries(used)} failed, the last one: {treated.result.error}"
            self._give_up(one, reason, advice)
            return
        until = cool_until(one.record, one.terms, self.at)
        self._line(one, Ruling(Did.FAILED, treated.result.error, until))

    def _give_up(self, one: Ill, reason: str, lines: tuple[str, ...]) -> None:
        notice = give_up(one.record, one.sight, one.terms, reason=reason, lines=lines, now=self.at)
        if one.outage is None:
            self._tell(notice)
        self._line(one, Ruling(Did.PERSON, reason))
        self._note("given-up", one.sight, reason=reason)

    def _no_way(self, one: Ill, treated: NoWay) -> None:
        """Nothing can be tried now: a person is told, and it is looked at again, less often with each time."""
        record, sight = one.record, one.sight
        record.looks += 1
        record.look_again_at = self.at + back_off(record.looks, one.terms)
        if treated.model_call and passing(sight):
            record.no_way = ""
            self._line(one, Ruling(Did.OUTAGE, treated.reason, record.look_again_at))
        else:
            record.no_way = treated.reason
            self._line(one, Ruling(Did.PERSON, treated.reason, record.look_again_at))
        if one.outage is None:
            reason, lines = treated.reason, treated.lines
            self._tell(person_needed(record, sight, one.terms, reason=reason, lines=lines, now=self.at))

    # What a killed pass left

    def _finish_interrupted(self, bench: Bench) -> None:
        """Attempts that were begun and never ended: the journal says what they came to."""
        from clawmedic.guard.treating import finish_interrupted

        sights = {sight.name: sight for sight in self.look.sights}
        operations = tuple(list_operations(self.settings))
        for record in _interrupted(self.memory):
            sight = sights.get((record.agent, record.key))
            for attempt in [one for one in record.attempts if one.came is Came.BEGUN]:
                ended = None
                if sight is not None:
                    terms = self.terms(sight)
                    ended = finish_interrupted(bench, sight, terms, attempt, operations)
                if ended is None or sight is None:
                    record.end_attempt(attempt.failed("the pass was killed in the middle of it"))
                else:
                    self._tried(Ill(sight, terms, record, May(0, 0)), ended)
        self.save()

    # Outages

    def _check_again(self, outage: Outage, terms: Terms) -> int:
        known = self._outage_record(outage)
        known.checks += 1
        known.next_check = self.at + back_off(known.checks, terms)
        return known.next_check

    def _outage_record(self, outage: Outage) -> OutageRecord:
        made = OutageRecord(outage.condition, since=outage.since or self.at)
        return self.memory.outages.setdefault(outage.condition, made)

    def _close_outages(self, outages: tuple[Outage, ...]) -> None:
        """Bring the memory of outages up to date; people hear once of each, and of its end."""
        for outage in outages:
            self._one_outage(outage)
        present = {outage.condition for outage in outages}
        for condition in [one for one in self.memory.outages if one not in present]:
            over = self.memory.outages.pop(condition)
            self._forget([condition])
            if over.told and not any(self._was_rescued(key) for key in over.keys):
                self._tell(over_notice(over, self.at))

    def _one_outage(self, outage: Outage) -> None:
        members = [(sight, self.terms(sight)) for sight in outage.sights]
        known = self._outage_record(outage)
        known.keys, known.seen_at = [sight.key for sight in outage.sights], self.at
        acting = any(terms.policy not in (Policy.OBSERVE, Policy.IGNORE) for _, terms in members)
        records = [self.memory.records.get(sight.name) for sight in outage.sights if sight.ill]
        exhausted = bool(records) and all(
            one is not None and (one.given_up is not None or one.no_way) for one in records
        )
        if any(terms.notify for _, terms in members) and not self.hour.paused:
            known.told = True
            self._tell(outage.notice(self.at, acting=acting))
            if exhausted:
                self._tell(outage.exhausted_notice(self.at))
        if not outage.touchable and not known.next_check > self.at:
            self._check_again(outage, members[0][1])
        person = exhausted or not (outage.touchable or outage.passes)
        self.outage_lines.append(
            OutageLine(
                outage.provider,
                outage.cause,
                tuple(known.keys),
                outage.since,
                known.next_check or None,
                outage.passes,
                person=person,
            )
        )

    def _was_rescued(self, key: str) -> bool:
        since = self.at - self.orders.configuration.guard.window_ms
        return any(
            record.key == key and any(one.came is Came.RESCUED for one in record.attempts_since(since))
            for record in self.memory.records.values()
        )


def _interrupted(memory: Memory) -> list[KeyRecord]:
    return [
        record
        for record in memory.records.values()
        if any(attempt.came is Came.BEGUN for attempt in record.attempts)
    ]


def _tries(count: int) -> str:
    return "one attempt" if count == 1 else f"all {count} attempts"
