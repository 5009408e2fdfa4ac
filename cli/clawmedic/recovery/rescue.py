"""Rescuing one session or several: plan all, then climb for each; a failure of one does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, groupby
from typing import Protocol

from msgspec import Struct

from clawmedic.errors import BusyError, ClawmedicError, ExitCode, OvertakenError, RefusedError
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import KeyResult, OperationState, Outcome, RungResult
from clawmedic.model.plan import Reversible
from clawmedic.model.reporter import Reporter, SilentReporter
from clawmedic.model.session import Session
from clawmedic.operations.execute import execute
from clawmedic.operations.ids import member_id, new_operation_id
from clawmedic.operations.run import Run
from clawmedic.recovery.admission import Clinic, admit
from clawmedic.recovery.ladder import Decision, GiveUp, Hold, Try, Well, decide, is_over
from clawmedic.recovery.rung import Patient, Rung
from clawmedic.recovery.rungs.escalate import escalation, outage
from clawmedic.recovery.table import RUNGS
from clawmedic.recovery.ward import ILL, Ward
from clawmedic.settings import Settings
from clawmedic.stores.reader import StoreReader

LOOKS_AGAIN = 3
"""So often one climb plans anew when the session has moved on between the look and the act: people go on writing."""


class Witness(Protocol):
    """Is told of each rung while it is climbed."""

    def begins(self, key: str, rung: str, sentence: str) -> None:
        """A rung is about to be tried."""

    def ended(self, key: str, result: RungResult) -> None:
        """It has ended, well or not."""


class SilentWitness:
    """Says nothing."""

    def begins(self, key: str, rung: str, sentence: str) -> None:
        """Ignored."""

    def ended(self, key: str, result: RungResult) -> None:
        """Ignored."""


class Outlook(Struct, frozen=True):
    """What a rescue of one session would begin with. The plan in `decision` is the one that is carried out."""

    patient: Patient
    decision: Decision


class Round(Struct, frozen=True):
    """One call for one or several sessions, planned; the state directory stays open while it lasts."""

    clinic: Clinic
    ward: Ward
    group: str
    outlooks: tuple[Outlook, ...]
    rungs: Sequence[Rung] = RUNGS

    @property
    def tries_anything(self) -> bool:
        """Whether anything would be changed."""
        return any(isinstance(outlook.decision, Try) for outlook in self.outlooks)


@contextmanager
def plan_round(
    settings: Settings,
    reporter: Reporter,
    clinic: Clinic,
    *,
    keys: Sequence[str] = (),
    every_ill: bool = False,
    rungs: Sequence[Rung] = RUNGS,
) -> Iterator[Round]:
    """Look at the sessions and plan the first rung of each. Changes nothing.

    Args:
        settings: where to look.
        reporter: is told how far the work has come.
        clinic: what is asked for.
        keys: keys, session ids or parts of either.
        every_ill: every dead and stuck session besides.
        rungs: the ladder.

    Raises:
        NotFoundError, AmbiguousError: a key that names none, or several.
        BusyError, RefusedError: who owns the state directory cannot be said.
    """
    with Ward.open(settings, reporter) as ward:
        chosen: dict[tuple[str, str], tuple[StoreReader, Session]] = {}
        for store, session in [*map(ward.find, keys), *(ward.ill(reporter) if every_ill else ())]:
            chosen.setdefault((session.agent, session.key), (store, session))
        group = new_operation_id(settings.now())
        outlooks = []
        reporter.begin("planning", len(chosen))
        for number, (store, session) in enumerate(chosen.values(), 1):
            seen = ward.look_at(store, session)
            patient = admit(clinic, ward, seen, member=member_id(group, number))
            outlooks.append(Outlook(patient, decide(patient, rungs=rungs)))
            reporter.advance()
        reporter.end()
        yield Round(clinic, ward, group, tuple(outlooks), rungs)


def carry_out(run: Run, planned: Round, witness: Witness | None = None) -> Outcome:
    """Climb for each session as planned. Never raises what one session's rescue raised: that is in its result."""
    numbers = count(len(planned.outlooks) + 1)
    results: list[KeyResult] = []
    notes: list[str] = []
    left: list[tuple[Patient, tuple[str, ...]]] = []
    for outlook in planned.outlooks:
        climb = _Climb(
            run, planned, witness or SilentWitness(), lambda: member_id(planned.group, next(numbers))
        )
        results.append(climb.up(outlook))
        notes += [climb.note] if climb.note else []
        if climb.given_up is not None:
            left.append(climb.given_up)
    told = tuple(_notices(left, results, planned))
    return Outcome(planned.group, tuple(results), notes=tuple(notes), notices=told)


