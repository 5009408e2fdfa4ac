"""The journal as people ask for it: which operations there were, where each stands, and which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clawmedic.disk.journal import Journal, read_journals
from clawmedic.disk.places import state_folder
from clawmedic.disk.records import BackedUp, Expired, Hindered
from clawmedic.errors import AmbiguousError, NotFoundError
from clawmedic.model.outcome import OperationState, OperationSummary
from clawmedic.model.plan import Reversible
from clawmedic.model.session import Liveness
from clawmedic.settings import Settings
from clawmedic.stores.processes import ProcessTable

_SHOWN = 5


def own_folder(settings: Settings) -> Path:
    """The folder of this state directory below clawmedic's own data."""
    return state_folder(settings.world, settings.state_dir)


def journals(settings: Settings) -> tuple[Journal, ...]:
    """Every operation on this state directory, oldest first. Damage is passed over; nothing is changed."""
    return tuple(read_journals(own_folder(settings)))


def list_operations(settings: Settings) -> tuple[OperationSummary, ...]:
    """Every operation on this state directory, newest first: what `history` shows. Takes no lock."""
    found = journals(settings)
    table = ProcessTable(settings.world.proc)
    return tuple(summary(journal, found, table) for journal in reversed(found))


def summary(journal: Journal, all_of_them: Sequence[Journal], table: ProcessTable) -> OperationSummary:
    """One operation's line."""
    begin = journal.begin
    state = state_of(journal, all_of_them, table)
    reversible = Reversible(begin.reversible) if begin.reversible in set(Reversible) else Reversible.NO
    given_up = bool(journal.of(Expired)) or state in {OperationState.UNDONE, OperationState.ROLLED_BACK}
    hindered = journal.of(Hindered)
    ended = journal.ended
    return OperationSummary(
        operation_id=begin.operation_id,
        at=begin.at,
        command=begin.command,
        keys=begin.keys,
        state=state,
        reversible=Reversible.NO if given_up else reversible,
        rungs=begin.rungs,
        backups=tuple(record.path for record in journal.of(BackedUp)),
        undoes=begin.undoes,
        detail=ended.detail if ended else hindered[-1].detail if hindered else "",
    )


def state_of(
    journal: Journal,
    all_of_them: Sequence[Journal],
    table: ProcessTable,
    *,
    seen: frozenset[str] = frozenset(),
) -> OperationState:
    """Where an operation stands. It is undone while an undo of it is done and has not been undone itself.

    `seen` are operations that are being asked about already: a journal edited by hand may name itself.
    """
    name, seen = journal.begin.operation_id, seen | {journal.begin.operation_id}
    undoing = [one for one in all_of_them if one.begin.undoes == name and one.begin.operation_id not in seen]
    if any(state_of(one, all_of_them, table, seen=seen) is OperationState.DONE for one in undoing):
        return OperationState.UNDONE
    if journal.ended is None:
        alive, _ = table.judge(journal.begin.pid, journal.begin.start_ticks)
        running = alive is Liveness.ALIVE and not journal.of(Hindered)
        return OperationState.RUNNING if running else OperationState.INTERRUPTED
    return OperationState.DONE if journal.ended.state == OperationState.DONE else OperationState.ROLLED_BACK


def find_operations(settings: Settings, wanted: str) -> tuple[Journal, ...]:
    """The operations meant, newest first: an operation's name, the first part of several, or an unambiguous part.

    Raises:
        NotFoundError, AmbiguousError: none, or several that do not belong together.
    """
    known = journals(settings)
    exact = [one for one in known if one.begin.operation_id == wanted]
    fits = exact or [one for one in known if wanted.strip() and wanted.strip() in one.begin.operation_id]
    groups = {one.begin.operation_id.partition(".")[0] for one in fits}
    if not fits:
        raise NotFoundError(f"no such operation: {wanted}", hint="`clawmedic history` lists all")
    if len(groups) > 1:
        raise AmbiguousError(
            f"{wanted!r} fits {len(fits)} operations: {', '.join(one.begin.operation_id for one in fits[:_SHOWN])}",
            hint="give more of it",
        )
    return tuple(reversed(fits))
