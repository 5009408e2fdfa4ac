"""One session is rescued within its terms: looked at closely, one attempt noted before anything is changed, the ladder.

The attempt is in the memory before its first rung begins: a pass that is killed has used it up all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.errors import AmbiguousError, ClawmedicError, ExitCode
from clawmedic.guard.memory import COMMAND
from clawmedic.guard.orders import Diary, Orders, Tools
from clawmedic.guard.policy import Terms
from clawmedic.guard.record import Attempt, Came, KeyRecord, RungNumbers
from clawmedic.guard.sight import Sight
from clawmedic.guard.stopping import PassEnd, Stopping
from clawmedic.model.notice import Notice
from clawmedic.model.outcome import KeyResult, OperationState, OperationSummary, Outcome, RungResult
from clawmedic.model.policy import Policy
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.signals import Action
from clawmedic.operations.run import Run
from clawmedic.recovery.ailment import AilmentKind
from clawmedic.recovery.ladder import Decision, GiveUp, Hold, Try, Well
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.probing import probed
from clawmedic.recovery.rescue import Clinic, Outlook, Round, carry_out, plan_round
from clawmedic.recovery.rungs.escalate import advice
from clawmedic.recovery.telling import told
from clawmedic.settings import Settings

_TRIED = frozenset({ExitCode.EXHAUSTED, ExitCode.PROOF_FAILED})
_KEPT_OUT = frozenset({ExitCode.BUSY, ExitCode.REFUSED})


class NothingToDo(Struct, frozen=True):
    """Looked at closely, it needs no rescue."""

    reason: str


class NotYet(Struct, frozen=True):
    """A young failure that may pass by itself. `until` is epoch milliseconds, None when it is not known."""

    reason: str
    until: int | None


class NoWay(Struct, frozen=True):
    """Nothing that may be tried is left, and nothing was tried. `lines` say what a person can do, and why not we."""

    reason: str
    lines: tuple[str, ...]
    model_call: bool


class Tried(Struct, frozen=True):
    """An attempt was made. `cut_short`: the pass ended in the middle of it."""

    attempt: Attempt
    result: KeyResult
    notices: tuple[Notice, ...] = ()
    notes: tuple[str, ...] = ()
    cut_short: PassEnd | None = None

    @property
    def rescued(self) -> bool:
        """Whether it answers again."""
        return self.attempt.came is Came.RESCUED


Treated: TypeAlias = NothingToDo | NotYet | NoWay | Tried


class Bench(Struct, frozen=True):
    """What treatments of one pass share. `save` writes the memory; a treatment that cannot be noted is not begun."""

    settings: Settings
    orders: Orders
    tools: Tools
    run: Run
    save: Callable[[], None]


def treat(bench: Bench, sight: Sight, terms: Terms, record: KeyRecord) -> Treated:
    """Rescue one session.

    Raises:
        RefusedError: the memory cannot be written: nothing was begun.
        PassEnd: the pass ends, and nothing was begun.
    """
    bench.tools.stopping.require_time_for_rung()
    now = bench.settings.now()
    try:
        with planned_for(bench.settings, bench.tools, bench.orders, sight, terms) as planned:
            outlook = planned.outlooks[0]
            if not isinstance(outlook.decision, Try):
                return _not_tried(outlook)
            record.add_attempt(Attempt(now, planned.group))
            bench.save()
            return _carried_out(bench, planned, outlook, terms, now)
    except ClawmedicError as error:
        if record.attempts and record.attempts[-1].came is Came.BEGUN and record.attempts[-1].at == now:
            raise  # the memory could not be written
        # Who owns the directory cannot be said, or the key has gone: it counts, so that it does not go on for ever.
        attempt = Attempt(now, f"refused-{now}", Came.REFUSED, (), error.message)
        record.add_attempt(attempt)
        result = KeyResult(sight.key, "none", ok=False, error=error.message, exit_code=error.exit_code)
        return Tried(attempt, result, notes=(error.hint,) if error.hint else ())


@contextmanager
def planned_for(
    settings: Settings, tools: Tools, orders: Orders, sight: Sight, terms: Terms
) -> Iterator[Round]:
    """The plan for one session, the key found anew.

    Raises:
        NotFoundError: it has gone. BusyError, RefusedError: who owns the state directory cannot be said.
    """
    mandate = Mandate(policy=terms.policy, agreed=True, models=terms.models)
    line = tools.line() if tools.line is not None else None
    clinic = Clinic(COMMAND, mandate, line, orders.gateway_stopped)
    reporter = SilentReporter()
    with ExitStack() as stack:
        try:
            planned = stack.enter_context(plan_round(settings, reporter, clinic, keys=[sight.key]))
        except AmbiguousError:  # two agents use the key
            planned = stack.enter_context(plan_round(settings, reporter, clinic, keys=[sight.session_id]))
        yield planned


def _not_tried(outlook: Outlook) -> Treated:
    patient, decision = outlook.patient, outlook.decision
    if isinstance(decision, Hold):
        return NotYet(decision.reason, decision.until)
    if isinstance(decision, Well):
        return NothingToDo(decision.reason)
    reasons = decision.reasons if isinstance(decision, GiveUp) else ()
    named = [re.sub(r"\bKEY\b", patient.session.key, line) for line in advice(patient)]
    return NoWay(patient.report.why, (*named, *reasons), patient.ailment.kind is AilmentKind.MODEL_CALL)


def _carried_out(bench: Bench, planned: Round, outlook: Outlook, terms: Terms, now: int) -> Tried:
    witness = _Witness(bench.tools.stopping, bench.tools.diary, bench.settings.now)
    cut_short: PassEnd | None = None
    try:
        with bench.tools.stopping.climbing():
            outcome = carry_out(bench.run, planned, witness)
    except PassEnd as end:
        cut_short = end
        outcome = Outcome(planned.group, (_cut_short(outlook, witness, end),))
    if cut_short is None and bench.tools.line and bench.orders.configuration.guard.probe:
        outcome = probed(bench.tools.line(), planned, outcome)
    if cut_short is None and terms.notify and bench.tools.line:
        outcome = told(bench.tools.line(), planned, outcome)
    result = outcome.results[0]
    # Where a rung had held, only the next look tells whether that was enough.
    open_end = cut_short is not None and any(rung.ok for rung in result.rungs)
    came = Came.BEGUN if open_end else came_of(result)
    numbers = () if came is Came.REFUSED else _numbers(result.rungs)
    attempt = Attempt(now, planned.group, came, numbers, result.error)
    return Tried(attempt, result, outcome.notices, outcome.notes, cut_short)


def came_of(result: KeyResult) -> Came:
    """What a climb came to. Where each rung was kept from beginning, by a run or a writer, nothing was tried."""
    if result.ok:
        return Came.RESCUED
    kept_out = result.exit_code in _KEPT_OUT and all(one.state is None for one in result.rungs)
    tried = result.exit_code in _TRIED or (bool(result.rungs) and not kept_out)
    return Came.FAILED if tried else Came.REFUSED


def _numbers(rungs: tuple[RungResult, ...]) -> tuple[RungNumbers, ...]:
    return tuple(
        RungNumbers(
            one.rung,
            one.ok,
            one.proof.tokens_before if one.proof else None,
            one.proof.tokens_after if one.proof else None,
            one.proof.bytes_before if one.proof else None,
        )
        for one in rungs
    )


def _cut_short(outlook: Outlook, witness: _Witness, end: PassEnd) -> KeyResult:
    """What is known of a climb that the end of the pass broke off: the rungs that had ended."""
    words = f"the pass was ended ({end.why}) "
    words += f"in {witness.open_rung}, which was rolled back" if witness.open_rung else "between two rungs"
    key = outlook.patient.session.key
    rungs = tuple(witness.results)
    return KeyResult(key, "none", ok=False, rungs=rungs, error=words, exit_code=ExitCode.PARTIAL)


class _Witness:
    """Ends the climb before a rung when the pass is to end, keeps what the rungs came to, and tells the diary."""

    def __init__(self, stopping: Stopping, diary: Diary, clock: Callable[[], int]) -> None:
        self._stopping, self._diary, self._clock = stopping, diary, clock
        self.results: list[RungResult] = []
        self.open_rung = ""

    def begins(self, key: str, rung: str, sentence: str) -> None:
        del key, sentence
        self._stopping.require_time_for_rung()
        self.open_rung = rung

    def ended(self, key: str, result: RungResult) -> None:
        self.open_rung = ""
        self.results.append(result)
        proof = result.proof
        fields = (
            ("rung", result.rung),
            ("ok", result.ok),
            ("operation", result.operation_id or None),
            ("tokens_before", proof.tokens_before if proof else None),
            ("tokens_after", proof.tokens_after if proof else None),
            ("error", result.error or None),
        )
        self._diary.note(Action(self._clock(), "rung", key, fields))


def finish_interrupted(
    bench: Bench, sight: Sight, terms: Terms, attempt: Attempt, operations: tuple[OperationSummary, ...]
) -> Tried | None:
    """What became of an attempt in the middle of which a pass was killed: by the journal, which knows.

    Its chat is told now when it was rescued; the gateway knows from the note's own key whether it was told before.
    None when it was not rescued: the attempt then counts as failed.
    """
    done = [
        one
        for one in reversed(operations)
        if one.operation_id.partition(".")[0] == attempt.group and one.state is OperationState.DONE
    ]
    if not done or sight.ill:
        return None
    last = done[-1]
    rungs = tuple(
        RungResult(
            rung=one.rungs[-1] if one.rungs else COMMAND,
            ok=True,
            operation_id=one.operation_id,
            state=one.state,
            reversible=one.reversible,
            backup=next(iter(one.backups), None),
        )
        for one in done
    )
    backup = next((one.backup for one in rungs if one.backup), None)
    result = KeyResult(
        sight.key, rungs[-1].rung, ok=True, rungs=rungs, backup=backup, reversible=last.reversible
    )
    outcome = Outcome(attempt.group, (result,))
    if terms.notify and bench.tools.line:
        only_look = replace(terms, policy=Policy.OBSERVE)
        with planned_for(bench.settings, bench.tools, bench.orders, sight, only_look) as planned:
            outcome = told(bench.tools.line(), planned, outcome)
    return Tried(replace(attempt, came=Came.RESCUED), result, notes=outcome.notes)


def words_of(decision: Decision) -> str:
    """A decision in one line, for `--dry-run`."""
    if isinstance(decision, Try):
        return f"{decision.rung.name}: {decision.reason}"
    if isinstance(decision, GiveUp):
        return "no way: " + ("; ".join(decision.reasons) or "no rung is for this")
    return decision.reason
