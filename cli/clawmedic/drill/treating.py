"""Asking for help as an operator would, and taking everything back: the real ladder, on one state directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.backups.catalogue import catalogue
from clawmedic.backups.choosing import choose
from clawmedic.drill.keeping import Fingerprint, ids_of
from clawmedic.drill.report import Treated
from clawmedic.drill.scenario import Asked, Helped, Scenario
from clawmedic.drill.story import Story
from clawmedic.errors import ClawmedicError
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import KeyResult, Outcome
from clawmedic.model.policy import Policy
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.verdict import Verdict
from clawmedic.operations.run import Run
from clawmedic.operations.undo import plan_undo, undo
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rescue import Clinic, Witness, carry_out, plan_round
from clawmedic.recovery.restoring import plan_restore, restore_live
from clawmedic.recovery.rung import Rung
from clawmedic.recovery.rungs.escalate import advice
from clawmedic.recovery.ward import Ward
from clawmedic.stores.opening import open_for_reading
from clawmedic.triage.logbook import LogBook

MANDATES = {
    Asked.RESCUE: Mandate(Policy.REVIVE, named=True, agreed=True),
    Asked.TO_THE_END: Mandate(Policy.RESET, explicit=True, named=True, agreed=True),
    Asked.MEND: Mandate(Policy.PRESERVE, explicit=True, named=True, agreed=True, ordered=True),
    Asked.RESET: Mandate(Policy.RESET, explicit=True, named=True, agreed=True, ordered=True),
}
"""What `clawmedic rescue|mend|reset KEY --yes` may do."""
WHOLE_LADDER = frozenset({Asked.RESCUE, Asked.TO_THE_END})


class Watcher(Witness, Protocol):
    """Is told for whom help is asked, and of each rung."""

    def treats(self, scenario: Scenario) -> None:
        """Help is about to be asked for, for this session and those that are treated with it."""


class Patient(Struct, frozen=True):
    """A scenario that was played: its story says where it lies."""

    scenario: Scenario
    story: Story


class _Called(Struct, frozen=True):
    """What one call came to; for each session what a person could do, and its verdict right afterwards."""

    outcome: Outcome
    advice: Sequence[tuple[str, ...]]
    after: Sequence[Verdict | None]


class Bedside(Struct, frozen=True):
    """One state directory in the drill's hands.

    Attributes:
        run: the right to change it.
        before: every file of it as it was made.
        rungs: the ladder.
        witness: is told of each rung.
    """

    run: Run
    before: Fingerprint
    rungs: Sequence[Rung]
    witness: Watcher

    def treat(self, patients: Sequence[Patient]) -> tuple[Treated, ...]:
        """Ask for help for sessions of one kind, look at them anew, take it back, and compare every byte."""
        self.witness.treats(patients[0].scenario)
        asked = patients[0].scenario.promise.asked
        held = [self._ids(patient) for patient in patients]
        try:
            called = self._restore(patients[0]) if asked is Asked.RESTORE else self._climb(asked, patients)
        except ClawmedicError as error:
            hints = (error.hint,) if error.hint else ()
            after = self._verdicts([patient.story.key for patient in patients], None)
            refused = Treated(Helped.REFUSED, told=(error.message, *hints), advice=hints)
            return self._compared([replace(refused, after=one) for one in after])
        lost = [len(ids - self._ids(patient)) for ids, patient in zip(held, patients, strict=True)]
        undone = self._undo(called.outcome)
        treated = [
            replace(_treated(one, called.outcome.notices, words), after=after, lost=gone)
            for one, words, after, gone in zip(
                called.outcome.results, called.advice, called.after, lost, strict=True
            )
        ]
        return self._compared([replace(one, undone=undone if one.rungs else None) for one in treated])

    def _climb(self, asked: Asked, patients: Sequence[Patient]) -> _Called:
        rungs = self.rungs if asked in WHOLE_LADDER else [one for one in self.rungs if one.name == asked]
        keys = [patient.story.key for patient in patients]
        clinic = Clinic(asked.value.partition(" ")[0], MANDATES[asked])
        with plan_round(self.run.settings, SilentReporter(), clinic, keys=keys, rungs=rungs) as planned:
            words = tuple(advice(outlook.patient) for outlook in planned.outlooks)
            outcome, book = carry_out(self.run, planned, self.witness), planned.ward.book
        return _Called(outcome, words, self._verdicts(keys, book))

    def _restore(self, patient: Patient) -> _Called:
        settings, key = self.run.settings, patient.story.key
        ending = next(iter(patient.story.copies))
        archive = catalogue(settings, SilentReporter(), use_cache=False)
        backup = choose(archive, f"{patient.story.session_id}.jsonl{ending}")
        with plan_restore(settings, SilentReporter(), backup, may_distil=False, key=key) as planned:
            outcome = restore_live(self.run, planned)
        return _Called(outcome, ((),), self._verdicts([key], None))

    def _verdicts(self, keys: Sequence[str], book: LogBook | None) -> list[Verdict | None]:
        """What each session is now, looked at anew; the logs were read already, and nobody writes them."""
        with Ward.open(self.run.settings, SilentReporter(), book) as ward:
            return [ward.look_at(*ward.find(key)).report.verdict for key in keys]

    def _undo(self, outcome: Outcome) -> bool | None:
        if not any(rung.ok for one in outcome.results for rung in one.rungs):
            return None
        settings = self.run.settings
        try:
            with open_for_reading(settings, SilentReporter()) as state:
                taken_back = undo(self.run, plan_undo(settings, outcome.operation_id), state=state)
        except ClawmedicError:
            return False
        return all(one.ok for one in taken_back.results)

    def _ids(self, patient: Patient) -> frozenset[str]:
        story = patient.story
        return ids_of(self.before.root, (story.session_id, *story.orphans))

    def _compared(self, treated: Sequence[Treated]) -> tuple[Treated, ...]:
        differs = Fingerprint.of(self.before.root).differs_from(self.before)
        return tuple(replace(one, differs=differs, files=len(self.before.files)) for one in treated)


def _treated(result: KeyResult, notices: Sequence[Notice], words: tuple[str, ...]) -> Treated:
    held = [rung for rung in result.rungs if rung.ok]
    about = [
        notice for notice in notices if result.key in notice.keys and notice.kind is not NoticeKind.RESCUED
    ]
    told = tuple(line for notice in about for line in notice.lines)
    helped = Helped(result.action)
    return Treated(
        helped=Helped.FAILED if helped.changes and not result.ok else helped,
        rungs=tuple(rung.rung for rung in held),
        proof=held[-1].proof if held else None,
        told=(*told, *([result.error] if result.error else [])),
        advice=words if helped in (Helped.TOLD, Helped.WAIT) else (),
        sessions=max((len(notice.keys) for notice in about), default=1),
    )
