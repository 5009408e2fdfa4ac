"""Doing what a prune plan says: each file is put aside, and a line says where it is now."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct, field

from clawmedic.backups.keys import id_in_name
from clawmedic.backups.retention import Prune, PrunePlan
from clawmedic.disk.files import free_bytes, lstat
from clawmedic.disk.journal import append, begin_journal
from clawmedic.disk.places import state_folder
from clawmedic.disk.quarantine import Aside, open_quarantine, put_aside
from clawmedic.disk.records import Begin, Ended
from clawmedic.errors import RefusedError
from clawmedic.model.backup import Backup
from clawmedic.model.session import Liveness
from clawmedic.operations.ids import new_operation_id
from clawmedic.settings import Settings
from clawmedic.stores.locks import lock_beside
from clawmedic.stores.processes import ProcessTable

_SPARE_BYTES = 64 * 1024 * 1024


class Pruned(Struct):
    """What was done. `refused` are copies that changed or are in use by now, with the reason."""

    folder: Path | None = None
    done: list[tuple[Prune, Aside]] = field(default_factory=list)
    refused: list[tuple[Prune, str]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """The bytes that were put aside."""
        return sum(aside.size_bytes for _, aside in self.done)


def carry_out(settings: Settings, plan: PrunePlan) -> Pruned:
    """Put the plan's copies into a new quarantine folder of clawmedic's own data home.

    Raises:
        RefusedError: the folder cannot be made, or there is no room for what must be copied.
    """
    result = Pruned()
    if not plan.prunes:
        return result
    own = state_folder(settings.world, settings.state_dir)
    name = new_operation_id(plan.now)
    result.folder = open_quarantine(own / "quarantine" / name)
    _require_room(result.folder, plan)
    journal = begin_journal(own, _intent(settings, plan, name))
    _put_all_aside(settings, plan, result, result.folder)
    words = f"{len(result.done)} files put into {result.folder}; {len(result.refused)} left alone"
    append(journal.folder, Ended("done", settings.now(), words))
    return result


def _intent(settings: Settings, plan: PrunePlan, name: str) -> Begin:
    """The journal's first line. Nothing is reversed by itself: the manifest says where each file belongs."""
    pid = os.getpid()
    return Begin(
        operation_id=name,
        at=plan.now,
        command="backups prune",
        keys=tuple(dict.fromkeys(prune.backup.key for prune in plan.prunes if prune.backup.key)),
        state_dir=str(settings.state_dir),
        rungs=("prune",),
        reversible="no",
        undoes="",
        pid=pid,
        start_ticks=ProcessTable(settings.world.proc).start_ticks(pid),
    )


def _put_all_aside(settings: Settings, plan: PrunePlan, result: Pruned, folder: Path) -> None:
    table = ProcessTable(settings.world.proc)
    for prune in plan.prunes:
        words = _in_use(prune.backup, table, settings.now())
        if words:
            result.refused.append((prune, words))
            continue
        try:
            aside = put_aside(prune.backup.path, folder, expected=prune.stamp)
        except RefusedError as error:
            result.refused.append((prune, error.message))
        else:
            result.done.append((prune, aside))


def _require_room(folder: Path, plan: PrunePlan) -> None:
    """On another file system than the copies', their bytes must fit."""
    here = lstat(folder)
    sizes = [(lstat(prune.backup.path), prune.backup.size_bytes) for prune in plan.prunes]
    needed = sum(size for seen, size in sizes if seen and here and seen.st_dev != here.st_dev)
    room = free_bytes(folder)
    if needed and room is not None and room < needed + _SPARE_BYTES:
        raise RefusedError(
            f"no room in {folder} for {needed} bytes", hint="set XDG_STATE_HOME to a larger place"
        )


def _in_use(backup: Backup, table: ProcessTable, now: int) -> str:
    """Why a copy is left alone now: it is gone, or a gateway holds the lock of it or of its session's transcript."""
    path = backup.path
    seen = lstat(path)
    if seen is None:
        return "it is gone"
    if not stat.S_ISREG(seen.st_mode):
        return "it is no regular file any more"
    stems = (path.name.partition(".jsonl")[0], id_in_name(path.name), backup.session_id)
    transcripts = [
        path.with_name(f"{stem}.jsonl") for stem in dict.fromkeys(stems) if stem and "/" not in stem
    ]
    for locked in (path, *transcripts):
        lock = lock_beside(locked, table, now)
        if lock is not None and lock.liveness is not Liveness.DEAD:
            return f"{locked.name} is locked ({lock.why})"
    return ""
