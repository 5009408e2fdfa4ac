"""`undo`: the very bytes of everything an operation changed, put back by an operation of its own, which can be undone.

When the session has moved on, it refuses and says what has changed. With `force` it does the nearest safe thing: what
is there now is kept aside first, then the old content is put back; of a store that others share, the old row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.changes import PathHistory, histories, old_bytes
from clawmedic.disk.digest import digest_file
from clawmedic.disk.journal import Journal
from clawmedic.disk.records import Answered, Called, Changed, Expired
from clawmedic.errors import ClawmedicError, ExitCode, RefusedError, UnreadableError
from clawmedic.model.outcome import Check, KeyResult, OperationState, Outcome, Proof, RungResult
from clawmedic.model.plan import Access, Expected, Plan, Reversible, Step
from clawmedic.operations.execute import execute
from clawmedic.operations.expect import expect_file
from clawmedic.operations.history import find_operations, journals, state_of
from clawmedic.operations.ids import member_id, new_operation_id
from clawmedic.operations.rollback import Standing, reverse_calls, standing, with_old_row, words_of
from clawmedic.operations.run import Run
from clawmedic.operations.work import Work
from clawmedic.settings import Settings
from clawmedic.stores.editing_rows import StoreText
from clawmedic.stores.processes import ProcessTable
from clawmedic.stores.state import StateReader

COMMAND = "undo"


class Reversal(Struct, frozen=True):
    """An undo that is ready: its plan, and what it does to each path."""

    plan: Plan
    journal: Journal
    found: tuple[Standing, ...]
    force: bool = False


def plan_undo(settings: Settings, wanted: str, *, force: bool = False) -> tuple[Reversal, ...]:
    """What undoing an operation (or every member of a call) would do, newest first. Changes nothing.

    Raises:
        NotFoundError, AmbiguousError: no such operation.
        RefusedError: it was undone or rolled back already, nothing can be given back, or the session has moved on and
            `force` is not given.
    """
    chosen = find_operations(settings, wanted)
    known, table = journals(settings), ProcessTable(settings.world.proc)
    open_ones = [one for one in chosen if state_of(one, known, table) in _UNDOABLE or len(chosen) == 1]
    if not open_ones:
        raise RefusedError(
            f"nothing of {wanted} is left to undo", hint="`clawmedic history` shows where each stands"
        )
    group = new_operation_id(settings.now())
    planned: list[Reversal] = []
    for at, one in enumerate(open_ones, 1):
        _require_undoable(one, state_of(one, known, table), force=force)
        name = member_id(group, at) if len(open_ones) > 1 else group
        newer = frozenset(item.history.path for before in planned for item in before.found)
        planned.append(_plan(settings, one, name=name, force=force, newer=newer))
    return tuple(planned)


_UNDOABLE = (OperationState.DONE, OperationState.INTERRUPTED)


def undo(run: Run, reversals: Sequence[Reversal], *, state: StateReader) -> Outcome:
    """Carry out what `plan_undo` planned. Each member stands alone: a failure ends the rest.

    The members after the first are planned anew when it is their turn: they stand on what those before them put back.

    Raises:
        RefusedError: the first could not be begun (a gateway runs, something changed since the plan, no room).
        RollbackError: see `execute`.
    """
    results: list[KeyResult] = []
    for at, planned in enumerate(reversals):
        reversal = planned
        if at > 0:
            name = planned.plan.operation_id
            reversal = _plan(run.settings, planned.journal, name=name, force=planned.force, newer=frozenset())
        result = execute(run, reversal.plan, _PutBack(reversal, run), state=state)
        results += _results(reversal, result)
        if not result.ok:
            break
    return Outcome(reversals[0].plan.operation_id.partition(".")[0], tuple(results))


def rolled_back_just_now(run: Run, wanted: str) -> Outcome | None:
    """The outcome, when the operation meant was found in the middle by this very run and rolled back; else None.

    Raises:
        NotFoundError, AmbiguousError: no such operation.
    """
    meant = {one.begin.operation_id for one in find_operations(run.settings, wanted)}
    back = [one for one in run.recovered if one.ok and one.operation_id in meant]
    if not back or len(back) < len(meant):
        return None
    results = [
        KeyResult(key, COMMAND, ok=True, error="")
        for key in dict.fromkeys(key for one in back for key in one.keys or ("",))
    ]
    notes = tuple(f"{one.operation_id} was interrupted; {one.detail}" for one in back)
    return Outcome(back[0].operation_id, tuple(results), notes)


def _results(reversal: Reversal, result: RungResult) -> list[KeyResult]:
    return [
        KeyResult(
            key=key,
            action=COMMAND,
            ok=result.ok,
            rungs=(result,),
            backup=result.backup,
            proof=result.proof,
            reversible=result.reversible,
            error=result.error,
            exit_code=ExitCode.OK if result.ok else ExitCode.PROOF_FAILED,
        )
        for key in reversal.plan.keys or ("",)
    ]


def _plan(
    settings: Settings, journal: Journal, *, name: str, force: bool, newer: frozenset[Path]
) -> Reversal:
    """The undo of one operation; `newer` are paths that will be put back before it."""
    begin = journal.begin
    found = tuple(standing(history) for history in histories(journal.of(Changed)))
    moved = [words_of(one.history) for one in found if not _is_as_left(one) and one.history.path not in newer]
    if moved and not force:
        raise RefusedError(
            f"{begin.operation_id}: the session has moved on ({'; '.join(moved)} changed since)",
            hint="--force keeps what is there now aside and puts the old content back",
        )
    todo = tuple(one for one in found if not one.undone)
    transcripts = tuple(
        one.history.path for one in todo if one.present and one.history.path.suffix == ".jsonl"
    )
    plan = Plan(
        operation_id=name,
        command=COMMAND,
        keys=begin.keys,
        state_dir=settings.state_dir,
        steps=tuple(_step(one) for one in todo) or (_asking(begin.operation_id),),
        access=Access.OFFLINE if todo else Access.GATEWAY,
        backups=tuple(
            path for path in transcripts if any(one.history.path == path and not one.ours for one in todo)
        ),
        locks=transcripts,
        planned_at=settings.now(),
        undoes=begin.operation_id,
        notes=tuple(f"{words} changed since; what is there now is kept aside" for words in moved),
    )
    return Reversal(plan, journal, todo, force=force)


def _asking(name: str) -> Step:
    return Step(COMMAND, f"ask the gateway to put back what {name} asked for", reversible=Reversible.NO)


def _require_undoable(journal: Journal, state: OperationState, *, force: bool) -> None:
    name = journal.begin.operation_id
    if state in {OperationState.UNDONE, OperationState.ROLLED_BACK}:
        raise RefusedError(
            f"{name} is {state.value} already", hint="`clawmedic history` shows where each stands"
        )
    if state is OperationState.RUNNING:
        raise RefusedError(f"{name} is being done right now", hint="wait until it has ended")
    if state is OperationState.INTERRUPTED and not force:
        raise RefusedError(
            f"{name} was interrupted and could not be rolled back",
            hint="look at it; --force puts the old content back",
        )
    if journal.of(Expired):
        raise RefusedError(
            f"the copies of {name} were given up by retention", hint="see `clawmedic backups list`"
        )
    if journal.begin.reversible == Reversible.NO or not _did_anything(journal):
        raise RefusedError(
            f"nothing of {name} can be given back", hint="its backup is shown by `clawmedic history`"
        )


def _did_anything(journal: Journal) -> bool:
    """Whether there is anything that can be put back: files, or a call with a reverse."""
    reverses = [one.reverse for one in journal.of(Called)] + [one.reverse for one in journal.of(Answered)]
    return bool(journal.of(Changed)) or any(reverses)


def _is_as_left(one: Standing) -> bool:
    """Whether a path (or its row) is what the operation left there."""
    sha256 = one.present.sha256 if one.present else None
    return sha256 == one.history.after or one.row or one.undone


def _step(one: Standing) -> Step:
    path, present = one.history.path, expect_file(one.history.path)
    if one.history.before is None:
        sentence = f"take away {path.name}, which was not there before"
    elif one.ours or one.history.row_key is None:
        sentence = f"put back {path.name} as it was ({one.history.before.size_bytes} bytes)"
    else:
        sentence = (
            f"put back the row {one.history.row_key} of {path.name}; other rows have changed since and stay"
        )
    size = max(present.size_bytes, one.history.before.size_bytes if one.history.before else 0)
    return Step(COMMAND, sentence, writes=(Expected(path, present.sha256, size),))


class _PutBack(Struct, frozen=True):
    """The action of an undo."""

    reversal: Reversal
    run: Run

    def act(self, work: Work) -> None:
        """Calls first, then files; lock files when our own locks are released."""
        reverse_calls(self.reversal.journal, self.run.reverse_call, wanted=True)
        for one in self.reversal.found:
            if one.history.path.suffix == ".lock":
                work.after_locks.append(lambda one=one: self._put(work, one))  # type: ignore[misc]
            else:
                self._put(work, one)

    def prove(self, work: Work) -> Proof:
        """Every path has its old digest, or its old row."""
        del work
        return Proof(
            tuple(_check(self.reversal.journal, one.history) for one in self.reversal.found) or (_ASKED,)
        )

    def _put(self, work: Work, one: Standing) -> None:
        history, journal, present = one.history, self.reversal.journal, one.present
        before = history.before
        if before is None:
            if present is not None:
                work.changes.remove(history.path, expected=present.sha256)
            return
        if present is None:
            work.changes.create(history.path, old_bytes(journal.folder, history), like=before, keep_time=True)
        elif one.ours or history.row_key is None or not _is_store(history.path):
            data = old_bytes(journal.folder, history)
            work.changes.replace(history.path, data, expected=present.sha256, like=before)
        else:
            self._put_row(work, one, history.row_key)

    def _put_row(self, work: Work, one: Standing, key: str) -> None:
        present = one.present
        old = StoreText.of(old_bytes(self.reversal.journal.folder, one.history)).digest(key)
        now = StoreText.of(one.history.path.read_bytes()).digest(key)
        if present is None or old is None or now is None:
            raise RefusedError(
                f"the row {key} has gone from {one.history.path.name}", hint="nothing was changed"
            )
        data = with_old_row(self.reversal.journal, one.history)
        work.changes.replace(
            one.history.path, data, expected=present.sha256, row_key=key, row_digests=(now, old)
        )


_ASKED = Check("calls", ok=True, detail="the gateway was asked to put it back")


def _is_store(path: Path) -> bool:
    """Whether the present file is a store that can be edited by rows; a damaged one is put back whole."""
    try:
        StoreText.of(path.read_bytes())
    except (OSError, UnreadableError):
        return False
    return True


def _check(journal: Journal, history: PathHistory) -> Check:
    wanted = history.before_sha256
    try:
        found = digest_file(history.path).sha256
    except FileNotFoundError:
        found = None
    except OSError as error:
        return Check(history.path.name, ok=False, detail=str(error.strerror))
    if found == wanted:
        return Check(history.path.name, ok=True, detail="as it was, byte for byte")
    if history.row_key is not None and wanted is not None:
        try:
            old = StoreText.of(old_bytes(journal.folder, history)).digest(history.row_key)
            same = StoreText.of(history.path.read_bytes()).digest(history.row_key) == old
        except (ClawmedicError, OSError):
            same = False
        return Check(history.path.name, ok=same, detail="its row is as it was" if same else "the row differs")
    return Check(history.path.name, ok=False, detail="differs from what was there before")