class _Climb:
    """One session's way up."""

    def __init__(self, run: Run, planned: Round, witness: Witness, next_member: Callable[[], str]) -> None:
        self.run, self.planned, self.witness, self.next_member = run, planned, witness, next_member
        self.done: list[RungResult] = []
        self.note = ""
        self.given_up: tuple[Patient, tuple[str, ...]] | None = None

    def up(self, outlook: Outlook) -> KeyResult:
        try:
            return self._climbed(outlook)
        except ClawmedicError as error:  # it could not be looked at once more: what was done stands
            return self._result(outlook.patient, error=error.message, code=error.exit_code)

    def _climbed(self, outlook: Outlook) -> KeyResult:
        patient, decision, overtaken = outlook.patient, outlook.decision, 0
        while isinstance(decision, Try):
            try:
                result = self._try(patient, decision)
            except ClawmedicError as error:
                failed = _failed(decision, error)
                self.witness.ended(patient.session.key, failed)
                if not isinstance(error, OvertakenError) or overtaken == LOOKS_AGAIN:
                    self.done.append(failed)
                    return self._result(patient, error=error.message, code=error.exit_code)
                overtaken += 1
                result = failed
            patient = self._look_again(patient)
            if result.ok and is_over(patient, decision.rung.name):
                return self._result(patient)
            decision = decide(patient, {one.rung for one in self.done}, self.planned.rungs)
        return self._ended(patient, decision)

    def _try(self, patient: Patient, chosen: Try) -> RungResult:
        plan = chosen.treatment.plan
        self.witness.begins(patient.session.key, chosen.rung.name, plan.steps[0].sentence)
        result = execute(self.run, plan, chosen.treatment.action, state=patient.state)
        self.done.append(result)
        self.witness.ended(patient.session.key, result)
        return result

    def _look_again(self, patient: Patient) -> Patient:
        """The patient anew. The store it comes from is a file store or read on demand: it may be closed again."""
        settings, clinic = self.run.settings, self.planned.clinic
        book = patient.book if patient.offline else None
        with Ward.open(settings, SilentReporter(), book) as ward:
            seen = ward.look(patient.session.key, patient.session.agent)
            return admit(clinic, ward, seen, member=self.next_member())

    def _ended(self, patient: Patient, decision: Decision) -> KeyResult:
        if isinstance(decision, Well) and not self.done:
            self.note = f"{patient.session.key}: {decision.reason}"
        helped = any(one.ok for one in self.done)
        if isinstance(decision, Well) and self.done and not helped:
            words = (
                f"{self.done[-1].rung} did not hold, though the session now looks {patient.report.verdict}"
            )
            return self._result(patient, error=f"{words}: {self.done[-1].error}", code=ExitCode.PROOF_FAILED)
        if isinstance(decision, Well) or (helped and patient.report.verdict not in ILL):
            return self._result(patient)
        if isinstance(decision, Hold):
            return self._result(patient, error=decision.reason, code=ExitCode.FINDINGS, action="wait")
        reasons = decision.reasons if isinstance(decision, GiveUp) else ()
        if patient.mandate.ordered:
            return self._not_done(patient, reasons)
        self.given_up = patient, tuple(reasons)
        failed = [one for one in self.done if not one.ok]
        why = failed[-1].error if failed else patient.report.why
        return self._result(
            patient, error=f"a person is needed: {why}", code=ExitCode.EXHAUSTED, action="escalate"
        )

    def _not_done(self, patient: Patient, reasons: Sequence[str]) -> KeyResult:
        """What was ordered by name could not be done: refused, or its proof did not hold."""
        failed = [one for one in self.done if not one.ok]
        if failed:
            return self._result(patient, error=failed[-1].error, code=ExitCode.PROOF_FAILED)
        words = "; ".join(reasons) or "there is no way to do this here"
        return self._result(patient, error=words, code=ExitCode.REFUSED, action=self.planned.clinic.command)

    def _result(
        self, patient: Patient, *, error: str = "", code: ExitCode = ExitCode.OK, action: str = ""
    ) -> KeyResult:
        good = [one for one in self.done if one.ok]
        last = good[-1] if good else self.done[-1] if self.done else None
        backup = next((one.backup for one in reversed(good) if one.backup), None)
        return KeyResult(
            key=patient.session.key,
            action=action or (last.rung if last else "none"),
            ok=not error,
            rungs=tuple(self.done),
            backup=backup,
            proof=last.proof if last else None,
            reversible=_weakest([one.reversible for one in good]),
            error=error,
            exit_code=code,
        )


_STRENGTH = (Reversible.BYTES, Reversible.STATE, Reversible.NO)


def _weakest(found: Sequence[Reversible]) -> Reversible:
    return max(found, key=_STRENGTH.index) if found else Reversible.NO


def _failed(decision: Try, error: ClawmedicError) -> RungResult:
    """A rung that raised: everything it did was rolled back, unless the error says otherwise."""
    begun = not isinstance(error, (RefusedError, BusyError))
    return RungResult(
        rung=decision.rung.name,
        ok=False,
        operation_id=decision.treatment.plan.operation_id if begun else "",
        state=OperationState.ROLLED_BACK if begun else None,
        error=error.message,
        notes=(error.hint,) if error.hint else (),
    )


def _notices(
    left: Sequence[tuple[Patient, tuple[str, ...]]], results: Sequence[KeyResult], planned: Round
) -> Iterator[Notice]:
    """Who answers again, one notice for each outage, one for each session that needs a person."""
    for outlook, result in zip(planned.outlooks, results, strict=True):
        done = [one for one in result.rungs if one.ok]
        if result.ok and done:
            yield _rescued(outlook, result, done[-1])
    down = [patient for patient, _ in left if patient.ailment.outage]
    down.sort(key=_outage_of)
    for _, patients in groupby(down, key=_outage_of):
        yield outage(list(patients))
    for patient, reasons in left:
        if not patient.ailment.outage:
            yield escalation(patient, reasons, planned.group)


def _outage_of(patient: Patient) -> tuple[str, str]:
    return patient.ailment.provider, str(patient.ailment.cause)


def _rescued(outlook: Outlook, result: KeyResult, last: RungResult) -> Notice:
    where = (f"the whole history is kept: {result.backup.name}",) if result.backup else ()
    return Notice(
        kind=NoticeKind.RESCUED,
        at=outlook.patient.settings.now(),
        keys=(result.key,),
        title=f"{result.key} can be used again ({result.action})",
        lines=where,
        operation_id=last.operation_id,
        unanswered=len(outlook.patient.report.unanswered),
        quotes=tuple(one.text for one in outlook.patient.report.unanswered),
    )


__all__ = ["Clinic", "Outlook", "Round", "SilentWitness", "Witness", "carry_out", "plan_round"]
