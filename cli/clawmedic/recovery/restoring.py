"""`backups restore --live`: a copy becomes a conversation that answers again, in either generation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from clawmedic.backups.reading import CopyReader
from clawmedic.backups.restoring import restore_lines
from clawmedic.errors import ExitCode, NotFoundError
from clawmedic.model.backup import Backup
from clawmedic.model.outcome import KeyResult, Outcome
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Generation
from clawmedic.operations.execute import execute
from clawmedic.operations.ids import new_operation_id
from clawmedic.operations.run import Run
from clawmedic.recovery.admission import Clinic, admit
from clawmedic.recovery.line import Line
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.restoring_branches import restore_through_gateway
from clawmedic.recovery.restoring_files import NAME, restore_in_files
from clawmedic.recovery.rung import Patient, Treatment
from clawmedic.recovery.ward import Ward
from clawmedic.settings import Settings


class LiveRestore(Struct, frozen=True):
    """A restore that is ready."""

    patient: Patient
    treatment: Treatment


@contextmanager
def plan_restore(
    settings: Settings,
    reporter: Reporter,
    backup: Backup,
    *,
    may_distil: bool,
    key: str | None = None,
    line: Line | None = None,
    gateway_stopped: bool = False,
) -> Iterator[LiveRestore]:
    """Look, and plan. Changes nothing; the state directory stays open meanwhile.

    Args:
        settings: where.
        reporter: is told how far the work has come.
        backup: the copy.
        may_distil: shorten it where it would be dead at once.
        key: whose conversation it becomes; None takes the copy's own key.
        line: the way to the gateway, which alone can do it in a database.
        gateway_stopped: the operator vouches that no gateway runs.

    Raises:
        NotFoundError: nobody knows whose copy it is, or the key has no row.
        RefusedError: it is live already, would be dead at once, holds nothing, or nothing may be changed now.
        BusyError: a living process holds a lock.
    """
    wanted = key or backup.key
    if wanted is None:
        raise NotFoundError(f"nobody knows whose conversation {backup.id} is", hint="say it with --key KEY")
    with Ward.open(settings, reporter) as ward:
        store, session = ward.find(wanted)
        clinic = Clinic(NAME, Mandate(ordered=True), line, gateway_stopped)
        member = new_operation_id(settings.now())
        patient = admit(clinic, ward, ward.look_at(store, session), member=member)
        with CopyReader(settings.world, settings.state_dir) as reader:
            restored = restore_lines(reader, backup)
        files = session.generation is Generation.FILES
        restore = restore_in_files if files else restore_through_gateway
        yield LiveRestore(patient, restore(patient, backup, restored, may_distil=may_distil))


def restore_live(run: Run, planned: LiveRestore) -> Outcome:
    """Carry out what `plan_restore` planned.

    Raises:
        RefusedError, BusyError, RollbackError: as `execute`.
    """
    result = execute(run, planned.treatment.plan, planned.treatment.action, state=planned.patient.state)
    one = KeyResult(
        key=planned.patient.session.key,
        action=NAME,
        ok=result.ok,
        rungs=(result,),
        backup=result.backup,
        proof=result.proof,
        reversible=result.reversible,
        error=result.error,
        exit_code=ExitCode.OK if result.ok else ExitCode.PROOF_FAILED,
    )
    return Outcome(planned.patient.member, (one,))
