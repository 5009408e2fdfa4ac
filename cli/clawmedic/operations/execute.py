"""A plan is carried out as a transaction: verified backup, act, proof, then commit or roll back; all in the journal.

Nothing is touched before everything that can be refused has been: what the plan saw is looked at again, the owner
gate, room on the disks, owners that can be kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from clawmedic.disk.changes import Changes
from clawmedic.disk.journal import append, begin_journal, read_journal
from clawmedic.disk.records import Begin, Ended, Hindered
from clawmedic.disk.replace import file_state, require_owner_keepable
from clawmedic.disk.room import require_room
from clawmedic.errors import ClawmedicError, ProofFailedError, RollbackError
from clawmedic.model.outcome import Check, OperationState, Proof, RungResult
from clawmedic.model.plan import Access, Plan, Reversible
from clawmedic.operations.backup import back_up, discard_backups
from clawmedic.operations.expect import require_expected
from clawmedic.operations.rollback import reverse_calls, roll_back, standing_words
from clawmedic.operations.run import Run, require_untangled
from clawmedic.operations.work import Action, Work
from clawmedic.stores.editing_gate import prove_nobody_owns
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.state import StateReader


def execute(run: Run, plan: Plan, action: Action, *, state: StateReader) -> RungResult:
    """Carry out a plan.

    Returns:
        `DONE` with its proof, or `ROLLED_BACK` when the proof did not hold: everything is then as before.

    Raises:
        RefusedError: something changed since the plan, somebody owns the state directory, no room, no permission;
            or the action itself refused, and was rolled back.
        BusyError: OpenClaw holds a lock that is needed.
        RollbackError: it could not be rolled back, because something else changed the files meanwhile.
        ClawmedicError: what else the action raised; it was rolled back.
    """
    preflight(run, plan, state)
    work = _begin(run, plan, state)
    try:
        _back_up(work)
        with _locks(work):
            require_expected(plan, locked=True)
            action.act(work)
        for later in work.after_locks:
            later()
        proof = _proven(action, work)
    except BaseException as error:
        _abandon(run, work, error.message if isinstance(error, ClawmedicError) else type(error).__name__)
        raise
    if proof.ok:
        append(work.journal.folder, Ended(OperationState.DONE, run.settings.now()))
    else:
        _abandon(run, work, proof.failure)
    return _result(work, proof)


def preflight(run: Run, plan: Plan, state: StateReader) -> None:
    """Everything that can be refused before anything is touched.

    Raises:
        RefusedError, BusyError: as `execute`.
    """
    paths = tuple(item.path for step in plan.steps for item in step.writes)
    if not plan.undoes:
        require_untangled(run, plan.keys, paths)
    require_expected(plan)
    if plan.access is Access.OFFLINE:
        prove_nobody_owns(state, run.settings.world, gateway_stopped=run.gateway_stopped)
    sizes = {item.path: item.size_bytes for step in plan.steps for item in step.writes}
    for path in plan.backups:
        found = file_state(path)
        sizes[path] = found.size_bytes if found else 0
    total = sum(sizes.values()) + plan.new_bytes
    for directory in {path.parent for path in sizes}:
        require_room(directory, 2 * total)
    require_room(run.folder, total)
    for path in sizes:
        found = file_state(path)
        if found is not None:
            require_owner_keepable(path, found)


def _begin(run: Run, plan: Plan, state: StateReader) -> Work:
    pid = os.getpid()
    begin = Begin(
        operation_id=plan.operation_id,
        at=run.settings.now(),
        command=plan.command,
        keys=plan.keys,
        state_dir=str(plan.state_dir),
        rungs=tuple(dict.fromkeys(step.rung for step in plan.steps)),
        reversible=plan.reversible,
        undoes=plan.undoes,
        pid=pid,
        start_ticks=ProcessTable(run.settings.world.proc).start_ticks(pid),
        access=plan.access,
        locks=tuple(map(str, plan.locks)),
    )
    journal = begin_journal(run.folder, begin)
    return Work(plan, run.settings, state, journal, Changes(journal))


def _back_up(work: Work) -> None:
    for transcript in work.plan.backups:
        work.backups.append(back_up(work.journal, transcript, now=work.settings.now()))
    for step in work.plan.steps:
        for item in step.writes:
            work.changes.prepare(item.path)


@contextmanager
def _locks(work: Work) -> Iterator[None]:
    """OpenClaw's locks as the plan names them; each change first makes sure that they are still held."""
    if not work.plan.locks:
        yield
        return
    with work.editor().locks() as held:
        try:
            for path in work.plan.locks:
                held.take(path)
            yield
        finally:
            work.changes.require_held = lambda: None


def _proven(action: Action, work: Work) -> Proof:
    try:
        return action.prove(work)
    except ProofFailedError as error:
        return Proof((Check("proof", ok=False, detail=error.message),))


def _abandon(run: Run, work: Work, why: str) -> None:
    """Put everything back and say so in the journal.

    Raises:
        RollbackError: it cannot be put back by itself; the journal says why, and the next run tries again.
    """
    files = [change for change in work.changes.done if change.path.suffix != ".lock"]
    lock_files = [change for change in work.changes.done if change.path.suffix == ".lock"]
    journal = read_journal(work.journal.folder) or work.journal
    try:
        stands = reverse_calls(journal, run.reverse_call)
        with _locks(work) if files else nullcontext():
            roll_back(journal, files)
        roll_back(journal, lock_files)
        discard_backups(journal)
        work.backups.clear()
        append(
            journal.folder,
            Ended(OperationState.ROLLED_BACK, run.settings.now(), why + standing_words(stands)),
        )
    except ClawmedicError as error:
        append(journal.folder, Hindered(run.settings.now(), error.message))
        raise RollbackError(
            f"operation {journal.begin.operation_id} failed ({why}) and could not be rolled back: {error.message}",
            hint=error.hint or "the next run tries again; `clawmedic history` shows it",
        ) from error


def _result(work: Work, proof: Proof) -> RungResult:
    plan = work.plan
    return RungResult(
        rung=plan.steps[-1].rung if plan.steps else plan.command,
        ok=proof.ok,
        operation_id=plan.operation_id,
        state=OperationState.DONE if proof.ok else OperationState.ROLLED_BACK,
        proof=proof,
        reversible=plan.reversible if proof.ok else Reversible.NO,
        backup=work.backups[0].path if work.backups else None,
        error=proof.failure,
        notes=plan.notes,
    )
