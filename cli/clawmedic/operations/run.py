"""A mutating run: clawmedic's own lock, and what an earlier run left in the middle put right first.

Inside `with mutating_run(settings) as run:` the state directory is opened for reading, so that the plan is about what
is there now; then the plan is made, agreed to, and given to `execute(run, plan, action, state=state)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from clawmedic.configuration.load import load_configuration
from clawmedic.disk.changes import Changes
from clawmedic.disk.journal import Journal, append
from clawmedic.disk.locks import state_lock
from clawmedic.disk.records import Called, Changed, Ended, Hindered
from clawmedic.errors import ClawmedicError, RefusedError
from clawmedic.model.outcome import OperationState
from clawmedic.model.plan import Access
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.backup import discard_backups
from clawmedic.operations.history import journals, own_folder, state_of
from clawmedic.operations.retention import keep_of, tidy
from clawmedic.operations.rollback import (
    ReverseCall,
    clear_leftovers,
    paths_of,
    reverse_calls,
    roll_back,
    standing_words,
)
from clawmedic.settings import Settings
from clawmedic.stores.editing_gate import prove_nobody_owns
from clawmedic.stores.editor import open_for_repair
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.processes import ProcessTable


class Recovered(Struct, frozen=True):
    """What became of an operation that an earlier run left in the middle.

    `ok`: it was rolled back, everything is as before it. Otherwise `detail` says what stands in the way, and its
    `keys` and `paths` are not touched until a person has looked (`undo ID --force`).
    """

    operation_id: str
    command: str
    keys: tuple[str, ...]
    ok: bool
    detail: str
    paths: tuple[Path, ...] = ()


class Run(Struct, frozen=True):
    """The right to change a state directory: clawmedic's own lock is held. Made by `mutating_run` alone.

    Attributes:
        gateway_stopped: the operator vouches that no gateway uses the directory.
        reverse_call: how a gateway's change is put back, None where no gateway is reachable.
        recovered: what earlier runs had left, worth telling.
    """

    settings: Settings
    gateway_stopped: bool = False
    reverse_call: ReverseCall | None = None
    recovered: tuple[Recovered, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of this state directory below clawmedic's own data."""
        return own_folder(self.settings)


@contextmanager
def mutating_run(
    settings: Settings, *, gateway_stopped: bool = False, reverse_call: ReverseCall | None = None
) -> Iterator[Run]:
    """Hold clawmedic's lock for this state directory, and first roll back what an earlier run left in the middle.

    When the block ends well, what operations left behind is brought within its bounds (`retention.tidy`).

    Raises:
        BusyError: another clawmedic changes this state directory.
        RefusedError: clawmedic's own folder cannot be written.
    """
    with state_lock(own_folder(settings)):
        run = Run(settings, gateway_stopped, reverse_call)
        yield Run(settings, gateway_stopped, reverse_call, recover_interrupted(run))
        with suppress(ClawmedicError):  # what was done stands; the bounds can wait for the next run
            tidy(settings, keep_of(load_configuration(settings).backups))


def recover_interrupted(run: Run) -> tuple[Recovered, ...]:
    """Roll back every operation that never ended. Files are changed only when nobody owns the state directory.

    An operation of which something was changed by somebody else meanwhile is left as it is, and reported.
    """
    known = journals(run.settings)
    table = ProcessTable(run.settings.world.proc)
    open_ones = [one for one in reversed(known) if one.ended is None]
    waiting = [one for one in open_ones if state_of(one, known, table) is not OperationState.UNDONE]
    return tuple(_recover(run, journal) for journal in waiting)


def _recover(run: Run, journal: Journal) -> Recovered:
    begin, now = journal.begin, run.settings.now()
    try:
        clear_leftovers(journal)
        stands = reverse_calls(journal, run.reverse_call)
        if journal.of(Changed):
            with _right_to_change(run, journal):
                roll_back(journal, journal.of(Changed))
        discard_backups(journal)
        detail = (
            "found interrupted; everything is as before it"
            if _did_anything(journal)
            else "nothing had been done"
        )
        detail += standing_words(stands)
        append(journal.folder, Ended(OperationState.ROLLED_BACK, now, detail))
    except ClawmedicError as error:
        _note(journal, now, error.message)
        left = paths_of(journal)
        return Recovered(
            begin.operation_id, begin.command, begin.keys, ok=False, detail=error.message, paths=left
        )
    return Recovered(begin.operation_id, begin.command, begin.keys, ok=True, detail=detail)


def _did_anything(journal: Journal) -> bool:
    return bool(journal.of(Changed) or journal.of(Called))


@contextmanager
def _right_to_change(run: Run, journal: Journal) -> Iterator[None]:
    """As the plan reached the store: under OpenClaw's own locks, or after proving that nobody owns it.

    Raises:
        RefusedError, BusyError: not now.
    """
    with open_for_reading(run.settings, SilentReporter()) as state:
        if journal.begin.access != Access.UNDER_LOCKS:
            prove_nobody_owns(state, run.settings.world, gateway_stopped=run.gateway_stopped)
            yield
            return
        with open_for_repair(run.settings, state, Changes(journal)).locks() as held:
            for path in journal.begin.locks:
                held.take(Path(path))
            yield


def _note(journal: Journal, now: int, detail: str) -> None:
    told = journal.of(Hindered)
    if not told or told[-1].detail != detail:
        append(journal.folder, Hindered(now, detail))


def require_untangled(run: Run, keys: tuple[str, ...], paths: tuple[Path, ...]) -> None:
    """Refuse to build on an operation that was left in the middle and could not be put back.

    Raises:
        RefusedError: it is about one of these keys or files.
    """
    for left in run.recovered:
        if not left.ok and (set(left.keys) & set(keys) or set(left.paths) & set(paths)):
            raise RefusedError(
                f"operation {left.operation_id} was left in the middle and cannot be put back: {left.detail}",
                hint=f"`clawmedic undo {left.operation_id} --force` keeps the present content and puts the old back",
            )
