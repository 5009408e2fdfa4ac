"""One pass of the guard: look, decide, rescue, tell, remember.

Whatever ends a pass (a signal, its time, a failure), what was done until then is remembered, and what people were to be
told is kept until it is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from clawmedic.disk.atomic import clear_temporaries
from clawmedic.disk.locks import state_lock
from clawmedic.errors import ClawmedicError
from clawmedic.guard.look import Seen, load_seen, save_seen
from clawmedic.guard.looking import look
from clawmedic.guard.memory import (
    LastPass,
    Memory,
    guard_folder,
    load_memory,
    put_damaged_aside,
    recall_attempts,
    save_memory,
)
from clawmedic.guard.orders import Notifier, Orders, Posted, Tools
from clawmedic.guard.report import PassReport
from clawmedic.guard.rounds import Rounds
from clawmedic.guard.stopping import PassEnd
from clawmedic.model.cause import Cause
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.signals import Action
from clawmedic.model.verdict import Verdict
from clawmedic.notify.outbox import FILE_NAME
from clawmedic.operations.history import list_operations
from clawmedic.settings import Settings

BUSY = "another guard watches this state directory"
OWN_FILES = ("memory.json", "seen.json", "logs.json")
VANISHED = "trouble the state directory cannot be read"


@contextmanager
def watching(settings: Settings) -> Iterator[None]:
    """The right to watch a state directory: one guard at a time.

    Raises:
        BusyError: another one does.
        RefusedError: our own folder cannot be written.
    """
    with state_lock(guard_folder(settings), busy=BUSY):
        yield


def guard_pass(settings: Settings, orders: Orders, tools: Tools, seen: Seen | None = None) -> PassReport:
    """One pass. It holds `watching`; with `--dry-run` it changes and remembers nothing, and holds nothing.

    Args:
        settings: where.
        orders: what is asked for.
        tools: what it works with.
        seen: what the pass before kept, where this process made it; else it is read.

    Raises:
        BusyError: another guard watches.
        NotFoundError: the store has vanished; people are told once.
        RefusedError: the memory cannot be read or written: nothing is touched without it.
    """
    if orders.dry_run:
        return _Pass(settings, orders, tools, load_memory(settings), seen or load_seen(settings)).run()
    with watching(settings):
        clear_temporaries(guard_folder(settings), *OWN_FILES)
        clear_temporaries(guard_folder(settings).parent, FILE_NAME)
        memory = load_memory(settings)
        return _Pass(settings, orders, tools, memory, seen if seen is not None else load_seen(settings)).run()


class _Pass:
    """One pass under way."""

    def __init__(self, settings: Settings, orders: Orders, tools: Tools, memory: Memory, seen: Seen) -> None:
        self.settings, self.orders, self.tools, self.memory, self.seen = settings, orders, tools, memory, seen
        self.at = settings.now()
        self.problems: list[str] = []
        self.fresh: tuple[Notice, ...] = ()

    def run(self) -> PassReport:
        self._recollect()
        rounds = Rounds(self.settings, self.orders, self.tools, self.memory, at=self.at, save=self._save)
        ended_early = ""
        try:
            self._look_and_act(rounds)
        except PassEnd as end:
            ended_early = f"the pass was ended: {end.why}"
        report = self._report(rounds, ended_early)
        if self.orders.dry_run:
            return report
        with self.tools.stopping.sealed():
            self._remember(report)
        if ended_early:
            return report
        try:
            return self._told(report)
        except PassEnd as end:  # what nobody was told yet waits for the next pass
            return report.with_told((), (*self.problems, f"telling people was ended: {end.why}"))

    def _look_and_act(self, rounds: Rounds) -> None:
        rounds.put_right()
        try:
            rounds.look = look(self.settings, self.seen, self.tools.stopping.check)
        except ClawmedicError as error:
            self._tell_vanished(error)
            raise
        self._returned()
        rounds.make()
        if any(result.ok for result in rounds.results):
            rounds.look = look(self.settings, self.seen, self.tools.stopping.check)

    # Memory

    def _recollect(self) -> None:
        """Put a damaged memory aside, and take from the journal what it must not forget."""
        memory, guard = self.memory, self.orders.configuration.guard
        if memory.problem and not self.orders.dry_run:
            aside = put_damaged_aside(self.settings, memory)
            recall_attempts(memory, list_operations(self.settings), self.at - guard.window_ms)
            self.problems.append(
                f"the guard's memory was damaged ({memory.problem}); it was put aside as {aside}, "
                "and the attempts were taken from the journal"
            )
            memory.problem = ""
        if memory.settle_clock(self.at):
            self.problems.append("the clock was put back since the last pass: later times count as now")

    def _save(self) -> None:
        with self.tools.stopping.sealed():
            save_memory(self.settings, self.memory)

    def _remember(self, report: PassReport) -> None:
        memory = self.memory
        memory.passes += 1
        totals = tuple(sorted((verdict.value, count) for verdict, count in report.totals.items()))
        took = self.settings.now() - self.at
        memory.last = LastPass(self.at, took, int(report.exit_code), totals, report.ended_early)
        memory.forget_idle(self.at)
        save_memory(self.settings, memory)
        try:
            save_seen(self.settings, self.seen)
        except ClawmedicError as error:  # a cache: the next pass reads more
            self.problems.append(error.message)

    # People

    def _told(self, report: PassReport) -> PassReport:
        """Hand over what people are to be told; what is known already they are not told again."""
        notifier = self.tools.notifier
        if notifier is None:
            return report
        posted = self._handed_over(notifier)
        for notice in posted.fresh:
            fields = (("kind", notice.kind), ("unanswered", notice.unanswered), ("title", notice.title))
            self.tools.diary.note(Action(self.settings.now(), "notice", ",".join(notice.keys), fields))
        return report.with_told(posted.fresh, (*self.problems, *posted.problems))

    def _handed_over(self, notifier: Notifier) -> Posted:
        """What has ended first: when it has come again since, people are told of it again."""
        memory = self.memory
        notifier.forget(*memory.over)
        posted = notifier.send(memory.outbox)
        if memory.outbox or memory.over:
            memory.outbox.clear()
            memory.over.clear()
            self._save()
        return posted

    def _tell_vanished(self, error: ClawmedicError) -> None:
        """A store that was there and is not any more is told once, whatever becomes of this call."""
        if self.orders.dry_run or not self.memory.passes:
            return
        self.memory.outbox.append(
            Notice(
                NoticeKind.TROUBLE,
                self.at,
                (),
                "the guard finds no sessions to watch",
                (error.message, *filter(None, [error.hint])),
                condition=VANISHED,
            )
        )
        if VANISHED not in self.memory.troubles:
            self.memory.troubles.append(VANISHED)
        self._save()
        if self.tools.notifier is not None:
            self._handed_over(self.tools.notifier)

    def _returned(self) -> None:
        """The store is back: the next time it vanishes people are told again."""
        if VANISHED in self.memory.troubles and not self.orders.dry_run:
            self.memory.over.append(VANISHED)

    # Report

    def _report(self, rounds: Rounds, ended_early: str) -> PassReport:
        seen_now, guard = rounds.look, self.orders.configuration.guard
        by_agent: dict[str, dict[Verdict, int]] = {}
        for sight in seen_now.sights:
            counted = by_agent.setdefault(sight.agent, dict.fromkeys(Verdict, 0))
            counted[sight.verdict] += 1
        return PassReport(
            at=self.at,
            ended_at=self.settings.now(),
            policy=self.orders.policy or guard.policy,
            configured=self.orders.configured,
            dry_run=self.orders.dry_run,
            paused_until=rounds.hour.paused_until,
            generation=seen_now.generation,
            version=seen_now.version,
            totals=seen_now.totals,
            by_agent=by_agent,
            causes=Counter(sight.cause or Cause.UNKNOWN for sight in seen_now.sights if sight.ill),
            unanswered=sum(sight.unanswered for sight in seen_now.sights),
            rescues=tuple((*came, count) for came, count in sorted(self.memory.rescues.items())),
            attempts_left=self._attempts_left(rounds),
            sessions=tuple(rounds.lines),
            outages=tuple(rounds.outage_lines),
            results=tuple(rounds.results),
            operation_ids=tuple(rounds.operation_ids),
            notes=tuple(rounds.notes),
            troubles=seen_now.troubles,
            recovered=rounds.recovered,
            problems=(*self.problems, *seen_now.problems),
            ended_early=ended_early,
            read=seen_now.read,
        )

    def _attempts_left(self, rounds: Rounds) -> tuple[tuple[str, int], ...]:
        """Key and attempts that are left, of keys that had any within their window."""
        left = []
        for sight in rounds.look.sights:
            record = self.memory.records.get(sight.name)
            if record is not None and record.attempts:
                terms = rounds.terms(sight)
                used = len(record.attempts_since(self.at - terms.window_ms))
                left.append((sight.key, max(0, terms.attempts - used)))
        return tuple(left)
