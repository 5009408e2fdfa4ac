"""`unlock`: the lock of a process that is proven dead is taken away, and 4.15's row no longer claims to be running.

The gateway removes such locks itself when it starts, and 7.1 takes the interrupted turn up by the row's `running`
(openclaw-files.md, kill experiments): there the row stays. 4.15 resumes nothing and leaves the row as it is.
"""

from __future__ import annotations

from msgspec import Struct

from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Step
from clawmedic.model.session import Liveness
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.operations.work import Work
from clawmedic.recovery.offline import offline_plan
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.stores.editing_rows import JsonValue
from clawmedic.stores.locks import read_lock
from clawmedic.stores.processes import ProcessTable

_INTERRUPTED: dict[str, JsonValue] = {"status": "killed", "abortedLastRun": True}


class Unlock(Struct, frozen=True):
    """The rung."""

    name: str = "unlock"

    def applies(self, patient: Patient) -> Fit:
        """Offline, and the lock's owner is dead or 4.15's row says running."""
        lock = patient.session.lock
        if not patient.offline:
            return Fit(ok=False, reason="a running gateway clears the locks of dead owners itself")
        if lock is not None and lock.liveness is Liveness.DEAD:
            return Fit(ok=True, reason=f"the owner of {lock.path.name} is gone: {lock.why}")
        if _row_lies(patient):
            return Fit(ok=True, reason="the row says running, and nothing runs")
        return Fit(ok=False, reason="no lock of a dead owner")

    def plan(self, patient: Patient) -> Treatment:
        """Remove the lock; the row of 4.15 becomes `killed`."""
        session, lies, lock = patient.session, _row_lies(patient), patient.session.lock
        dead = lock is not None and lock.liveness is Liveness.DEAD
        row = expect_row(session.store, session.key)
        sentences = []
        writes = []
        if lock is not None and dead:
            sentences.append(f"remove {lock.path.name} ({lock.why})")
            writes.append(expect_file(lock.path))
        if lies:
            sentences.append("say in the row that the run was killed")
            writes.append(row)
        step = Step(self.name, " and ".join(sentences), reads=() if lies else (row,), writes=tuple(writes))
        plan = offline_plan(
            patient,
            step,
            locks=(session.store,) if lies else (),
        )
        return Treatment(plan, _Unlocking(patient, lies=lies, expected_row=row.sha256 or ""))


def _row_lies(patient: Patient) -> bool:
    lock = patient.session.lock
    held = lock is not None and lock.liveness is not Liveness.DEAD
    return patient.case.dialect == "4.15" and patient.session.status == "running" and not held


class _Unlocking(Struct, frozen=True):
    patient: Patient
    lies: bool
    expected_row: str

    def act(self, work: Work) -> None:
        session, lock = self.patient.session, self.patient.session.lock
        editor = work.editor()
        if lock is not None and lock.liveness is Liveness.DEAD:
            editor.remove_lock(lock.path)
        if self.lies:
            editor.edit_row(session, changed=_INTERRUPTED, expected_row=self.expected_row)

    def prove(self, work: Work) -> Proof:
        lock = self.patient.session.lock
        checks = []
        if lock is not None:
            table = ProcessTable(work.settings.world.proc)
            left = read_lock(lock.path, table, work.settings.now())
            checks.append(Check("lock", ok=left is None, detail=left.why if left else "removed"))
        if self.lies:
            row = expect_row(self.patient.session.store, self.patient.session.key)
            changed = row.sha256 != self.expected_row
            checks.append(Check("row", ok=changed, detail="no longer running" if changed else "as before"))
        return Proof(tuple(checks))
